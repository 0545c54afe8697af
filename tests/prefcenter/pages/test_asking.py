"""Asking for a link at /preferences/: for everybody the same answer, and nobody learns who is known here."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.utils import timezone
from kombu import Connection

from prefcenter import tasks
from prefcenter.models import LinkRequest, User
from prefcenter.pages import link_requests
from tests.factories import ADA, BOB, DAN, AddressFactory
from unsubscribe import actions, outbox
from unsubscribe.actions import Origin
from unsubscribe.choices import Source, SuppressionReason
from unsubscribe.models import Address, OutboxMessage

pytestmark = pytest.mark.django_db
URL = "/preferences/"
_SAVEPOINT = re.compile(r"\"s\d+_x\d+\"")
ON_ITS_WAY = "If this address is on our lists, we’ve emailed you a link."


@pytest.fixture
def visitor() -> Client:
    return Client(enforce_csrf_checks=True, headers={"host": "mail.example.com", "accept": "text/html"})


def ask(visitor: Client, address: str, *, network: str = "198.51.100.7", **extra: Any) -> HttpResponse:
    answer: HttpResponse = visitor.post(URL, {"email": address}, secure=True, REMOTE_ADDR=network, **extra)  # type: ignore[assignment]  # the test client's own class
    assert not answer.cookies
    return answer


@contextmanager
def queries() -> Iterator[list[str]]:
    """The SQL of what runs within, with places where the values go."""
    seen: list[str] = []

    def look(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        seen.append(_SAVEPOINT.sub("savepoint", sql))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(look):
        yield seen


def recipients() -> list[str]:
    """To whom the worker's two tasks write."""
    tasks.answer_link_requests()
    for message_id in outbox.due(now=timezone.now(), limit=100):
        outbox.deliver(message_id, now=timezone.now())
    return [one for message in mail.outbox for one in message.to]


class TestThePage:
    def test_asks_for_the_address_and_sets_no_cookie(self, visitor: Client) -> None:
        answer = visitor.get(URL, secure=True)
        page = answer.content.decode()
        assert answer.status_code == 200
        assert not answer.cookies
        assert 'type="email"' in page
        assert 'autocomplete="email"' in page
        assert "/accounts/login/code/" in page
        assert answer["Cache-Control"] == "no-store"
        assert answer["Referrer-Policy"] == "no-referrer"
        assert "noindex" in answer["X-Robots-Tag"]

    @pytest.mark.parametrize(("query", "kept"), [("", ""), ("?lang=de", "?lang=de"), ("?lang=xx&a=b", "")])
    def test_the_root_leads_here_in_the_language_asked_for(self, query: str, kept: str, visitor: Client) -> None:
        answer = visitor.get(f"/{query}", secure=True)
        assert (answer.status_code, answer["Location"]) == (302, URL + kept)
        assert f'href="/accounts/login/code/{kept}"' in visitor.get(URL + kept, secure=True).content.decode()

    def test_who_is_signed_in_is_led_to_their_own(self, visitor: Client) -> None:
        visitor.force_login(User.objects.create_user(ADA))
        assert visitor.get(URL, secure=True)["Location"] == "/preferences/mine/"

    @pytest.mark.parametrize(("method", "status"), [("put", 405), ("delete", 405), ("options", 204), ("head", 200)])
    def test_other_methods_change_nothing(self, method: str, status: int, visitor: Client) -> None:
        assert getattr(visitor, method)(URL, secure=True).status_code == status
        assert not LinkRequest.objects.exists()

    @pytest.mark.parametrize(
        "typed", ["ada", "ada@", "@example.com", "ada@example.com, bob@example.com", "a\x00@b.de", "a" * 999]
    )
    def test_what_is_no_address_is_said_beside_the_field(self, typed: str, visitor: Client) -> None:
        answer = ask(visitor, typed)
        page = answer.content.decode()
        assert answer.status_code == 400
        assert 'aria-invalid="true"' in page
        assert 'aria-describedby="id_email_error"' in page
        assert 'id="id_email_error"' in page
        assert f'value="{typed}"' in page
        assert not LinkRequest.objects.exists()

    def test_an_empty_field_is_said_so_too(self, visitor: Client) -> None:
        answer = ask(visitor, " ")
        assert answer.status_code == 400
        assert "Enter your email address." in answer.content.decode()

    @pytest.mark.parametrize(
        "typed",
        [
            " Ada@Example.com ",
            '"ada"@example.com',
            "Ada <ada@example.com>",
            "mailto:ada@example.com",
            "ada＠example.com",
        ],
    )
    def test_any_spelling_reaches_the_address(self, typed: str, visitor: Client, ada: Address) -> None:
        ask(visitor, typed)
        assert recipients() == [ADA]


class TestWhoIsKnown:
    def test_p8_cannot_be_told_from_the_answer_nor_from_what_it_costs(self, visitor: Client, ada: Address) -> None:
        answers, costs = [], []
        for address in (ADA, DAN):
            with queries() as seen:
                answers.append(ask(visitor, address))
            costs.append(seen)
        assert answers[0].status_code == 200
        assert ON_ITS_WAY in answers[0].content.decode()
        assert answers[0].content == answers[1].content
        for answer in answers:
            del answer.headers["Expires"]  # the second in which it was answered
        assert answers[0].headers == answers[1].headers
        assert costs[0] == costs[1]
        assert not [sql for sql in costs[0] if "unsubscribe_" in sql]

    def test_the_mail_reaches_the_known_one_and_nobody_else(self, visitor: Client, ada: Address) -> None:
        AddressFactory.create(contact=ada.contact, text="ada@work.example")
        AddressFactory.create(text=BOB)
        for address in (ADA, DAN, ADA):
            ask(visitor, address)
        assert recipients() == [ADA]
        assert "https://mail.example.com/f/" in str(mail.outbox[0].body)

    @pytest.mark.parametrize(
        ("reason", "reached"),
        [
            (SuppressionReason.COMPLAINT, [ADA]),
            (SuppressionReason.UNSUBSCRIBED_ALL, [ADA]),
            (SuppressionReason.HARD_BOUNCE, []),
        ],
    )
    def test_it_is_transactional(
        self, reason: SuppressionReason, reached: list[str], visitor: Client, ada: Address
    ) -> None:
        actions.suppress([ada.pk], Origin(Source.STAFF, timezone.now()), reason=reason)
        OutboxMessage.objects.all().delete()
        ask(visitor, ADA)
        assert recipients() == reached

    def test_an_erased_one_gets_nothing(self, visitor: Client, ada: Address) -> None:
        actions.erase([ada.contact_id], Origin(Source.PAGE, timezone.now()))
        assert ON_ITS_WAY in ask(visitor, ADA).content.decode()
        assert recipients() == []
        assert not OutboxMessage.objects.exists()


class TestLimits:
    @pytest.mark.parametrize("address", [ADA, DAN])
    def test_the_fourth_for_one_address_waits_whether_known_or_not(
        self, address: str, visitor: Client, ada: Address
    ) -> None:
        answers = [ask(visitor, address, network=f"198.51.100.{number}") for number in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert 3590 <= int(answers[3]["Retry-After"]) <= 3600
        assert answers[3]["Content-Length"] == str(len(answers[3].content))
        page = answers[3].content.decode()
        assert "never expires" in page
        assert "example.com" not in page.partition("<main>")[2]
        assert ask(visitor, BOB).status_code == 200

    def test_the_twenty_first_from_one_network_waits(self, visitor: Client) -> None:
        answers = [ask(visitor, f"reader{number}@example.com") for number in range(21)]
        assert [answer.status_code for answer in answers] == [200] * 20 + [429]
        assert ask(visitor, DAN, network="198.51.100.8").status_code == 200

    def test_a_machine_gets_a_sentence(self, visitor: Client) -> None:
        for _ in range(3):
            ask(visitor, DAN)
        answer = ask(visitor, DAN, headers={"accept": "*/*"})
        assert answer.status_code == 429
        assert answer["Content-Type"].startswith("text/plain")

    @pytest.mark.parametrize(
        ("is_trusted", "forwarded", "same_as_first"),
        [
            (False, "203.0.113.1", True),
            (True, "203.0.113.1", False),
            (True, "198.51.100.7", True),
            (True, "203.0.113.1, 198.51.100.7", True),
            (True, "198.51.100.7, 203.0.113.1", False),
            (True, "198.51.100.7:50123", True),
            (True, "::ffff:198.51.100.7", True),
            (True, None, False),
        ],
    )
    def test_the_proxy_is_believed_about_the_network_only_if_the_settings_say_so(
        self, is_trusted: bool, forwarded: str | None, same_as_first: bool, visitor: Client, settings: Any
    ) -> None:
        ask(visitor, ADA)
        settings.TRUST_PROXY_HEADERS = is_trusted
        headers = {"x-forwarded-for": forwarded} if forwarded else {}
        network = "192.0.2.1" if is_trusted else "198.51.100.7"
        ask(visitor, BOB, network=network, headers=headers)
        first, second = (bytes(one) for one in LinkRequest.objects.order_by("id").values_list("network", flat=True))
        assert (first == second) == same_as_first

    @pytest.mark.parametrize(("path", "offers"), [(URL, False), ("/accounts/login/code/", True), (None, True)])
    def test_the_page_for_too_many_offers_a_way_out_at_every_other_page(
        self, path: str | None, offers: bool, rf: RequestFactory
    ) -> None:
        page = render_to_string("429.html", request=rf.post(path) if path else None)
        assert (f'href="{URL}"' in page) == offers


class TestABrokerThatIsAway:
    def test_does_not_matter(
        self,
        visitor: Client,
        ada: Address,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
        django_capture_on_commit_callbacks: Any,
    ) -> None:
        nowhere = Connection("redis://127.0.0.1:1/0", transport_options={"max_retries": 0})
        publish = partial(link_requests.ANSWER.apply_async, connection=nowhere)
        monkeypatch.setattr(link_requests.ANSWER, "apply_async", publish)
        with django_capture_on_commit_callbacks(execute=True) as callbacks:
            answer = ask(visitor, ADA)
        assert (answer.status_code, len(callbacks)) == (200, 1)
        assert "No broker" in caplog.text
        assert recipients() == [ADA]

    def test_whatever_it_says(
        self, visitor: Client, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
    ) -> None:
        def broken(*args: Any, **kwargs: Any) -> None:
            raise RuntimeError

        monkeypatch.setattr(link_requests.ANSWER, "apply_async", broken)
        with django_capture_on_commit_callbacks(execute=True):
            assert ask(visitor, ADA).status_code == 200
        assert LinkRequest.objects.count() == 1
