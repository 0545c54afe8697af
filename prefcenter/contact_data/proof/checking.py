"""Checks a proof against its signature, and its record against the ledger of today (`manage.py verify_proof`)."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from . import canonical, events, signing
from . import seals as sealed
from .canonical import Facts
from .errors import NoProof
from .record import VERSION
from .seals import SealState
from .signing import Signature


class Checked(NamedTuple):
    """What `check` found.

    record:     as it stands in the file
    findings:   sentences in English; none for an unchanged proof of this site
    is_retired: whether it was signed with a key of SECRET_KEY_FALLBACKS
    """

    record: Facts
    findings: list[str]
    is_retired: bool = False


def check(raw: bytes) -> Checked:
    """Checks the file's bytes against their signature, and the signature against this site's keys. Raises NoProof for
    what is not a proof."""
    record, signature = _opened(canonical.parse(raw))
    if signature is None or not signing.holds(signature, canonical.spell(record)):
        return Checked(record, _where(record))
    if not signing.is_ours(signature.public_key):
        return Checked(
            record, ["It was signed with an unknown key, or with the key of a SECRET_KEY that is no longer listed."]
        )
    if record["made"]["version"] != VERSION:
        return Checked(record, ["It has a version that this software doesn’t know."])
    return Checked(record, [], signing.is_retired(signature.public_key))


def against_ledger(record: Facts) -> Iterator[str]:
    """Yields a sentence for each event and seal that differs in the ledger of today. `record`: of a `check` without
    findings. Raises Unreadable."""
    now = {one["id"]: one for one in events.of(record["contact"]["id"])}
    for line in record["lines"]:
        yield from _compared(line, now.get(line["id"]))
    seals = sealed.links(one["number"] for one in record["seals"])
    hashes = {one["number"]: bytes(one["hash"]).hex() for one in seals}
    for seal in record["seals"]:
        if hashes.get(seal["number"]) != seal["hash"]:
            yield f"Seal {seal['number']} is missing or has been replaced."


def _opened(document: Any) -> tuple[Facts, Signature | None]:
    """The record and the signature of a file; no signature if the file has further keys, which would look signed."""
    if not isinstance(document, dict) or not isinstance(document.get("record"), dict):
        raise NoProof
    is_whole = document.keys() == {"record", "signature"}
    return document["record"], signing.read(document["signature"]) if is_whole else None


def _where(record: Facts) -> list[str]:
    places = canonical.changed(record)
    if not places:
        return ["This is not what was signed. It can’t be determined where it was changed."]
    return ["This is not what was signed.", *(f"Changed: {one}." for one in places)]


def _compared(then: Facts, now: Facts | None) -> Iterator[str]:
    number = then["id"]
    if now is None:
        yield f"Event {number} is no longer in the ledger of this contact."
    elif (now["event"], now["hash"]) != (then["event"], then["hash"]):
        yield f"Event {number} no longer says the same."
    elif now["standing"] in {SealState.TOUCHED, SealState.MISSED} and now["standing"] != then["standing"]:
        yield f"Event {number} no longer matches the seals."
    elif then["seal"] not in {None, now["seal"]}:
        yield f"Event {number} is no longer in seal {then['seal']}."
