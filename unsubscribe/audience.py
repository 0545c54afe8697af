"""Before a mailing: the verdict on each address, and the links and headers for those that may be written to.

It stands between the verbs and the engine's doors, because the guarded backend, the command and the API
all ask the same question.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

from django.db import connection
from django.utils import timezone

from . import actions, gate, headers, links
from .addresses import normalise
from .choices import Answer, Channel, Purpose
from .gate import Decision
from .headers import Headers
from .links import LinkPurpose, Target
from .models import Address, Campaign, Category
from .rules import Verdict

#: As many rows as there are places, in their order, and what is found for each of them.
_PLACES = {
    "postgresql": "WITH asked AS (SELECT %s AS many)"
    " SELECT {} FROM asked, generate_series(0, many - 1) AS place ORDER BY place",
    "sqlite": "WITH RECURSIVE asked(place, many) AS"
    " (SELECT 0, %s UNION ALL SELECT place + 1, many FROM asked WHERE place + 1 < many)"
    " SELECT {} FROM asked WHERE many > 0 ORDER BY place",
}


class Ways(NamedTuple):
    """Links and headers for one message to each of some addresses, in their order. What is transactional has no way
    out, only preferences: there the first and the third are empty. On other channels than email there are no headers:
    the third and the fourth are empty."""

    unsubscribe_urls: Sequence[str]
    preferences_urls: Sequence[str]
    list_unsubscribe: Sequence[str]
    list_id: str


_NONE = Ways([], [], [], "")


class Entry(NamedTuple):
    """The URLs and headers are None for whoever may not be written to; what is transactional has only preferences, and
    what is no email no headers."""

    decision: Decision
    unsubscribe_url: str | None = None
    preferences_url: str | None = None
    headers: Headers | None = None


def ask(
    addresses: Sequence[str],
    *,
    category: Category | None,
    channel: Channel = Channel.EMAIL,
    purpose: Purpose | None = None,
    campaign: Campaign | None = None,
    once: bool = False,
    now: datetime,
    written: set[int] | None = None,
) -> list[Entry]:
    """One entry for each address, in their order. Strangers who may be written to become contacts.

    In a category that needs opt-in nobody becomes a contact by being asked about. `once`: as gate.check has it. Who
    chose a frequency is written to at the first of their addresses; `written` remembers them from one part of a mailing
    to the next.
    """
    purpose = gate.purpose_of(category, purpose)
    decisions = decide(
        addresses,
        category=category,
        channel=channel,
        purpose=purpose,
        campaign=campaign,
        once=once,
        now=now,
        written=written,
    )
    strangers = [one.address for one in decisions if one.may_send and one.address_id is None and one.address]
    learnt = actions.learn(strangers, now=now) if strangers else {}
    decisions = [_with_ids(one, learnt) for one in decisions]
    ids = [one.address_id for one in decisions if one.may_send and one.address_id is not None]
    found = ways(ids, category=category, channel=channel, campaign=campaign, purpose=purpose, now=now) if ids else _NONE
    each = _each(found)
    return [Entry(one, *next(each)) if one.may_send else Entry(one) for one in decisions]


def _with_ids(decision: Decision, learnt: Mapping[bytes, actions.LearnedAddress]) -> Decision:
    """With the ids of who became a contact by being asked about."""
    if not decision.may_send or decision.address_id is not None or decision.address is None:
        return decision
    return decision._replace(**learnt[decision.address.digest]._asdict())


def decide(
    addresses: Sequence[str],
    *,
    category: Category | None,
    channel: Channel = Channel.EMAIL,
    purpose: Purpose | None = None,
    campaign: Campaign | None = None,
    once: bool = False,
    now: datetime,
    written: set[int] | None = None,
) -> list[Decision]:
    """The gate's answers for one mailing; where it reaches a contact who chose a frequency twice, once is too soon."""
    decisions = gate.check(
        addresses, category=category, channel=channel, purpose=purpose, campaign=campaign, once=once, now=now
    )
    written = set() if written is None else written
    for place, one in enumerate(decisions):
        if one.next_day is None or one.contact_id is None or not one.may_send:
            continue
        if one.contact_id in written:
            decisions[place] = one._replace(verdict=Verdict(Answer.TOO_SOON, one.next_day))
        written.add(one.contact_id)
    return decisions


def _each(ways: Ways) -> Iterator[tuple[str | None, str, Headers | None]]:
    """By address, as an entry has them."""
    if not ways.unsubscribe_urls:
        return ((None, url, None) for url in ways.preferences_urls)
    if not ways.list_unsubscribe:
        return ((out, url, None) for out, url in zip(ways.unsubscribe_urls, ways.preferences_urls, strict=True))
    each = zip(ways.unsubscribe_urls, ways.preferences_urls, ways.list_unsubscribe, strict=True)
    return ((out, url, Headers(said, headers.ONE_CLICK, ways.list_id)) for out, url, said in each)


def ways(
    address_ids: Iterable[int],
    *,
    category: Category | None,
    channel: Channel = Channel.EMAIL,
    campaign: Campaign | None = None,
    purpose: Purpose | None = None,
    now: datetime,
) -> Ways:
    """What goes into the messages; on other channels than email the unsubscribe links are short ones. Whether they may
    be sent is asked of the gate before. Raises InsecureBaseUrl."""
    ids, today = list(address_ids), timezone.localtime(now).date()
    about = Target(0, category.pk if category else None, campaign.pk if campaign else None)
    tokens = links.sign_many(ids, about, purpose=LinkPurpose.PREFERENCES, today=today)
    preferences = links.urls(tokens, purpose=LinkPurpose.PREFERENCES)
    if gate.purpose_of(category, purpose) == Purpose.TRANSACTIONAL:
        return Ways([], preferences, [], "")
    if channel != Channel.EMAIL:  # RFC 2369, RFC 2919 and RFC 8058 are about mail
        return Ways(actions.short_links(ids, about, now=now), preferences, [], "")
    tokens = links.sign_many(ids, about, today=today)
    list_id = headers.list_id(category.slug, category.name) if category else ""
    return Ways(links.urls(tokens), preferences, headers.list_unsubscribes(tokens), list_id)


def ids(texts: Sequence[str], digests: Sequence[bytes], *, channel: Channel, now: datetime) -> list[int]:
    """The id of each of these addresses. Strangers become contacts, so ask the gate first."""
    known = _known(digests, channel=channel)
    strangers = [normalise(text, channel=channel) for text, id_ in zip(texts, known, strict=True) if id_ is None]
    learnt = actions.learn(strangers, now=now) if strangers else {}
    return [learnt[one].address_id if id_ is None else id_ for one, id_ in zip(digests, known, strict=True)]


def _known(digests: Sequence[bytes], *, channel: Channel) -> list[int | None]:
    """In their order; None for those nobody has learnt.

    By hand, because it is asked of every line of a file: the digests travel as one parameter, the ids come in a row.
    """
    table = connection.ops.quote_name(Address._meta.db_table)
    found = f"(SELECT id FROM {table} WHERE digest = substr(%s, place * 32 + 1, 32) AND channel = %s)"  # noqa: S608  (our own table)
    with connection.cursor() as cursor:
        cursor.execute(_PLACES[connection.vendor].format(found), [len(digests), b"".join(digests), channel.value])
        return [id_ for [id_] in cursor.fetchall()]


def record(
    entries: Sequence[Entry], *, category: Category, channel: Channel, campaign: Campaign | None, now: datetime
) -> list[Entry]:
    """Counts the mailing and starts the frequency clock for everyone in it who may be written to. Returns the entries;
    who chose a frequency and was recorded for another message in the meantime is too soon."""
    ids = [one.decision.contact_id for one in entries if one.decision.may_send and one.decision.contact_id]
    paced = _paced(entries)
    recorded = actions.record_sent(ids, category=category, channel=channel, campaign=campaign, paced=paced, now=now)
    overtaken = paced.keys() - recorded
    return [_too_soon(one) if one.decision.contact_id in overtaken else one for one in entries]


def _paced(entries: Sequence[Entry]) -> dict[int, date]:
    decided = (one.decision for one in entries if one.decision.may_send)
    return {one.contact_id: one.last_day for one in decided if one.contact_id and one.last_day}


def _too_soon(entry: Entry) -> Entry:
    if not entry.decision.may_send:
        return entry
    return Entry(entry.decision._replace(verdict=Verdict(Answer.TOO_SOON, entry.decision.next_day)))
