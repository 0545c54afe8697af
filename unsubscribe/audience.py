"""Before a mailing: the verdict on each address, and the links and headers for those that may be written to. The
guarded backend, the command `audience` and the API ask here."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import connection
from django.utils import timezone

from . import actions, gate, headers, links
from .addresses import normalise
from .choices import Channel, Outcome, Purpose
from .headers import Headers
from .links import LinkPurpose, Target
from .mailing import Mailing
from .models import Address
from .rules import Rule, Verdict

#: SQL that selects {} for each place from 0 to one less than the parameter, in their order.
_PLACES = {
    "postgresql": "WITH asked AS (SELECT %s AS many)"
    " SELECT {} FROM asked, generate_series(0, many - 1) AS place ORDER BY place",
    "sqlite": "WITH RECURSIVE asked(place, many) AS"
    " (SELECT 0, %s UNION ALL SELECT place + 1, many FROM asked WHERE place + 1 < many)"
    " SELECT {} FROM asked WHERE many > 0 ORDER BY place",
}


class MessageLinks(NamedTuple):
    """Links and headers for one message to each of some addresses, in their order.

    unsubscribe_urls: empty for a transactional mailing; short links on other channels than email
    preferences_urls: for every mailing
    list_unsubscribe: values of that header; empty for a transactional mailing, and on other channels than email
    list_id:          the value of List-Id; "" for a mailing without a category, and as list_unsubscribe
    """

    unsubscribe_urls: Sequence[str]
    preferences_urls: Sequence[str]
    list_unsubscribe: Sequence[str]
    list_id: str


_NONE = MessageLinks([], [], [], "")


class AudienceEntry(NamedTuple):
    """The verdict on one address, and what goes into its message.

    unsubscribe_url: None where it may not be sent, and for transactional messages
    preferences_url: None where it may not be sent
    headers:         None where it may not be sent, for transactional messages, and on other channels than email
    """

    verdict: Verdict
    unsubscribe_url: str | None = None
    preferences_url: str | None = None
    headers: Headers | None = None


def ask(
    addresses: Sequence[str], mailing: Mailing, *, now: datetime, written: set[int] | None = None
) -> list[AudienceEntry]:
    """One entry for each address, in their order; the number of queries does not grow with them.

    addresses: in any spelling; those that are unknown and may be sent to become contacts
    now:       aware
    written:   ids of the contacts with a frequency who are written to, which this call adds to; pass the same set for
               each part of a long list. Such a contact is written to at the first of their addresses, and is too soon
               at the others

    Nothing is recorded as sent: see `record`. Raises InsecureBaseUrl.
    """
    verdicts = decide(addresses, mailing, now=now, written=written)
    strangers = [one.address for one in verdicts if one.may_send and one.address_id is None and one.address]
    learnt = actions.learn(strangers, now=now) if strangers else {}
    verdicts = [_with_ids(one, learnt) for one in verdicts]
    ids = [one.address_id for one in verdicts if one.may_send and one.address_id is not None]
    found = message_links(ids, mailing, now=now) if ids else _NONE
    each = _each(found)
    return [AudienceEntry(one, *next(each)) if one.may_send else AudienceEntry(one) for one in verdicts]


def _with_ids(verdict: Verdict, learnt: Mapping[bytes, actions.LearnedAddress]) -> Verdict:
    """The verdict with the ids of the contact that its address has just become."""
    if not verdict.may_send or verdict.address_id is not None or verdict.address is None:
        return verdict
    return verdict._replace(**learnt[verdict.address.digest]._asdict())


def decide(
    addresses: Sequence[str], mailing: Mailing, *, now: datetime, written: set[int] | None = None
) -> list[Verdict]:
    """The gate's verdicts on these addresses, in their order; parameters as of `ask`, but nothing is written.

    A contact who chose a frequency is too soon at the second and further of their addresses.
    """
    verdicts = gate.check(addresses, mailing, now=now)
    written = set() if written is None else written
    for place, one in enumerate(verdicts):
        if one.next_day is None or one.contact_id is None or not one.may_send:
            continue
        if one.contact_id in written:
            verdicts[place] = _too_soon(one)
        written.add(one.contact_id)
    return verdicts


def _too_soon(verdict: Verdict) -> Verdict:
    """The verdict on a contact who may be sent to, but is sent another message first."""
    return verdict._replace(outcome=Outcome.TOO_SOON, rule=Rule.TOO_SOON, until=verdict.next_day)


def _each(found: MessageLinks) -> Iterator[tuple[str | None, str, Headers | None]]:
    """For each address the last three fields of an AudienceEntry."""
    if not found.unsubscribe_urls:
        return ((None, url, None) for url in found.preferences_urls)
    if not found.list_unsubscribe:
        return ((out, url, None) for out, url in zip(found.unsubscribe_urls, found.preferences_urls, strict=True))
    each = zip(found.unsubscribe_urls, found.preferences_urls, found.list_unsubscribe, strict=True)
    return ((out, url, Headers(said, headers.ONE_CLICK, found.list_id)) for out, url, said in each)


def message_links(address_ids: Iterable[int], mailing: Mailing, *, now: datetime) -> MessageLinks:
    """What goes into the messages to these addresses, in their order. Ask the gate first whether they may be sent.
    Raises InsecureBaseUrl."""
    ids, today = list(address_ids), timezone.localtime(now).date()
    about = Target(0, mailing.category_id, mailing.campaign_id)
    tokens = links.sign_many(ids, about, purpose=LinkPurpose.PREFERENCES, today=today)
    preferences = links.urls(tokens, purpose=LinkPurpose.PREFERENCES)
    if mailing.purpose == Purpose.TRANSACTIONAL:
        return MessageLinks([], preferences, [], "")
    if mailing.channel != Channel.EMAIL:  # RFC 2369, RFC 2919 and RFC 8058 are about mail
        return MessageLinks(actions.short_links(ids, about, now=now), preferences, [], "")
    tokens = links.sign_many(ids, about, today=today)
    category = mailing.category
    list_id = headers.list_id(category.slug, category.name) if category else ""
    return MessageLinks(links.urls(tokens), preferences, headers.list_unsubscribes(tokens), list_id)


def ids(texts: Sequence[str], digests: Sequence[bytes], *, channel: Channel, now: datetime) -> list[int]:
    """The id of each of these addresses, given as text and by digest, in their order. Unknown ones become contacts, so
    ask the gate first. Raises InvalidAddress for an unknown one that is not an address."""
    known = _known(digests, channel=channel)
    strangers = [normalise(text, channel=channel) for text, id_ in zip(texts, known, strict=True) if id_ is None]
    learnt = actions.learn(strangers, now=now) if strangers else {}
    return [learnt[one].address_id if id_ is None else id_ for one, id_ in zip(digests, known, strict=True)]


def _known(digests: Sequence[bytes], *, channel: Channel) -> list[int | None]:
    """The id of each of these addresses, in their order; None for unknown ones.

    In SQL, because it is asked for each line of a file: the digests are one parameter, and the ids come in their order.
    """
    table = connection.ops.quote_name(Address._meta.db_table)
    found = f"(SELECT id FROM {table} WHERE digest = substr(%s, place * 32 + 1, 32) AND channel = %s)"  # noqa: S608  (our own table)
    with connection.cursor() as cursor:
        cursor.execute(_PLACES[connection.vendor].format(found), [len(digests), b"".join(digests), channel.value])
        return [id_ for [id_] in cursor.fetchall()]


def record(entries: Sequence[AudienceEntry], mailing: Mailing, *, now: datetime) -> list[AudienceEntry]:
    """Counts the mailing as sent to all in these entries of `ask` who may be sent to, and starts their frequency
    clocks.

    mailing: with a category; the same campaign again within rules.CAMPAIGN_RUNS counts once
    now:     aware

    Returns the entries; a contact with a frequency who was recorded for another message since `ask` is too soon there.
    """
    verdicts = [one.verdict for one in entries if one.verdict.may_send]
    paced = {one.contact_id: one.last_day for one in verdicts if one.contact_id and one.last_day}
    recorded = actions.record_sent(
        [one.contact_id for one in verdicts if one.contact_id], mailing, paced=paced, now=now
    )
    overtaken = paced.keys() - recorded
    return [
        AudienceEntry(_too_soon(one.verdict)) if one.verdict.may_send and one.verdict.contact_id in overtaken else one
        for one in entries
    ]
