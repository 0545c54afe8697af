"""Emails about accounts: queued by pages, sent by a worker (models.AccountMessage).

Only the worker looks whether there is an account, so that neither a page nor the time it takes tells (requirement P8).
`now` is aware throughout.
"""

import re
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from functools import partial

from celery import signature
from django.core.mail import EmailMultiAlternatives, get_connection
from django.db import transaction
from django.db.models import QuerySet
from django.template import TemplateDoesNotExist
from django.template.loader import get_template, render_to_string
from django.utils import timezone, translation

from prefcenter.models import AccountMessage, User
from prefcenter.web import languages
from unsubscribe.addresses import normalise
from unsubscribe.choices import OutboxStatus
from unsubscribe.errors import InvalidAddress
from unsubscribe.models import Address
from unsubscribe.outbox import claims, compose
from unsubscribe.tasks import publish

from . import sessions

#: How long ended messages are kept, emptied.
KEPT = timedelta(days=30)
#: By name, because the task itself calls `sweep`.
SEND = signature("prefcenter.tasks.send_account_messages")
_ENDED = (OutboxStatus.SENT, OutboxStatus.FAILED, OutboxStatus.DROPPED)
_SMTP_CODE = re.compile(r"\b[45]\d\d\b")
_EMPTY: dict[str, object] = {"email": "", "context": {}}


def queue(
    template: str,
    email: str,
    context: Mapping[str, str],
    *,
    now: datetime,
    asked_language: str = "",
    browser_language: str = "",
    needs_account: bool = False,
    ends_at: datetime | None = None,
) -> None:
    """Stores an email and nudges a worker after the commit; for the arguments see AccountMessage."""
    AccountMessage.objects.create(
        template=template,
        email=email,
        context=dict(context),
        asked_language=asked_language,
        browser_language=browser_language,
        needs_account=needs_account,
        ends_at=ends_at,
        due_at=now,
        created_at=now,
    )
    transaction.on_commit(lambda: publish(SEND), robust=True)


def sweep(*, now: datetime) -> int:
    """Drops the messages that came too late, sends all that are due (claims.sweep), and empties ended ones. Returns how
    many it tried."""
    expired = AccountMessage.objects.filter(status=OutboxStatus.QUEUED, ends_at__lte=now)
    expired.update(**claims.dropped("Could not be sent in time."))
    tried = claims.sweep(AccountMessage.objects.all(), deliver, clock=lambda: max(now, timezone.now()))
    _empty(AccountMessage.objects.filter(status__in=_ENDED))
    return tried


def deliver(message_id: int, *, now: datetime) -> OutboxStatus | None:
    """Sends one message, and empties it if it has ended. Returns its new status; None if it was not due, or another
    worker had claimed it."""
    status = claims.deliver(AccountMessage.objects.all(), message_id, partial(_send, now=now), now=now)
    _empty(AccountMessage.objects.filter(id=message_id, status__in=_ENDED))
    return status


def forget_address(digests: Collection[bytes]) -> None:
    """Deletes the messages to addresses with these digests, in any spelling, that are not emptied yet."""
    waiting = AccountMessage.objects.exclude(email="").values_list("id", "email")
    ids = [id_ for id_, email in waiting if sessions.digest(email) in digests]
    AccountMessage.objects.filter(id__in=ids).delete()


def forget(*, now: datetime) -> None:
    """Deletes the ended messages older than KEPT."""
    AccountMessage.objects.filter(status__in=_ENDED, created_at__lt=now - KEPT).delete()


def _empty(rows: QuerySet[AccountMessage]) -> None:
    """Removes the address and the context from these messages; of the mail server's answer, which may have the address
    in it too, only the kind of error and its codes stay."""
    for row in rows.filter(status=OutboxStatus.FAILED).exclude(email=""):
        said = [row.last_error.partition(":")[0], *_SMTP_CODE.findall(row.last_error)]
        rows.filter(id=row.pk).update(last_error=" ".join(said))
    rows.exclude(email="").update(**_EMPTY)


def _send(message: AccountMessage, *, now: datetime) -> claims.RowUpdate:
    if message.ends_at and message.ends_at <= now:
        return claims.dropped("Could not be sent in time.")
    if message.needs_account and not User.objects.filter(email=message.email.lower(), is_active=True).exists():
        return claims.dropped("There is no account with this email address.")
    if not get_connection().send_messages([_compose(message, now=now)]):
        return claims.dropped("The gate refused this address.")
    return claims.sent(now=now)


def _compose(message: AccountMessage, *, now: datetime) -> EmailMultiAlternatives:
    context = compose.sender() | {"at": timezone.localtime(message.created_at)} | message.context
    with translation.override(_language(message)):
        subject = render_to_string(f"{message.template}_subject.txt", context)
        made = EmailMultiAlternatives(
            " ".join(subject.splitlines()).strip(),
            render_to_string(f"{message.template}_message.txt", context),
            to=[message.email],
            headers=compose.own_headers(message.uid, now=now),
        )
        try:
            page = get_template(f"{message.template}_message.html")
        except TemplateDoesNotExist:
            return made
        made.attach_alternative(compose.inline(page.render(context)), "text/html")
    return made


def _language(message: AccountMessage) -> str:
    return (
        languages.spoken(message.asked_language)
        or languages.spoken(_chosen_by_the_contact(message.email))
        or languages.spoken(message.browser_language)
        or translation.get_language()
        or "en"
    )


def _chosen_by_the_contact(email: str) -> str:
    """The language of the contact with this address; "" where there is none, or they chose none."""
    try:
        wanted = normalise(email)
    except InvalidAddress:
        return ""
    address = Address.objects.select_related("contact").filter(digest=wanted.digest, channel=wanted.channel).first()
    return address.language if address else ""
