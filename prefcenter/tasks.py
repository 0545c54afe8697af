"""The site's own Celery tasks. They decide nothing: each hands the work to the room it belongs to."""

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
    return link_requests.answer(now=timezone.now())


@shared_task(ignore_result=True)
def send_account_messages() -> int:
    """Nudged when somebody wants to sign in, and swept up every minute."""
    return account_outbox.sweep(now=timezone.now())


@shared_task(ignore_result=True)
def work_on_imports() -> int:
    """Nudged when somebody hands in or confirms a file, and swept up every minute: what waits is in the table."""
    imports.tidy(now=timezone.now())
    # Told to end, a worker does not wait for a million rows; the next one goes on.
    return imports.work(now=timezone.now(), must_stop=lambda: state.should_stop is not None)


@shared_task(ignore_result=True)
def send_webhooks() -> None:
    """Every few seconds. One round at a time, so that of the worker's two threads one stays free for mail, however
    slowly anybody answers."""
    if not _sending.acquire(blocking=False):
        return
    try:
        delivery.send_all(must_stop=lambda: state.should_stop is not None)
    finally:
        _sending.release()


@shared_task(ignore_result=True)
def forget_answers() -> None:
    """What was kept for callers that ask again, and webhooks that are over."""
    api_keys.forget_answers(now=timezone.now())
    delivery.forget(now=timezone.now())


@shared_task(ignore_result=True)
def forget_sessions() -> None:
    """A sign-in that was begun and never finished leaves the typed address in its session: gone once that is over."""
    call_command("clearsessions")
    codes.forget(now=timezone.now())
    account_outbox.forget(now=timezone.now())


@shared_task(ignore_result=True)
def forget_cached() -> None:
    cache_keys.forget_expired()


@shared_task(ignore_result=True)
def seal_ledger() -> None:
    """Every hour. The seal stands before its mail is tried, and whatever becomes of that."""
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
    now = timezone.now()
    return digest.send(digest.gather(digest.period(digest.DAYS, now=now)), now=now)
