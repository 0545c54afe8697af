"""What a batch of rows does, or would do, by the engine's verbs."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db.models import Count, Value
from django.db.models.functions import StrIndex, Substr

from prefcenter.models import ImportKind
from unsubscribe import actions
from unsubscribe.actions import ImportedCounts, ImportedNo, Origin
from unsubscribe.addresses import Normalised
from unsubscribe.addresses import digest as digest_of
from unsubscribe.choices import Channel, Source, SuppressionReason
from unsubscribe.models import Address, Suppression

from .duplicates import SeenAddresses
from .reading import ImportOptions, ImportRow

#: How many rows of a batch were new, already there, and so on: keys of progress.OUTCOMES and BESIDES.
Outcome = Mapping[str, int]
_CHANNELS = {channel: number for number, channel in enumerate(Channel)}
_SALT = {reason: number for number, reason in enumerate(SuppressionReason)}


def take(lines: Sequence[ImportRow], options: ImportOptions, origin: Origin) -> Outcome:
    """Imports the rows in the transaction that is open."""
    if options.kind == ImportKind.CONTACTS:
        return _learn(lines, options.channel, now=origin.now)
    whole = _blocked_whole(lines, origin)
    lines = [line for line in lines if not line.domain]
    taken = [
        actions.import_opt_outs(said, origin, **about._asdict())
        for about, said in sorted(_said(lines, options).items(), key=_order)
    ]
    return Counter(_sum(taken, of=len(lines))) + whole


def foresee(lines: Sequence[ImportRow], options: ImportOptions, seen: SeenAddresses, *, now: datetime) -> Outcome:
    """What `take` would return, with nothing written.

    seen: the addresses of the rows before, which will be there already; those of these rows are added
    """
    if options.kind == ImportKind.CONTACTS:
        return _would_learn(lines, options.channel, seen)
    whole = _would_be_blocked_whole(lines, seen)
    lines = [line for line in lines if not line.domain]
    taken = []
    for about, said in sorted(_said(lines, options).items(), key=_order):
        first = seen.first((one.digest for one in said), salt=about.salt)
        unseen = [one for one in said if one.digest in first]
        taken.append(actions.preview_opt_outs(unseen, Origin(Source.IMPORT, now), **about._asdict()))
    return Counter(_sum(taken, of=len(lines))) + whole


def _blocked_whole(lines: Iterable[ImportRow], origin: Origin) -> Counter[str]:
    """Suppresses the whole domains among the rows."""
    found: Counter[str] = Counter()
    for reason, said in _domains(lines).items():
        taken = actions.suppress_domains(_as_of_the_last(said), origin, reason=reason)
        found += _of_domains(taken, of=len(said))
    return found


def _would_be_blocked_whole(lines: Iterable[ImportRow], seen: SeenAddresses) -> Counter[str]:
    """The same, with nothing written; and how many known contacts the new ones cover."""
    found: Counter[str] = Counter()
    for reason, said in _domains(lines).items():
        first = seen.first((digest_of(line.value) for line in said), salt=_SALT[reason])
        unseen = [line for line in said if digest_of(line.value) in first]
        taken = actions.preview_domains(_as_of_the_last(unseen), reason)
        found += _of_domains(taken, of=len(said)) + Counter(covered=_contacts_at(taken.new))
    return found


def _domains(lines: Iterable[ImportRow]) -> dict[SuppressionReason, list[ImportRow]]:
    found: dict[SuppressionReason, list[ImportRow]] = defaultdict(list)
    for line in lines:
        if line.domain:
            found[line.reason].append(line)
    return found


def _as_of_the_last(said: Iterable[ImportRow]) -> dict[str, datetime | None]:
    """By domain, when it said no last; None, which counts as now, if any of its rows doesn't say when."""
    found: dict[str, datetime | None] = {}
    for line in said:
        before = found.get(line.domain, line.at)
        found[line.domain] = max(before, line.at) if before and line.at else None
    return found


def _of_domains(taken: actions.DomainsTaken, *, of: int) -> Counter[str]:
    new, overtaken = len(taken.new), len(taken.overtaken)
    return Counter(domains=new, already=of - new - overtaken, overtaken=overtaken)


def _contacts_at(names: Sequence[str]) -> int:
    """How many contacts have an address at these domains. It reads every address, so only a check asks for it."""
    if not names:
        return 0
    domain = Substr("value", StrIndex("value", Value("@")) + 1)
    rows = Address.objects.filter(channel=Channel.EMAIL).alias(domain=domain).filter(domain__in=names)
    return rows.aggregate(many=Count("contact", distinct=True))["many"] or 0


class _About(NamedTuple):
    """What rows have in common that are imported together."""

    channel: Channel
    reason: SuppressionReason
    category_id: int | None

    @property
    def salt(self) -> int:
        """A number of its own for each, for SeenAddresses."""
        return _SALT[self.reason] + 8 * _CHANNELS[self.channel] + 64 * (self.category_id or 0)


def _said(lines: Iterable[ImportRow], options: ImportOptions) -> dict[_About, list[ImportedNo]]:
    found: dict[_About, list[ImportedNo]] = defaultdict(list)
    for line in lines:
        category_id = line.category_id or _category(options, line.reason)
        about = _About(line.channel or options.channel, line.reason, category_id)
        found[about].append(ImportedNo(line.digest, line.value, line.at))
    return found


def _order(item: tuple[_About, Sequence[ImportedNo]]) -> tuple[int, str, int]:
    """Always the same order, so that two imports never wait for each other in a circle."""
    about, _ = item
    return about.category_id or 0, about.reason, _CHANNELS[about.channel]


def _category(options: ImportOptions, reason: SuppressionReason) -> int | None:
    """The category that was chosen for the file; other reasons than a no are about the address as a whole."""
    return options.category_id if reason == SuppressionReason.UNSUBSCRIBED_ALL else None


def _sum(taken: Iterable[ImportedCounts], *, of: int) -> Outcome:
    new, _, overtaken = (sum(numbers) for numbers in zip(*taken, strict=True)) if taken else (0, 0, 0)
    return {"new": new, "already": of - new - overtaken, "overtaken": overtaken}


def _learn(lines: Sequence[ImportRow], channel: Channel, *, now: datetime) -> Outcome:
    """Learns the addresses, which subscribes to nothing; suppressions, also by an erasure, stay."""
    blocked = _blocked({line.digest for line in lines}, channel)
    by_language: dict[str, dict[bytes, Normalised]] = defaultdict(dict)
    for digest, line in {line.digest: line for line in reversed(lines)}.items():
        by_language[line.language][digest] = Normalised(channel, line.value, digest)
    new = sum(
        actions.learn_many(list(addresses.values()), now=now, language=language)
        for language, addresses in by_language.items()
    )
    return _learnt(lines, blocked, new=new)


def _would_learn(lines: Sequence[ImportRow], channel: Channel, seen: SeenAddresses) -> Outcome:
    digests = {line.digest for line in lines}
    blocked, first = _blocked(digests, channel), seen.first(digests, salt=0)
    rows = Address.objects.filter(channel=channel, digest__any_of=list(digests))
    known = {bytes(digest) for digest in rows.values_list("digest", flat=True)}
    return _learnt(lines, blocked, new=len(first - known))


def _learnt(lines: Sequence[ImportRow], blocked: set[bytes], *, new: int) -> Outcome:
    found_blocked = sum(line.digest in blocked for line in lines)
    return {"new": new, "already": len(lines) - new - found_blocked, "blocked": found_blocked}


def _blocked(digests: Iterable[bytes], channel: Channel) -> set[bytes]:
    """Those of the digests whose address is suppressed, for whatever reason."""
    rows = Address.objects.filter(channel=channel, digest__any_of=list(digests))
    by_id = {id_: bytes(digest) for id_, digest in rows.values_list("id", "digest")}
    held = Suppression.objects.filter(address_id__any_of=list(by_id), lifted_at=None)
    return {by_id[id_] for id_ in held.values_list("address_id", flat=True)}
