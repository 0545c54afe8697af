"""How the lines of a file are asked about. The verdicts are the gate's; nothing here decides.

A short file is asked about in sets. For a long one the gate is asked about everybody at once, and again each minute: of
a million people a few said something, and they are found sooner than the lines of the file are looked up.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from datetime import datetime
from itertools import chain, islice
from math import inf
from time import monotonic
from typing import NamedTuple

from django.db import transaction
from django.db.models import Max

from prefcenter.lists.reader import Row
from unsubscribe import addresses, audience, gate
from unsubscribe.audience import Entry, Ways
from unsubscribe.choices import Answer, Channel, Purpose
from unsubscribe.headers import ONE_CLICK
from unsubscribe.models import Address, Campaign, Category
from unsubscribe.rules import Verdict

from .lines import column, quoted

VERDICT = ["verdict", "until"]
LINKS = ["unsubscribe_url", "preferences_url", "list_unsubscribe", "list_unsubscribe_post", "list_id"]
COLUMNS = VERDICT + LINKS
#: From a fiftieth of all addresses on a file is long; with fewer lines than the first it is short in any case, and more
#: than the second are not held in memory to find out.
LONG_SHARE, SHORT, LONG = 50, 5_000, 50_000
#: So many seconds old may be what the gate said of everybody.
FRESH = 60.0

#: For some addresses what stands in our columns, as CSV has it. The verdict comes first.
Ask = Callable[[Sequence[str]], list[str]]


class FileMailing(NamedTuple):
    category: Category
    channel: Channel
    campaign: Campaign | None
    now: datetime
    is_recorded: bool
    with_links: bool = True


def prepared(rows: Iterator[Row], mailing: FileMailing) -> tuple[Iterator[Row], Ask]:
    """The same rows, some of which had to be read, and how to ask about them."""
    if mailing.is_recorded:  # what was recorded for one set counts for the next
        return rows, _Sets(mailing, set()).answers
    newest = Address.objects.aggregate(Max("id"))["id__max"] or 0
    many = min(LONG, max(SHORT, newest // LONG_SHARE))
    ahead = list(islice(rows, many))
    if len(ahead) < many:
        return iter(ahead), _Sets(mailing, set()).answers
    return chain(ahead, rows), _Everybody(mailing).answers


def declined(texts: Sequence[str], mailing: FileMailing) -> list[str]:
    """For addresses that the list itself says no for: `unsubscribed`, or what weighs more. It learns nobody."""
    category, channel, campaign, now, _, with_links = mailing
    is_marketing = category.purpose == Purpose.MARKETING
    no = Verdict(Answer.UNSUBSCRIBED if is_marketing else Answer.SUPPRESSED)
    found = []
    for one in gate.check(texts, category=category, channel=channel, campaign=campaign, now=now):
        answer = one.verdict.answer
        is_said = answer in {Answer.SUPPRESSED, Answer.INVALID}
        found.append(_said(one.verdict if is_said else no, with_links=with_links))
    return found


class _Sets:
    """Asks about the addresses of each set."""

    def __init__(self, mailing: FileMailing, written: set[int]) -> None:
        self._mailing, self._written = mailing, written

    def answers(self, texts: Sequence[str]) -> list[str]:
        category, channel, campaign, now, is_recorded, with_links = self._mailing
        if not with_links and not is_recorded:
            decisions = audience.decide(
                texts, category=category, channel=channel, campaign=campaign, now=now, written=self._written
            )
            return [_said(one.verdict, with_links=False) for one in decisions]
        entries = self._entries(texts)
        found = [_said(one.decision.verdict, with_links=with_links) for one in entries]
        if with_links:
            linked = [(place, one) for place, one in enumerate(entries) if one.decision.may_send]
            _link(found, [place for place, _ in linked], _gathered([one for _, one in linked]))
        return found

    def _entries(self, texts: Sequence[str]) -> list[Entry]:
        category, channel, campaign, now, is_recorded, _ = self._mailing
        with transaction.atomic() if is_recorded else nullcontext():  # asking alone keeps nobody waiting
            entries = audience.ask(
                texts, category=category, channel=channel, campaign=campaign, now=now, written=self._written
            )
            if is_recorded:
                entries = audience.record(entries, category=category, channel=channel, campaign=campaign, now=now)
        return entries


class _Everybody:
    """Looks up each address in what the gate says of everybody, and falls back on sets where that is too much."""

    def __init__(self, mailing: FileMailing) -> None:
        self._mailing = mailing
        self._written: set[int] = set()
        self._sets = _Sets(mailing, self._written)
        self._asked_at = -inf

    def answers(self, texts: Sequence[str]) -> list[str]:
        if monotonic() - self._asked_at >= FRESH:
            self._ask()
        if self._named is None:
            return self._sets.answers(texts)
        named, others, invalid = self._named, self._others, self._text(Verdict(Answer.INVALID))
        values = addresses.values(texts, channel=self._mailing.channel)
        digests = addresses.digests_of(values)
        found = [invalid if one is None else named.get(one, others) for one in digests]
        covered = self._cover(found, values, digests) if self._verdicts.has_covers else set()
        if self._shared:
            self._once_each(found, [None if place in covered else one for place, one in enumerate(digests)])
        if self._mailing.with_links:
            self._link(found, texts, digests)
        return found

    def _ask(self) -> None:
        category, channel, campaign, now, *_ = self._mailing
        verdicts = gate.everybody(category=category, channel=channel, campaign=campaign, now=now)
        self._asked_at = monotonic() if verdicts else inf
        self._named: dict[bytes, str] | None = None
        if verdicts:
            texts = {one: self._text(one) for one in {verdicts.others, *verdicts.named.values()}}
            self._named = {digest: texts[one] for digest, one in verdicts.named.items()}
            self._others = texts[verdicts.others]
            self._shared = verdicts.shared
            self._verdicts = verdicts

    def _cover(self, found: list[str], values: Sequence[str], digests: Sequence[bytes | None]) -> set[int]:
        """Puts in what is said of a domain or a mailbox as a whole. At which places that is so."""
        covered = set()
        suppressed = self._text(Verdict(Answer.SUPPRESSED))
        for place, (value, digest) in enumerate(zip(values, digests, strict=True)):
            if digest and found[place] != suppressed and (verdict := self._verdicts.cover(value, digest)):
                found[place] = self._text(verdict)
                covered.add(place)
        return covered

    def _once_each(self, found: list[str], digests: Sequence[bytes | None]) -> None:
        for place, digest in enumerate(digests):
            if digest and (contact := self._shared.get(digest)):
                contact_id, next_day = contact
                if contact_id in self._written:
                    found[place] = self._text(Verdict(Answer.TOO_SOON, next_day))
                self._written.add(contact_id)

    def _text(self, verdict: Verdict) -> str:
        return _said(verdict, with_links=self._mailing.with_links)

    def _link(self, found: list[str], texts: Sequence[str], digests: Sequence[bytes | None]) -> None:
        category, channel, campaign, now, *_ = self._mailing
        send = self._text(Verdict(Answer.SEND))
        asked = [(place, texts[place], one) for place, one in enumerate(digests) if one and found[place] == send]
        if asked:
            places, theirs, known_by = zip(*asked, strict=True)
            ids = audience.ids(theirs, known_by, channel=channel, now=now)
            _link(found, places, audience.ways(ids, category=category, channel=channel, campaign=campaign, now=now))


def _said(verdict: Verdict, *, with_links: bool) -> str:
    answer, until = verdict
    return ",".join([answer.value, until.isoformat() if until else "", *([""] * len(LINKS) if with_links else ())])


def _link(found: list[str], places: Sequence[int], ways: Ways) -> None:
    """Puts links and headers to whom they are for."""
    send, preferences = f"{Answer.SEND.value},", column(ways.preferences_urls)
    if not ways.unsubscribe_urls:
        for place, url in zip(places, preferences, strict=True):
            found[place] = f"{send},,{url},,,"
        return
    if not ways.list_unsubscribe:
        for place, out, url in zip(places, column(ways.unsubscribe_urls), preferences, strict=True):
            found[place] = f"{send},{out},{url},,,"
        return
    rest = f"{quoted(ONE_CLICK)},{quoted(ways.list_id)}"
    each = zip(places, column(ways.unsubscribe_urls), preferences, column(ways.list_unsubscribe), strict=True)
    for place, out, url, said in each:
        found[place] = f"{send},{out},{url},{said},{rest}"


def _gathered(entries: Sequence[Entry]) -> Ways:
    """The ways of those who may be written to, as they stand in their entries."""
    said = [one.headers for one in entries if one.headers]
    return Ways(
        [one.unsubscribe_url for one in entries if one.unsubscribe_url],
        [one.preferences_url for one in entries if one.preferences_url],
        [one.list_unsubscribe for one in said],
        said[0].list_id if said else "",
    )
