"""Composes the emails of the outbox from the templates under unsubscribe/mail/<kind>/ (requirements C1 to C4)."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from email.utils import format_datetime, parseaddr
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.utils import timezone, translation
from premailer import Premailer

from .. import conf, headers, links
from ..choices import OutboxKind, OutboxStatus, Purpose
from ..links import LinkPurpose, Target
from ..models import Address, Category, ConsentEvent, OutboxMessage
from . import wording


class EmailText(NamedTuple):
    """The texts of one email, in one language."""

    subject: str
    text: str
    html: str


def compose(message: OutboxMessage, *, now: datetime) -> EmailMultiAlternatives:
    """The email for one outbox message, with its contact and address loaded, in the contact's language, and declared
    transactional to the guarded backend. `now`: aware."""
    with translation.override(_language(message.contact.language if not message.address.is_pending else "")):
        letter = write(OutboxKind(message.kind), _context(message, now=now))
    mail = EmailMultiAlternatives(
        letter.subject, letter.text, to=[message.address.value], headers=own_headers(message.uid, now=now)
    )
    mail.attach_alternative(letter.html, "text/html")
    return mail


def write(kind: OutboxKind, context: Mapping[str, Any]) -> EmailText:
    """The email of this kind in the active language; `context` has the names that its templates use, besides
    sender()."""
    folder, context = f"unsubscribe/mail/{kind}", sender() | dict(context)
    return EmailText(
        subject=" ".join(render_to_string(f"{folder}/subject.txt", context).splitlines()).strip(),
        text=render_to_string(f"{folder}/body.txt", context),
        html=inline(render_to_string(f"{folder}/body.html", context)),
    )


def has_had_enough(message: OutboxMessage, *, now: datetime) -> bool:
    """Whether the address got conf.confirmations_per_day() of this kind in the last 24 hours (RFC 3834, section 2)."""
    day = now - timedelta(days=1)
    sent = OutboxMessage.objects.filter(
        address=message.address, kind=message.kind, status=OutboxStatus.SENT, sent_at__gt=day
    )
    return sent.count() >= conf.confirmations_per_day()


def why_unneeded(message: OutboxMessage) -> str:
    """Why this message is not needed any more, for staff, in English; "" where it is."""
    if not message.address.value:
        return "The address is no longer stored."
    if message.kind == OutboxKind.CONFIRMATION and not _net_changes(message):
        return "The change had been undone by then."
    if message.kind == OutboxKind.OPT_IN and not _asked_about(message).exists():
        return "The category is no longer available."
    if message.kind in {OutboxKind.JOIN, OutboxKind.JOINED} and not conf.has_pages():
        return "There is no page to answer it on."
    if message.kind == OutboxKind.JOIN and not _asked_whose(message):
        return "It had been answered by then."
    if message.kind == OutboxKind.JOINED and len(_linked(message)) < 2:
        return "The addresses had been separated by then."
    return ""


def inline(html: str) -> str:
    """`html` with its styles copied into the elements, because mail clients drop style sheets. Fetches nothing."""
    inlined: str = Premailer(
        html,
        keep_style_tags=True,
        strip_important=False,
        allow_network=False,
        disable_validation=True,
    ).transform()
    return inlined


def sender() -> dict[str, str]:
    """The sender's name and postal address, with which every email ends, by the names that templates use."""
    return {"sender_name": conf.sender_name(), "sender_postal_address": conf.sender_postal_address()}


def own_headers(uid: UUID, *, now: datetime) -> dict[str, str]:
    """The headers of every email of the site itself. `uid`: OwedEmail.uid, for the Message-ID; `now`: aware."""
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or conf.list_domain()
    return {
        "Message-ID": f"<{uid}@{domain}>",
        "Date": format_datetime(timezone.localtime(now)),
        "Auto-Submitted": "auto-generated",  # RFC 3834, section 5: it answers a click, not an email
        headers.PURPOSE: Purpose.TRANSACTIONAL,
    }


def _language(code: str) -> str:
    """The site's language nearest to this code; LANGUAGE_CODE where none is near."""
    try:
        return translation.get_supported_language_variant(code)
    except LookupError:
        return str(settings.LANGUAGE_CODE)


def _context(message: OutboxMessage, *, now: datetime) -> dict[str, Any]:
    today = timezone.localtime(now).date()
    return _CONTENTS[OutboxKind(message.kind)](message, today)


def _confirmation(message: OutboxMessage, today: date) -> dict[str, Any]:
    return {"changes": _net_changes(message)} | (_link(message, today) if conf.has_pages() else {})


def _link(message: OutboxMessage, today: date) -> dict[str, Any]:
    return _leads_to(LinkPurpose.FRESH, message, today)


def _opt_in(message: OutboxMessage, today: date) -> dict[str, Any]:
    return {"offers": _offers(message, today=today), "until": links.expires_on(LinkPurpose.OPT_IN, today)}


def _erase(message: OutboxMessage, today: date) -> dict[str, Any]:
    return _leads_to(LinkPurpose.ERASE, message, today)


def _join(message: OutboxMessage, today: date) -> dict[str, Any]:
    return {"addresses": _asked_whose(message)} | _leads_to(LinkPurpose.JOIN, message, today)


def _joined_now(message: OutboxMessage, today: date) -> dict[str, Any]:
    return {"addresses": _linked(message)} | _leads_to(LinkPurpose.JOIN, message, today)


def _asked_whose(message: OutboxMessage) -> list[str]:
    """The addresses that the question is about, masked: the pending ones of the contact or, if this address is pending
    itself and has to agree as well, the contact's own."""
    if message.address.is_pending:
        return _linked(message) if message.address.was_known else []
    rows = Address.objects.filter(contact=message.contact_id).order_by("id")
    return [str(one) for one in rows if one.is_pending]


def _linked(message: OutboxMessage) -> list[str]:
    """The contact's addresses that are not pending, masked."""
    rows = Address.objects.filter(contact=message.contact_id).order_by("id")
    return [str(one) for one in rows if not one.is_pending]


def _leads_to(purpose: LinkPurpose, message: OutboxMessage, today: date) -> dict[str, Any]:
    target = Target(message.address_id)
    return {"url": links.purpose_url(target, purpose, today=today), "until": links.expires_on(purpose, today)}


def _offers(message: OutboxMessage, *, today: date) -> list[dict[str, Any]]:
    """Each category the email asks about, with the link that says yes to it."""
    return [
        {
            "category": category,
            "url": links.purpose_url(Target(message.address_id, category.pk), LinkPurpose.OPT_IN, today=today),
        }
        for category in _asked_about(message)
    ]


def _asked_about(message: OutboxMessage) -> QuerySet[Category]:
    """The categories that the email asks about, without those that were retired since."""
    return Category.objects.filter(id__in=message.category_ids, retired_at=None)


_CONTENTS: dict[OutboxKind, Callable[[OutboxMessage, date], dict[str, Any]]] = {
    OutboxKind.CONFIRMATION: _confirmation,
    OutboxKind.LINK: _link,
    OutboxKind.OPT_IN: _opt_in,
    OutboxKind.ERASE: _erase,
    OutboxKind.JOIN: _join,
    OutboxKind.JOINED: _joined_now,
    OutboxKind.DOWNLOAD: _link,
    OutboxKind.ERASING: _link,
}


def _net_changes(message: OutboxMessage) -> list[str]:
    """What the events changed on the whole, as sentences: for each choice from its first `before` to its last
    `after`."""
    events = ConsentEvent.objects.filter(id__in=message.event_ids).select_related("category").order_by("id")
    first: dict[tuple[object, ...], ConsentEvent] = {}
    last: dict[tuple[object, ...], ConsentEvent] = {}
    for event in events:
        about = (event.category_id, event.channel) if event.category_id else ("suppressed" in event.after,)
        first.setdefault(about, event)
        last[about] = event
    said = [
        wording.describe(
            first[about].before,
            event.after,
            category=event.category.local_name if event.category else "",
            channel=event.channel,
        )
        for about, event in last.items()
    ]
    return [sentence for sentence in said if sentence]
