"""Asks the gate about the rows of a file.

A short file is asked about batch by batch. For a long one the gate is asked about everybody at once, and again each
minute: of a million contacts a few said something, and those are found sooner than all rows of the file are looked up.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from datetime import date, datetime
from itertools import chain, islice
from math import inf
from time import monotonic
from typing import NamedTuple

from django.db import transaction
from django.db.models import Max

from prefcenter.lists.reader import Row
from unsubscribe import addresses, audience, gate
from unsubscribe.audience import AudienceEntry, MessageLinks
from unsubscribe.choices import Outcome, Purpose
from unsubscribe.headers import ONE_CLICK
from unsubscribe.mailing import Mailing
from unsubscribe.models import Address

from .lines import column, quoted

#: Our columns: the first two always, the others with links.
VERDICT = ["verdict", "until"]
LINKS = ["unsubscribe_url", "preferences_url", "list_unsubscribe", "list_unsubscribe_post", "list_id"]
COLUMNS = VERDICT + LINKS
#: A file is long from a fiftieth of all addresses on, but not with fewer rows than SHORT, and always with LONG. So many
#: rows are held in memory to find out.
LONG_SHARE, SHORT, LONG = 50, 5_000, 50_000
#: Seconds for which the gate's answer about everybody is used.
FRESH = 60.0

#: Given some addresses, in any spelling, returns for each what stands in our columns, as CSV; the verdict comes first.
Ask = Callable[[Sequence[str]], list[str]]


class FileRequest(NamedTuple):
    """What is asked about a file."""

    #: With a category.
    mailing: Mailing
    #: Aware.
    now: datetime
    #: Whether those that may be sent to are recorded as sent.
    is_recorded: bool
    #: Whether COLUMNS are written, or VERDICT alone.
    with_links: bool = True


def prepared(rows: Iterator[Row], request: FileRequest) -> tuple[Iterator[Row], Ask]:
    """All of `rows` again, some of which had to be read, and how to ask about their addresses."""
    if request.is_recorded:  # what was recorded for one set counts for the next
        return rows, _Sets(request, set()).answers
    newest = Address.objects.aggregate(Max("id"))["id__max"] or 0
    many = min(LONG, max(SHORT, newest // LONG_SHARE))
    ahead = list(islice(rows, many))
    if len(ahead) < many:
        return iter(ahead), _Sets(request, set()).answers
    return chain(ahead, rows), _Everybody(request).answers


def declined(texts: Sequence[str], request: FileRequest) -> list[str]:
    """As Ask, for addresses of rows in which the list itself says no: `unsubscribed` (`suppressed` for a transactional
    mailing), or the gate's `suppressed` or `invalid`. No contact is learnt."""
    mailing, with_links = request.mailing, request.with_links
    no = Outcome.UNSUBSCRIBED if mailing.purpose == Purpose.MARKETING else Outcome.SUPPRESSED
    verdicts = gate.check(texts, mailing, now=request.now)
    outcomes = (one.outcome if one.outcome in {Outcome.SUPPRESSED, Outcome.INVALID} else no for one in verdicts)
    return [_said(outcome, with_links=with_links) for outcome in outcomes]


class _Sets:
    """Asks about each batch. `written`: as audience.ask has it, shared with _Everybody."""

    def __init__(self, request: FileRequest, written: set[int]) -> None:
        self._request, self._written = request, written

    def answers(self, texts: Sequence[str]) -> list[str]:
        mailing, now, is_recorded, with_links = self._request
        if not with_links and not is_recorded:
            verdicts = audience.decide(texts, mailing, now=now, written=self._written)
            return [_said(one.outcome, one.until, with_links=False) for one in verdicts]
        entries = self._entries(texts)
        found = [_said(one.verdict.outcome, one.verdict.until, with_links=with_links) for one in entries]
        if with_links:
            linked = [(place, one) for place, one in enumerate(entries) if one.verdict.may_send]
            _link(found, [place for place, _ in linked], _gathered([one for _, one in linked]))
        return found

    def _entries(self, texts: Sequence[str]) -> list[AudienceEntry]:
        mailing, now, is_recorded, _ = self._request
        with transaction.atomic() if is_recorded else nullcontext():  # asking alone keeps nobody waiting
            entries = audience.ask(texts, mailing, now=now, written=self._written)
            return audience.record(entries, mailing, now=now) if is_recorded else entries


class _Everybody:
    """Looks up each address in what gate.everybody says; falls back on _Sets where it says nothing."""

    def __init__(self, request: FileRequest) -> None:
        self._request = request
        self._written: set[int] = set()
        self._sets = _Sets(request, self._written)
        self._asked_at = -inf

    def answers(self, texts: Sequence[str]) -> list[str]:
        if monotonic() - self._asked_at >= FRESH:
            self._ask()
        if self._named is None:
            return self._sets.answers(texts)
        named, others, invalid = self._named, self._others, self._text(Outcome.INVALID)
        values = addresses.values(texts, channel=self._request.mailing.channel)
        digests = addresses.digests_of(values)
        found = [invalid if one is None else named.get(one, others) for one in digests]
        covered = self._cover(found, values, digests) if self._verdicts.has_covers else set()
        if self._shared:
            self._once_each(found, [None if place in covered else one for place, one in enumerate(digests)])
        if self._request.with_links:
            self._link(found, texts, digests)
        return found

    def _ask(self) -> None:
        verdicts = gate.everybody(self._request.mailing, now=self._request.now)
        self._asked_at = monotonic() if verdicts else inf
        self._named: dict[bytes, str] | None = None
        if verdicts:
            texts = {one: self._text(one.outcome, one.until) for one in {verdicts.others, *verdicts.named.values()}}
            self._named = {digest: texts[one] for digest, one in verdicts.named.items()}
            self._others = texts[verdicts.others]
            self._shared = verdicts.shared
            self._verdicts = verdicts

    def _cover(self, found: list[str], values: Sequence[str], digests: Sequence[bytes | None]) -> set[int]:
        """Puts in the verdicts by domain suppressions and by other spellings of a mailbox. Returns their places."""
        covered = set()
        suppressed = self._text(Outcome.SUPPRESSED)
        for place, (value, digest) in enumerate(zip(values, digests, strict=True)):
            if digest and found[place] != suppressed and (verdict := self._verdicts.cover(value, digest)):
                found[place] = self._text(verdict.outcome, verdict.until)
                covered.add(place)
        return covered

    def _once_each(self, found: list[str], digests: Sequence[bytes | None]) -> None:
        for place, digest in enumerate(digests):
            if digest and (contact := self._shared.get(digest)):
                contact_id, next_day = contact
                if contact_id in self._written:
                    found[place] = self._text(Outcome.TOO_SOON, next_day)
                self._written.add(contact_id)

    def _text(self, outcome: Outcome, until: date | None = None) -> str:
        return _said(outcome, until, with_links=self._request.with_links)

    def _link(self, found: list[str], texts: Sequence[str], digests: Sequence[bytes | None]) -> None:
        mailing, now = self._request.mailing, self._request.now
        send = self._text(Outcome.SEND)
        asked = [(place, texts[place], one) for place, one in enumerate(digests) if one and found[place] == send]
        if asked:
            places, theirs, known_by = zip(*asked, strict=True)
            ids = audience.ids(theirs, known_by, channel=mailing.channel, now=now)
            _link(found, places, audience.message_links(ids, mailing, now=now))


def _said(outcome: Outcome, until: date | None = None, *, with_links: bool) -> str:
    return ",".join([outcome.value, until.isoformat() if until else "", *([""] * len(LINKS) if with_links else ())])


def _link(found: list[str], places: Sequence[int], links: MessageLinks) -> None:
    """Puts links and headers in at these places, in the order of `links`."""
    send, preferences = f"{Outcome.SEND.value},", column(links.preferences_urls)
    if not links.unsubscribe_urls:
        for place, url in zip(places, preferences, strict=True):
            found[place] = f"{send},,{url},,,"
        return
    if not links.list_unsubscribe:
        for place, out, url in zip(places, column(links.unsubscribe_urls), preferences, strict=True):
            found[place] = f"{send},{out},{url},,,"
        return
    rest = f"{quoted(ONE_CLICK)},{quoted(links.list_id)}"
    each = zip(places, column(links.unsubscribe_urls), preferences, column(links.list_unsubscribe), strict=True)
    for place, out, url, said in each:
        found[place] = f"{send},{out},{url},{said},{rest}"


def _gathered(entries: Sequence[AudienceEntry]) -> MessageLinks:
    """The links and headers of entries that may be sent to."""
    said = [one.headers for one in entries if one.headers]
    return MessageLinks(
        [one.unsubscribe_url for one in entries if one.unsubscribe_url],
        [one.preferences_url for one in entries if one.preferences_url],
        [one.list_unsubscribe for one in said],
        said[0].list_id if said else "",
    )
