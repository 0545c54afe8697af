"""The canonical bytes of a record (RFC 8785), and the checksums within it that locate a change."""

import json
from collections.abc import Iterator
from hashlib import sha256
from itertools import zip_longest
from typing import Any

from .errors import NoProof

#: A record or a part of one, ready for JSON.
Facts = dict[str, Any]

#: The key of a record that holds, by section, the SHA-256 of it or a list of those of its entries; see with_checksums.
CHECKSUMS = "checksums"


def spell(value: Any) -> bytes:
    """The value as RFC 8785 writes it: keys sorted, no spaces, UTF-8, escaped only where JSON requires it.

    Only for values without fractions, numbers beyond 2**53 and non-ASCII keys, as every record is.
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode("utf-8", "surrogatepass")


def parse(raw: bytes) -> Any:
    """The JSON in `raw`. Raises NoProof for what is not JSON, and for an object that has a key twice, since another
    program might show the other one."""
    try:
        return json.loads(raw, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise NoProof from None


def fingerprint(record: Facts) -> str:
    """The SHA-256 of the record, 64 hexadecimal digits, as it is printed and compared."""
    return _sum(record)


def with_checksums(sections: Facts) -> Facts:
    """The sections and their CHECKSUMS: a SHA-256 for each section, or for each entry of one that is a list."""
    return sections | {CHECKSUMS: _sums(sections)}


def changed(record: Facts) -> list[str]:
    """The names of the sections and entries that do not match their checksums; [CHECKSUMS] if there are none. Finds
    nothing where the checksums were changed as well: only the signature tells that."""
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
