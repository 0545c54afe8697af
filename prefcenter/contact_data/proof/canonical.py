"""One spelling for one record, so that it can be hashed and signed. It knows nothing of what the record says."""

import json
from collections.abc import Iterator
from hashlib import sha256
from itertools import zip_longest
from typing import Any

from .errors import NoProof

Facts = dict[str, Any]

CHECKSUMS = "checksums"


def spell(value: Any) -> bytes:
    """RFC 8785: keys sorted, no blanks, UTF-8, and escaped only what JSON demands.

    It is that RFC as long as there are no fractions, no numbers beyond 2**53 and no keys beyond ASCII. A record has
    none.
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode("utf-8", "surrogatepass")


def parse(raw: bytes) -> Any:
    """JSON in which no name is given twice: of two, another program might show the other. Raises NoProof."""
    try:
        return json.loads(raw, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise NoProof from None


def fingerprint(record: Facts) -> str:
    """SHA-256, 64 digits: what is printed on the paper and compared."""
    return _sum(record)


def with_checksums(sections: Facts) -> Facts:
    """One sum for each section and for each entry of a list: where a signature does not hold they say where."""
    return sections | {CHECKSUMS: _sums(sections)}


def changed(record: Facts) -> list[str]:
    """The sections and entries that do not fit their sums. Whoever changed the sums too is not found here."""
    sections = {name: value for name, value in record.items() if name != CHECKSUMS}
    known, found = record.get(CHECKSUMS), _sums(sections)
    if not isinstance(known, dict):
        return [CHECKSUMS]
    names = sorted({*known, *found})
    return [where for name in names for where in _differences(name, known.get(name), found.get(name))]


def _differences(name: str, known: Any, found: Any) -> Iterator[str]:
    if known == found:
        return
    if isinstance(known, list) and isinstance(found, list):
        pairs = enumerate(zip_longest(known, found), start=1)
        yield from (f"{name}, entry {number}" for number, (one, other) in pairs if one != other)
    else:
        yield name


def _sums(sections: Facts) -> Facts:
    return {
        name: [_sum(one) for one in value] if isinstance(value, list) else _sum(value)
        for name, value in sections.items()
    }


def _sum(value: Any) -> str:
    return sha256(spell(value)).hexdigest()


def _once(pairs: list[tuple[str, Any]]) -> Facts:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NoProof
    return found
