"""The site's Celery tasks; their schedule is CELERY_BEAT_SCHEDULE. Their names are stored in queues and never
change."""

import logging
import threading

from celery import shared_task
from celery.worker import state
from django.conf import settings
from django.core.mail import EmailMessage
from django.core.management import call_command
from django.utils import timezone

from prefcenter.accounts import api_keys, codes
from prefcenter.accounts import outbox as account_outbox
from prefcenter.lists import imports
from prefcenter.pages import link_requests
from prefcenter.reports import digest
from prefcenter.web import cache_keys
from prefcenter.webhooks import delivery
from unsubscribe import headers
from unsubscribe.choices import Purpose
from unsubscribe.ledger import seals
from unsubscribe.models import Seal

logger = logging.getLogger(__name__)
_sending = threading.Lock()


@shared_task(ignore_result=True)
def answer_link_requests() -> int:
    """Nudged when a link is asked for, and swept up every minute."""
    return link_requests.answer(now=timezone.now())


@shared_task(ignore_result=True)
def send_account_messages() -> int:
    """Nudged when an email about an account is queued, and swept up every minute."""
    return account_outbox.sweep(now=timezone.now())


@shared_task(ignore_result=True)
def work_on_imports() -> int:
    """Nudged when a file is uploaded or confirmed, and swept up every minute."""
    imports.tidy(now=timezone.now())
    # A worker that is told to stop does so between batches; the next one continues.
    return imports.work(now=timezone.now(), must_stop=lambda: state.should_stop is not None)


@shared_task(ignore_result=True)
def send_webhooks() -> None:
    """Every WEBHOOKS_SECONDS. One round at a time in a process, so that slow endpoints hold only one of its threads."""
    if not _sending.acquire(blocking=False):
        return
    try:
        delivery.send_all(must_stop=lambda: state.should_stop is not None)
    finally:
        _sending.release()


@shared_task(ignore_result=True)
def forget_answers() -> None:
    """Every day: deletes old answers by Idempotency-Key, and old deliveries of webhooks."""
    api_keys.forget_answers(now=timezone.now())
    delivery.forget(now=timezone.now())


@shared_task(ignore_result=True)
def forget_sessions() -> None:
    """Every day: deletes expired sessions (one of an unfinished sign-in holds the typed address), old sign-in codes and
    old emails about accounts."""
    call_command("clearsessions")
    codes.forget(now=timezone.now())
    account_outbox.forget(now=timezone.now())


@shared_task(ignore_result=True)
def forget_cached() -> None:
    """Every hour: deletes expired entries of a cache in the database."""
    cache_keys.forget_expired()


@shared_task(ignore_result=True)
def seal_ledger() -> None:
    """Every hour: seals new events, then emails the seal's hash to SEALS_TO; if that fails, the seal stays."""
    made = seals.seal(now=timezone.now())
    if made and settings.SEALS_TO:
        try:
            _letter(made).send()
        except OSError as error:
            logger.error("The hash of seal %s could not be emailed: %s", made.number, type(error).__name__)


def _letter(seal: Seal) -> EmailMessage:
    body = (
        f"Seal {seal.number} of the consent ledger, created at {seal.at:%Y-%m-%d %H:%M} UTC:\n\n"
        f"{seal.fingerprint}\n\n"
        "Keep this email where no one who works on the site can change it. To check whether the ledger still matches\n"
        "this seal, run:\n\n"
        f"manage.py verify_ledger --head {seal.fingerprint}\n"
    )
    said = {headers.PURPOSE: Purpose.TRANSACTIONAL, "Auto-Submitted": "auto-generated"}
    return EmailMessage(f"Seal {seal.number} of the consent ledger", body, to=settings.SEALS_TO, headers=said)


@shared_task(ignore_result=True)
def send_feedback_digest() -> int:
    """On Mondays: sends the digest of the last week to staff who have not had it yet."""
    now = timezone.now()
    return digest.send(digest.gather(digest.period(digest.DAYS, now=now)), now=now)
