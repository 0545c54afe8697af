"""Composes the mails this site sends: what changed, from when, and how to undo it. No marketing, ever."""

from datetime import datetime, timedelta
from email.utils import format_datetime, parseaddr
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import timezone, translation
from premailer import Premailer

from . import conf, headers, links, sentences
from .choices import OutboxKind, OutboxStatus, Purpose
from .links import Target
from .models import ConsentEvent, OutboxMessage


def compose(message: OutboxMessage, *, now: datetime) -> EmailMultiAlternatives:
    """The mail for one outbox row, in the contact's language, declared transactional to the guarded backend."""
    folder = f"unsubscribe/mail/{message.kind}"
    with translation.override(message.contact.language or settings.LANGUAGE_CODE):
        context = _context(message, now=now)
        subject = " ".join(render_to_string(f"{folder}/subject.txt", context).split())
        text = render_to_string(f"{folder}/body.txt", context)
        html = render_to_string(f"{folder}/body.html", context)
    mail = EmailMultiAlternatives(subject, text, to=[message.address.value], headers=_headers(message, now=now))
    mail.attach_alternative(_inline(html), "text/html")
    return mail


def has_had_enough(message: OutboxMessage, *, now: datetime) -> bool:
    """Whether the address got its number of such mails in the last 24 hours (RFC 3834, section 2)."""
    day = now - timedelta(days=1)
    sent = OutboxMessage.objects.filter(
        address=message.address, kind=message.kind, status=OutboxStatus.SENT, sent_at__gt=day
    )
    return sent.count() >= conf.confirmations_per_day()


def why_unneeded(message: OutboxMessage) -> str:
    """The reason not to send after all, or ""."""
    if not message.address.value:
        return "The address is no longer kept."
    if message.kind == OutboxKind.CONFIRMATION and not _net_changes(message):
        return "Everything was as before by then."
    return ""


def _headers(message: OutboxMessage, *, now: datetime) -> dict[str, str]:
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or conf.list_domain()
    return {
        "Message-ID": f"<{message.uid}@{domain}>",
        "Date": format_datetime(timezone.localtime(now)),
        "Auto-Submitted": "auto-generated",  # RFC 3834, section 5: a click was answered, not a mail
        headers.PURPOSE: Purpose.TRANSACTIONAL,
    }


def _context(message: OutboxMessage, *, now: datetime) -> dict[str, Any]:
    today = timezone.localtime(now).date()
    return {
        "sender_name": conf.sender_name(),
        "sender_postal_address": conf.sender_postal_address(),
        "changes": _net_changes(message),
        "preferences_url": links.preferences_url(Target(message.address_id), today=today),
        "link_days": conf.preferences_link_days(),
    }


def _net_changes(message: OutboxMessage) -> list[str]:
    """What is different now from before the first event, in sentences: per choice its first and its last state."""
    events = ConsentEvent.objects.filter(id__in=message.event_ids).select_related("category").order_by("id")
    first: dict[tuple[object, ...], ConsentEvent] = {}
    last: dict[tuple[object, ...], ConsentEvent] = {}
    for event in events:
        about = (event.category_id, event.channel) if event.category_id else (*event.before, *event.after)[:1]
        first.setdefault(about, event)
        last[about] = event
    said = [
        sentences.describe(
            first[about].before,
            event.after,
            category=event.category.name if event.category else "",
            channel=event.channel,
        )
        for about, event in last.items()
    ]
    return [sentence for sentence in said if sentence]


def _inline(html: str) -> str:
    """Styles moved into the elements, because mail clients drop style sheets; nothing is fetched."""
    return Premailer(
        html,
        keep_style_tags=True,
        strip_important=False,
        allow_network=False,
        disable_validation=True,
    ).transform()
