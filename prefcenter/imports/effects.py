"""What a batch does, or would do. It changes nothing but through the engine's verbs, which lift and start nothing."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from prefcenter.models import ImportKind
from unsubscribe import actions
from unsubscribe.actions import Said, Taken
from unsubscribe.addresses import Normalised
from unsubscribe.choices import Channel, SuppressionReason
from unsubscribe.models import Address, Suppression

from .reading import Line, Terms
from .seen import Seen

Outcome = Mapping[str, int]
_CHANNELS = {channel: number for number, channel in enumerate(Channel)}
_SALT = {reason: number for number, reason in enumerate(SuppressionReason)}


class By(NamedTuple):
    """Who imports, and a line about what, for the ledger: no address in it; and the number of the import."""

    actor: str
    note: str
    import_id: int | None = None


def take(lines: Sequence[Line], terms: Terms, by: By, *, now: datetime) -> Outcome:
    """Writes it down, in the transaction of whoever asks."""
    if terms.kind == ImportKind.CONTACTS:
        return _learn(lines, terms.channel, now=now)
    taken = [
        actions.import_opt_outs(
            said,
            channel=about.channel,
            reason=about.reason,
            category_id=about.category_id,
            now=now,
            actor=by.actor,
            note=by.note,
            import_id=by.import_id,
        )
        for about, said in sorted(_said(lines, terms).items(), key=_order)
    ]
    return _sum(taken, of=len(lines))


def foresee(lines: Sequence[Line], terms: Terms, seen: Seen, *, now: datetime) -> Outcome:
    """The same figures, and nothing written. What the file has named before will be there already."""
    if terms.kind == ImportKind.CONTACTS:
        return _would_learn(lines, terms.channel, seen)
    taken = []
    for about, said in sorted(_said(lines, terms).items(), key=_order):
        first = seen.first((one.digest for one in said), salt=about.salt)
        unseen = [one for one in said if one.digest in first]
        taken.append(actions.preview_opt_outs(unseen, **about._asdict(), now=now))
    return _sum(taken, of=len(lines))


class _About(NamedTuple):
    channel: Channel
    reason: SuppressionReason
    category_id: int | None

    @property
    def salt(self) -> int:
        """Another one for each."""
        return _SALT[self.reason] + 8 * _CHANNELS[self.channel] + 64 * (self.category_id or 0)


def _said(lines: Iterable[Line], terms: Terms) -> dict[_About, list[Said]]:
    found: dict[_About, list[Said]] = defaultdict(list)
    for line in lines:
        category_id = line.category_id or _category(terms, line.reason)
        about = _About(line.channel or terms.channel, line.reason, category_id)
        found[about].append(Said(line.digest, line.value, line.at))
    return found


def _order(item: tuple[_About, Sequence[Said]]) -> tuple[int, str, int]:
    """Those that wait for the same people do so in the same order."""
    about, _ = item
    return about.category_id or 0, about.reason, _CHANNELS[about.channel]


def _category(terms: Terms, reason: SuppressionReason) -> int | None:
    """A complaint, a dead address or a block is about the address as a whole."""
    return terms.category_id if reason == SuppressionReason.UNSUBSCRIBED_ALL else None


def _sum(taken: Iterable[Taken], *, of: int) -> Outcome:
    new, _, overtaken = (sum(numbers) for numbers in zip(*taken, strict=True)) if taken else (0, 0, 0)
    return {"new": new, "already": of - new - overtaken, "overtaken": overtaken}


def _learn(lines: Sequence[Line], channel: Channel, *, now: datetime) -> Outcome:
    """Knowing an address is no consent. Who is blocked, or erased, stays so."""
    blocked = _blocked({line.digest for line in lines}, channel)
    by_language: dict[str, dict[bytes, Normalised]] = defaultdict(dict)
    for digest, line in {line.digest: line for line in reversed(lines)}.items():
        by_language[line.language][digest] = Normalised(channel, line.value, digest)
    new = sum(
        actions.learn_many(list(addresses.values()), now=now, language=language)
        for language, addresses in by_language.items()
    )
    return _learnt(lines, blocked, new=new)


def _would_learn(lines: Sequence[Line], channel: Channel, seen: Seen) -> Outcome:
    digests = {line.digest for line in lines}
    blocked, first = _blocked(digests, channel), seen.first(digests, salt=0)
    rows = Address.objects.filter(channel=channel, digest__any_of=list(digests))
    known = {bytes(digest) for digest in rows.values_list("digest", flat=True)}
    return _learnt(lines, blocked, new=len(first - known))


def _learnt(lines: Sequence[Line], blocked: set[bytes], *, new: int) -> Outcome:
    found_blocked = sum(line.digest in blocked for line in lines)
    return {"new": new, "already": len(lines) - new - found_blocked, "blocked": found_blocked}


def _blocked(digests: Iterable[bytes], channel: Channel) -> set[bytes]:
    """Of these, who is under a block of any kind."""
    rows = Address.objects.filter(channel=channel, digest__any_of=list(digests))
    by_id = {id_: bytes(digest) for id_, digest in rows.values_list("id", "digest")}
    held = Suppression.objects.filter(address_id__any_of=list(by_id), lifted_at=None)
    return {by_id[id_] for id_ in held.values_list("address_id", flat=True)}
