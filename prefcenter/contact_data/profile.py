"""What the admin shows of one contact, and how it finds contacts by an address."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from django.core.paginator import Page, Paginator

from prefcenter.models import Feedback
from unsubscribe import channels, conf, rules
from unsubscribe.addresses import Normalised, domains, normalise
from unsubscribe.channels import Channel, Kind
from unsubscribe.choices import Source, SuppressionReason
from unsubscribe.errors import InvalidAddress
from unsubscribe.models import (
    Address,
    ConsentEvent,
    Contact,
    DomainSuppression,
    LastSent,
    OutboxMessage,
    Preference,
    Suppression,
)
from unsubscribe.models.contacts import Handle

from .event_wording import about_contact

#: Events on a page of the timeline, and the most rows of emails, sendings and feedback.
PER_PAGE = 50
#: The most contacts that find_masked returns.
MOST = 50
#: The channels on which a typed text is looked for, in this order.
CHANNELS = tuple(one for one in Channel if channels.of(one).kind in {Kind.MAILBOX, Kind.NUMBER})
_MASKED = re.compile(r"\s*(\S)[*•…]+@(\S+)\s*")
_WHOLE_DOMAIN = "Whole domain: {}"
_SAME_MAILBOX = "Same Gmail mailbox as contact {}: opt-outs there count here, too"
_ONLY_THE_PERSON = "Only the contact can lift this: from a link in one of our emails, or signed in."
_ERASED = "The contact was erased. This suppression stays, so that they never get email again."


class SuppressionShown(NamedTuple):
    """A suppression; `why_not` says why the staff cannot lift it, or "" where they can."""

    row: Suppression
    address: Address
    why_not: str


class SuppressionBeside(NamedTuple):
    """An address and its suppressions, the latest first.

    with_others: sentences about suppressions of its domain, and contacts with the same Gmail mailbox
    """

    address: Address
    suppressions: Sequence[SuppressionShown]
    with_others: Sequence[str] = ()

    @property
    def active(self) -> list[SuppressionShown]:
        """Those in force."""
        return [one for one in self.suppressions if one.row.lifted_at is None]

    @property
    def takes_mail(self) -> bool:
        """Whether a link can be emailed to it."""
        return bool(self.address.value) and self.address.channel == Channel.EMAIL


class TimelineEntry(NamedTuple):
    """A consent event, and what it changed, as a sentence."""

    event: ConsentEvent
    what: str


class Timeline(NamedTuple):
    """One page of a contact's events, newest first."""

    page: Page[ConsentEvent]
    lines: Sequence[TimelineEntry]

    @property
    def first_number(self) -> int:
        """The number of the first entry, counted from the oldest one, so that an entry keeps its number."""
        return self.page.paginator.count - self.page.start_index() + 1


class Profile(NamedTuple):
    """What the page of a contact shows besides the timeline.

    held:      all addresses, pending ones included
    mails:     the latest outbox messages
    last_sent: the latest frequency clocks
    """

    contact: Contact
    held: Sequence[SuppressionBeside]
    preferences: Sequence[Preference]
    mails: Sequence[OutboxMessage]
    last_sent: Sequence[LastSent]
    feedback: Sequence[Feedback]

    @property
    def suppressions(self) -> list[SuppressionShown]:
        return [shown for one in self.held for shown in one.suppressions]

    @property
    def channels(self) -> list[Channel]:
        return sorted({Channel(one.address.channel) for one in self.held}, key=list(Channel).index)


def find(text: str) -> list[Address] | None:
    """The addresses that are `text`, on any of CHANNELS; None if `text` is not an address on one of them."""
    typed = _readings(text)
    if not typed:
        return None
    rows = Address.objects.filter(
        digest__any_of=[one.digest for one in typed], channel__in=[one.channel for one in typed]
    )
    return list(rows.select_related("contact").order_by("id"))


def find_masked(text: str) -> list[Address] | None:
    """The latest email addresses that look like `text` when masked, at most MOST; None if `text` is not a masked
    one."""
    parts = _MASKED.fullmatch(text)
    if parts is None:
        return None
    try:
        handle = normalise(f"{parts[1]}@{parts[2]}").value
    except InvalidAddress:
        return []
    rows = Address.objects.alias(handle=Handle("value")).filter(handle=handle, channel=Channel.EMAIL)
    return list(rows.select_related("contact").order_by("-id")[:MOST])


def person(contact: Contact) -> Profile:
    """The contact's profile, in a fixed number of queries."""
    addresses = list(contact.addresses.order_by("id"))
    by_address: dict[int, list[SuppressionShown]] = {one.pk: [] for one in addresses}
    rows = Suppression.objects.filter(address__any_of=list(by_address)).select_related("campaign")
    named = {one.pk: one for one in addresses}
    for row in rows.order_by("-since", "-id"):
        by_address[row.address_id].append(SuppressionShown(row, named[row.address_id], why_not(row.reason)))
    with_others = _with_others(addresses)
    return Profile(
        contact,
        [SuppressionBeside(one, by_address[one.pk], with_others[one.pk]) for one in addresses],
        list(contact.preferences.select_related("category").order_by("category__position", "category_id", "channel")),
        list(contact.outbox.select_related("address").order_by("-id")[:PER_PAGE]),
        list(contact.last_sent.select_related("category", "campaign").order_by("-sent_on", "-id")[:PER_PAGE]),
        _feedback(contact),
    )


def timeline(contact: Contact, *, page: str | None) -> Timeline:
    """A page of the contact's events, in two queries. `page`: its number as text; the nearest one if it does not
    exist."""
    events = ConsentEvent.objects.filter(contact=contact).select_related("address", "category", "campaign")
    found = Paginator(events.order_by("-id"), PER_PAGE).get_page(page)
    return Timeline(found, [TimelineEntry(event, _what(event)) for event in found])


def why_not(reason: SuppressionReason | str) -> str:
    """Why the staff cannot lift a suppression for this reason (rules.may_lift); "" where they can."""
    if rules.may_lift(SuppressionReason(reason), source=Source.STAFF):
        return ""
    return _ERASED if reason == SuppressionReason.ERASED else _ONLY_THE_PERSON


def _with_others(held: Sequence[Address]) -> dict[int, list[str]]:
    """SuppressionBeside.with_others, by the address's id."""
    by_address: dict[int, list[str]] = {one.pk: [] for one in held}
    named = {domains.of(one.value) for one in held if one.channel == Channel.EMAIL} - {""}
    for row in DomainSuppression.objects.filter(domain__in=named, lifted_at=None).order_by("id") if named else ():
        for one in held:
            if domains.of(one.value) == row.domain:
                by_address[one.pk].append(_WHOLE_DOMAIN.format(row.get_reason_display()))
    mailboxes = {bytes(one.gmail_digest): one.pk for one in held if one.gmail_digest} if conf.gmail_spellings() else {}
    others = Address.objects.filter(gmail_digest__any_of=list(mailboxes)).exclude(pk__in=by_address).order_by("id")
    for mailbox, contact_id in others.values_list("gmail_digest", "contact_id") if mailboxes else ():
        by_address[mailboxes[bytes(mailbox or b"")]].append(_SAME_MAILBOX.format(contact_id))
    return by_address


def _feedback(contact: Contact) -> Sequence[Feedback]:
    rows = Feedback.objects.filter(event__contact=contact).select_related("reason", "category", "campaign")
    return list(rows.order_by("-id")[:PER_PAGE])


def _what(event: ConsentEvent) -> str:
    category = event.category.name if event.category else ""
    return about_contact(event.kind, event.before, event.after, category=category, channel=event.channel)


def _readings(text: str) -> list[Normalised]:
    """The text as an address of each of CHANNELS that takes it."""
    found = []
    for channel in CHANNELS:
        try:
            found.append(normalise(text, channel=channel))
        except InvalidAddress:
            continue
    return found
