"""Codes and notices go through the outbox: no page waits for a mail server, and none tells who has an account."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from smtplib import SMTPRecipientsRefused
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from prefcenter.accounts import outbox
from prefcenter.models import AccountMessage, SignInCode, User
from tests.factories import ADA, DAN
from tests.prefcenter.accounts.test_accounts import ASK, CONFIRM, MINE, Browser, code, work
from tests.prefcenter.admin.test_powers import JOINED
from tests.prefcenter.staff_browser import FACTOR
from tests.staff import given_an_app, member, signed_in
from unsubscribe.choices import OutboxStatus

pytestmark = pytest.mark.django_db
HOST = "mail.example.com"


def ask(client: Client, email: str) -> Any:
    """As from the page, without a worker."""
    return client.post(ASK, {"email": email}, secure=True)


@pytest.fixture
def ada(db: None) -> User:
    return User.objects.create_user(ADA)


@pytest.fixture
def visitor() -> Client:
    return Client(headers={"host": HOST})


class TestAsking:
    def test_no_request_sends_anything(self, ada: User, visitor: Client, settings: Any) -> None:
        settings.UNSUBSCRIBE_EMAIL_BACKEND = "nothing.that.can.be.Imported"
        assert ask(visitor, ADA)["Location"] == CONFIRM
        user = member(is_superuser=True)
        given_an_app(user)
        staff_client, form = signed_in(user), {"removes_second_factors": "on", "email": "new@example.com"} | JOINED
        assert staff_client.post(f"/admin/prefcenter/user/{user.pk}/change/", form, secure=True).status_code == 302
        assert AccountMessage.objects.filter(status=OutboxStatus.QUEUED).count() == 3

    def test_known_and_unknown_addresses_cost_the_same_statements(self, ada: User) -> None:
        def statements(email: str) -> list[str]:
            browser = Client(headers={"host": HOST})
            with CaptureQueriesContext(connection) as asked:
                ask(browser, email)
            with CaptureQueriesContext(connection) as typed:
                browser.post(CONFIRM, {"code": "0000-0000"}, secure=True)
            said = [one["sql"] for one in (*asked.captured_queries, *typed.captured_queries)]
            return [re.sub(r"'[^']*'|\d+", "?", one) for one in said]

        statements(DAN)
        assert statements(ADA) == statements("abe@example.com")

    def test_the_row_is_the_same_whoever_asks(self, ada: User) -> None:
        for email in (ADA, DAN):
            ask(Client(headers={"host": HOST}), email)
        known, unknown = AccountMessage.objects.order_by("id")
        assert known.context.keys() == unknown.context.keys() == {"code"}
        assert (known.status, known.attempts) == (unknown.status, unknown.attempts)

    def test_a_worker_mails_the_code_and_keeps_neither_it_nor_the_address(self, ada: User) -> None:
        for email in (ADA, DAN):
            ask(Client(headers={"host": HOST}), email)
        typed = [row.context["code"] for row in AccountMessage.objects.all()]
        work()
        assert [one.to for one in mail.outbox] == [[ADA]]
        assert code() in typed
        kept = json.dumps(list(AccountMessage.objects.values()), default=str)
        assert not [one for one in (*typed, ADA, DAN) if one in kept]
        assert not re.search(r"\b(ada|dan)\b", kept)  # as words, because hexadecimal digits can spell them
        statuses = AccountMessage.objects.order_by("id").values_list("status", flat=True)
        assert list(statuses) == [OutboxStatus.SENT, OutboxStatus.DROPPED]
        work()
        assert len(mail.outbox) == 1

    def test_nobody_reads_codes_in_the_admin_while_they_wait(self, ada: User, visitor: Client) -> None:
        ask(visitor, ADA)
        row = AccountMessage.objects.get()
        staff_client = signed_in(member(is_superuser=True))
        for page in ("", f"{row.pk}/change/"):
            shown = staff_client.get(f"/admin/prefcenter/accountmessage/{page}", secure=True).content.decode()
            assert row.context["code"] not in shown
            assert ADA not in shown


class TestAServerInTrouble:
    @pytest.fixture(autouse=True)
    def _away(self, settings: Any) -> None:
        settings.UNSUBSCRIBE_EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1

    def test_a_code_comes_when_the_server_is_back(self, ada: User, visitor: Client, settings: Any) -> None:
        ask(visitor, ADA)
        work()
        row = AccountMessage.objects.get()
        assert (row.status, row.attempts, row.email) == (OutboxStatus.QUEUED, 1, ADA)
        settings.UNSUBSCRIBE_EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
        outbox.sweep(now=row.due_at)
        assert [one.to for one in mail.outbox] == [[ADA]]

    def test_a_code_that_has_expired_is_not_sent_and_not_kept(self, ada: User, visitor: Client, settings: Any) -> None:
        ask(visitor, ADA)
        work()
        settings.UNSUBSCRIBE_EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
        outbox.sweep(now=timezone.now() + timedelta(minutes=15))
        row = AccountMessage.objects.get()
        assert (row.status, row.email, row.context) == (OutboxStatus.DROPPED, "", {})
        assert not mail.outbox

    def test_what_a_dead_worker_held_is_sent_by_the_next(self, ada: User, visitor: Client, settings: Any) -> None:
        settings.UNSUBSCRIBE_EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
        ask(visitor, ADA)
        held = timezone.now() - timedelta(seconds=301)
        AccountMessage.objects.update(status=OutboxStatus.SENDING, claimed_at=held)
        work()
        assert len(mail.outbox) == 1

    def test_a_notice_that_is_given_up_leaves_no_address(self) -> None:
        outbox.queue("mfa/email/changed", ADA, {"what": "Something."}, now=timezone.now())
        for _ in range(8):
            row = AccountMessage.objects.get()
            outbox.deliver(row.pk, now=row.due_at)
        row.refresh_from_db()
        assert (row.status, row.email, row.context) == (OutboxStatus.FAILED, "", {})

    def test_nor_what_the_server_said_of_it(self, settings: Any) -> None:
        outbox.queue("mfa/email/changed", ADA, {"what": "Something."}, now=timezone.now())
        settings.UNSUBSCRIBE_EMAIL_BACKEND = f"{__name__}.Refuses"
        work()
        row = AccountMessage.objects.get()
        assert (row.status, row.last_error) == (OutboxStatus.FAILED, "SMTPRecipientsRefused 550")


class Refuses(BaseEmailBackend):
    def send_messages(self, messages: Any) -> int:
        raise SMTPRecipientsRefused({ADA: (550, b"5.1.1 ada is unknown here")})


class TestACodeOnce:
    def test_the_same_code_signs_in_once(self, ada: User) -> None:
        browser = Browser()
        browser.send(ASK, email=ADA)
        session = browser.client.session
        stolen = dict(session.items())
        assert browser.send(CONFIRM, code=code())["Location"] == MINE
        again = Browser()
        again.open(ASK)
        other = again.client.session
        other.update(stolen)
        other.save()
        assert again.send(CONFIRM, code=code())["Location"] == ASK
        assert not again.is_signed_in()

    def test_what_is_over_is_forgotten(self, ada: User) -> None:
        Browser().send(ASK, email=ADA)
        from_now = timezone.now() + timedelta(days=31)
        outbox.forget(now=from_now)
        assert not AccountMessage.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgresql_only("SQLite in memory lets no writer wait for another")
class TestManyAtOnce:
    def at_once(self, client: Client, url: str, forms: list[dict[str, str]]) -> list[Any]:
        """Each in a thread of its own, from the same browser."""
        cookies = client.cookies.output(header="", sep=";").strip()

        def send(form: dict[str, str]) -> Any:
            other = Client(headers={"host": HOST})
            other.cookies.load(cookies)
            try:
                return other.post(url, form, secure=True)
            finally:
                connection.close()

        with ThreadPoolExecutor(10) as pool:
            return list(pool.map(send, forms))

    def test_a_code_is_tried_five_times_however_many_guess_at_once(self, visitor: Client) -> None:
        User.objects.create_user(ADA)
        ask(visitor, ADA)
        work()
        right = code()
        guesses = [{"code": f"{number:04}-0000"} for number in range(30)]
        answers = self.at_once(visitor, CONFIRM, guesses)
        assert SignInCode.objects.get().tries == 5
        wrong = [
            one for one in answers if one.status_code == 200 and "Use the latest one we sent." in one.content.decode()
        ]
        assert len(wrong) <= 5
        assert self.at_once(visitor, CONFIRM, [{"code": right}])[0]["Location"] != MINE

    def test_of_many_right_ones_at_once_one_signs_in(self, visitor: Client) -> None:
        User.objects.create_user(ADA)
        ask(visitor, ADA)
        work()
        answers = self.at_once(visitor, CONFIRM, [{"code": code()}] * 5)
        assert [one.get("Location") for one in answers].count(MINE) == 1

    def test_a_recovery_code_opens_once(self) -> None:
        user = User.objects.create_superuser(ADA)
        given_an_app(user)
        one, *_ = RecoveryCodes.activate(user).get_unused_codes()
        browser = Client(headers={"host": HOST})
        browser.force_login(user)
        answers = self.at_once(browser, f"{FACTOR}again/", [{"code": one}] * 4)
        assert [answer.status_code for answer in answers].count(302) == 1

    def test_a_second_factor_is_guessed_five_times(self) -> None:
        user = User.objects.create_superuser(ADA)
        given_an_app(user)
        browser = Client(headers={"host": HOST})
        browser.force_login(user)
        answers = self.at_once(browser, f"{FACTOR}again/", [{"code": f"{number:06}"} for number in range(30)])
        assert len([one for one in answers if one.status_code == 200]) <= 5
        assert Authenticator.objects.filter(user=user).count() == 1
