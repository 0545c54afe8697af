"""manage.py verify_ledger and the hourly seal: what is said, what is mailed out of the house, and the exit status."""

import io
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from celery import current_app
from django.conf import settings as django_settings
from django.core import checks, mail
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import OperationalError, connection
from django.utils import timezone

from prefcenter.tasks import seal_ledger
from tests.factories import AddressFactory
from unsubscribe import actions
from unsubscribe.actions import Origin
from unsubscribe.choices import Source
from unsubscribe.ledger import seals
from unsubscribe.links import Target
from unsubscribe.models import Address, Category, ConsentEvent, Seal

pytestmark = pytest.mark.django_db


NOT_COMPARED = (
    "Not compared with a hash stored off-site (--head), so seals removed together with their events can’t be "
    "detected.\n"
)
OVERDUE = (
    "Events older than two hours that are not sealed: {}. The worker seals every hour: if it was running, seals "
    "have been removed.\n"
)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def run(*arguments: str, err: io.StringIO | None = None) -> tuple[int, str]:
    out = io.StringIO()
    try:
        call_command("verify_ledger", *arguments, stdout=out, stderr=err or io.StringIO())
    except SystemExit as left:
        return int(str(left.code)), out.getvalue()
    return 0, out.getvalue()


def opt_out(address: Address, news: Category, now: datetime) -> ConsentEvent:
    [event] = actions.opt_out([Target(address.pk, news.pk)], Origin(Source.PAGE, now))
    return event


@pytest.fixture
def event(ada: Address, news: Category, now: datetime) -> ConsentEvent:
    made = opt_out(ada, news, now)
    assert seals.seal(now=now)
    return made


def test_an_untouched_ledger_is_said_to_be_one(event: ConsentEvent, news: Category) -> None:
    opt_out(AddressFactory.create(), news, timezone.now() - timedelta(minutes=119))
    fingerprint = Seal.objects.get().fingerprint
    said = f"Nothing was changed. Events: 2, not sealed yet: 1. Seals: 1.\nThe newest seal is 1: {fingerprint}\n{{}}"
    assert run() == (0, said.format(NOT_COMPARED))
    assert run("--head", fingerprint) == (0, said.format(""))


@pytest.mark.parametrize("events", [0, 1])
def test_a_fresh_house_without_a_seal_is_accused_of_nothing(events: int, ada: Address, news: Category) -> None:
    for _ in range(events):
        opt_out(ada, news, timezone.now())
    said = f"Nothing was changed. Events: {events}, not sealed yet: {events}. Seals: 0.\nNo seals yet.\n"
    assert run() == (0, said + NOT_COMPARED)


def test_lines_that_should_long_be_sealed_are_found(event: ConsentEvent, news: Category) -> None:
    """The worker was down, or seals were removed: nobody can say which from here."""
    for ago in (timedelta(minutes=121), timedelta(days=30), timedelta(minutes=5)):
        opt_out(AddressFactory.create(), news, timezone.now() - ago)
    status, said = run()
    assert status == 1
    assert said.startswith(OVERDUE.format(2) + "Findings: 1. Events: 4, not sealed yet: 3. Seals: 1.\n")
    seals.seal(now=timezone.now())
    assert run()[0] == 0


def test_a_ledger_whose_seals_were_all_removed_is_not_called_untouched(event: ConsentEvent) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM unsubscribe_seal")
    said = "Findings: 1. Events: 1, not sealed yet: 1. Seals: 0.\nNo seals yet.\n"
    assert run() == (1, OVERDUE.format(1) + said + NOT_COMPARED)


def test_the_newest_seals_removed_with_their_lines_show_by_a_hash_kept_elsewhere(
    event: ConsentEvent, news: Category
) -> None:
    """And only by it, which is said."""
    later = opt_out(AddressFactory.create(), news, timezone.now())
    kept = seals.seal(now=timezone.now())
    assert kept
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM unsubscribe_seal WHERE number = 2")
        cursor.execute("DELETE FROM unsubscribe_outboxmessage")
        cursor.execute("DELETE FROM unsubscribe_consentevent WHERE id = %s", [later.pk])
    status, said = run()
    assert status == 0
    assert said.endswith(NOT_COMPARED)
    assert run("--head", kept.fingerprint)[0] == 1


def test_a_touched_line_is_named_and_the_status_says_so(event: ConsentEvent) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE unsubscribe_consentevent SET note = 'never said' WHERE id = %s", [event.pk])
    status, said = run()
    assert status == 1
    assert said.startswith(
        f"Event {event.pk} was edited after it was sealed, or moved to another address.\nFindings: 1. Events: 1,"
    )
    assert "never said" not in said


def test_a_hash_kept_elsewhere_must_still_be_in_the_chain(event: ConsentEvent, now: datetime) -> None:
    kept = Seal.objects.get().fingerprint
    assert run("--head", kept)[0] == 0
    opt_out(AddressFactory.create(), Category.objects.get(), now)
    seals.seal(now=now)
    assert run("--head", kept.upper())[0] == 0, "the chain goes on from it"
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM unsubscribe_seal")
    seals.seal(now=now)
    status, said = run("--head", kept)
    assert status == 1
    assert said.startswith(f"Seal {kept} is no longer in the chain.\n")


@pytest.mark.parametrize("text", ["", "beef", "x" * 64])
def test_what_is_no_hash_is_said(text: str) -> None:
    with pytest.raises(CommandError, match="not the hash of a seal"):
        run(f"--head={text}")


def test_a_terminal_sees_how_far_it_is(event: ConsentEvent) -> None:
    screen = Terminal()
    run(err=screen)
    assert "\r1 of 1 events" in screen.getvalue()
    pipe = io.StringIO()
    run(err=pipe)
    assert pipe.getvalue() == ""


def test_a_database_that_is_not_ready_is_said() -> None:
    def away(*args: Any) -> None:
        raise OperationalError("no such table: unsubscribe_seal")

    with connection.execute_wrapper(away), pytest.raises(CommandError, match="The database doesn’t respond") as refused:
        run()
    assert refused.value.returncode == 2


def test_every_hour_the_hash_leaves_the_house(ada: Address, news: Category, now: datetime, settings: Any) -> None:
    settings.SEALS_TO = ["notary@example.org", "lawyer@example.org"]
    opt_out(ada, news, now)
    seal_ledger()
    seal_ledger()
    [letter] = mail.outbox
    fingerprint = Seal.objects.get().fingerprint
    assert letter.to == settings.SEALS_TO
    assert letter.subject == "Seal 1 of the consent ledger"
    assert re.search(rf"^manage\.py verify_ledger --head {fingerprint}$", str(letter.body), re.MULTILINE)
    assert "example.com" not in letter.body
    assert set(letter.extra_headers) == {"Auto-Submitted"}


def test_without_anybody_to_mail_it_to_the_seal_is_made(ada: Address, news: Category, now: datetime) -> None:
    assert django_settings.SEALS_TO == []
    opt_out(ada, news, now)
    seal_ledger()
    assert Seal.objects.count() == 1
    assert mail.outbox == []


def test_a_mail_server_that_is_away_does_not_keep_a_seal_from_being_made(
    ada: Address, news: Category, now: datetime, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.SEALS_TO = ["notary@example.org"]
    settings.UNSUBSCRIBE_EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    opt_out(ada, news, now)
    seal_ledger()
    assert Seal.objects.count() == 1
    assert "The hash of seal 1 could not be emailed: ConnectionRefusedError" in caplog.text
    assert "notary" not in caplog.text


@pytest.mark.parametrize(("kept_by", "said"), [([], ["prefcenter.I001"]), (["notary@example.org"], [])])
def test_before_going_live_it_is_said_that_nobody_keeps_the_hashes(
    kept_by: list[str], said: list[str], settings: Any
) -> None:
    settings.SEALS_TO = kept_by
    found = checks.run_checks(tags=["prefcenter"], include_deployment_checks=True)
    assert [one.id for one in found] == said
    assert all(one.level == checks.INFO for one in found), "nothing that a deployment would stop at"
    assert checks.run_checks(tags=["prefcenter"]) == []


def test_it_is_sealed_every_hour() -> None:
    [entry] = [one for one in django_settings.CELERY_BEAT_SCHEDULE.values() if "seal" in one["task"]]
    assert entry == {"task": seal_ledger.name, "schedule": 3600.0}
    assert seal_ledger.name in current_app.tasks
