"""Anymail behind the guard: what belongs to a recipient goes with their letter, and what became of it comes back."""

from typing import Any

import pytest
import requests
from django.core import mail
from django.core.mail import EmailMessage, get_connection

from tests.factories import ADA, BOB, CLEO
from tests.unsubscribe.backends.test_backends import TRANSACTIONAL, about, block, message, send
from unsubscribe.choices import SuppressionReason
from unsubscribe.models import Category, SentCount

anymail = pytest.importorskip("anymail.message")
from anymail.exceptions import AnymailAPIError, AnymailRequestsAPIError  # noqa: E402

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_only]

STRASSE = "jo@xn--strae-mail-83a.example"


@pytest.fixture(autouse=True)
def _anymail(settings: Any) -> None:
    settings.UNSUBSCRIBE_EMAIL_BACKEND = "anymail.backends.test.EmailBackend"


def params() -> list[dict[str, Any]]:
    return [vars(one)["anymail_test_params"] for one in mail.outbox]


def mailing(*to: str, **said: Any) -> EmailMessage:
    one: EmailMessage = anymail.AnymailMessage("Hello", "Hello {{name}}.", to=list(to), headers=about("news"))
    vars(one).update(
        merge_data={ADA: {"name": "Ada"}, BOB: {"name": "Bob"}, "jo@straße-mail.example": {"name": "Jo"}},
        merge_metadata={ADA: {"order": 1}, BOB: {"order": 2}},
        merge_headers={BOB: {"X-Order": "2"}},
        metadata={"mailing": "June"},
        tags=["june"],
        **said,
    )
    return one


def test_what_is_said_of_a_recipient_goes_with_their_letter_alone(news: Category) -> None:
    block(CLEO, SuppressionReason.MANUAL)
    original = mailing(f"Ada <{ADA}>", BOB, CLEO, "Jo <jo@straße-mail.example>")
    assert send(original) == 1
    assert [[to.addr_spec for to in one["to"]] for one in params()] == [[ADA], [BOB], [STRASSE]]
    assert [one["merge_data"] for one in params()] == [
        {ADA: {"name": "Ada"}},
        {BOB: {"name": "Bob"}},
        {STRASSE: {"name": "Jo"}},
    ]
    assert [one["merge_metadata"] for one in params()] == [{ADA: {"order": 1}}, {BOB: {"order": 2}}, {}]
    assert [one["merge_headers"] for one in params()] == [{}, {BOB: {"X-Order": "2"}}, {}]
    assert [(one["metadata"], one["tags"]) for one in params()] == [({"mailing": "June"}, ["june"])] * 3
    first, second, _third = map(vars, mail.outbox)
    first["metadata"]["mailing"] = "changed on the way"
    assert second["metadata"] == vars(original)["metadata"] == {"mailing": "June"}
    assert len(vars(original)["merge_data"]) == 3


@pytest.mark.parametrize("kind", [EmailMessage, anymail.AnymailMessage])
def test_what_became_of_it_reaches_the_callers_message(kind: type[EmailMessage], news: Category) -> None:
    block(CLEO, SuppressionReason.MANUAL)
    original: Any = kind("Hello", "Hello.", to=[ADA, "jo@straße-mail.example", CLEO], headers=about("news"))
    other: Any = kind("Hello", "Hello.", to=[BOB], headers=about("news"))
    assert send(original, other) == 2
    status = original.anymail_status
    assert {one: (said.status, said.message_id) for one, said in status.recipients.items()} == {
        ADA: ("sent", 0),
        "jo@straße-mail.example": ("sent", 1),
    }
    assert (status.status, status.message_id) == ({"sent"}, {0, 1})
    assert status.esp_response
    assert (other.anymail_status.message_id, list(other.anymail_status.recipients)) == (2, [BOB])
    send(original)
    assert original.anymail_status.message_id == {3, 4}


def test_what_became_of_it_before_is_forgotten(news: Category) -> None:
    originals: list[Any] = [message(ADA, headers=about("news")), mailing(ADA)]
    for original in originals:
        send(original)
        assert original.anymail_status.status == {"sent"}
        address = block(ADA, SuppressionReason.MANUAL)
        assert send(original) == 0
        assert (original.anymail_status.status, original.anymail_status.recipients) == (None, {})
        address.suppressions.all().delete()


@pytest.mark.parametrize("status", [400, 422])
def test_what_the_provider_cannot_read_costs_itself_alone(status: int, news: Category) -> None:
    bad: Any = message(BOB, headers=about("news"))
    bad.anymail_test_response = refused(status)
    with pytest.raises(AnymailAPIError):
        get_connection().send_messages([bad, message(ADA, headers=about("news"))])
    assert [one["to"][0].addr_spec for one in params()] == [BOB, ADA]
    assert SentCount.objects.get().count == 1


@pytest.mark.parametrize("status", [401, 429, 500])
def test_what_the_provider_says_of_all_of_them_ends_it(status: int, news: Category) -> None:
    bad: Any = message(BOB, headers=about("news"))
    bad.anymail_test_response = refused(status)
    with pytest.raises(AnymailAPIError):
        get_connection().send_messages([bad, message(ADA, headers=about("news"))])
    assert [one["to"][0].addr_spec for one in params()] == [BOB]


def refused(status: int) -> AnymailRequestsAPIError:
    response = requests.Response()
    response.status_code = status
    return AnymailRequestsAPIError("refused", response=response)


def test_of_a_receipt_too(settings: Any) -> None:
    block(CLEO, SuppressionReason.HARD_BOUNCE)
    original: Any = message(ADA, "jo@straße-mail.example", CLEO, cc=[BOB], headers=dict(TRANSACTIONAL))
    original.merge_data = {ADA: {"name": "Ada"}, "jo@straße-mail.example": {"name": "Jo"}, CLEO: {"name": "Cleo"}}
    assert send(original) == 1
    [sent] = params()
    assert sent["merge_data"] == {ADA: {"name": "Ada"}, STRASSE: {"name": "Jo"}}
    assert set(original.anymail_status.recipients) == {ADA, "jo@straße-mail.example", BOB}


def test_whom_the_provider_refuses_costs_nobody_else_their_letter(news: Category) -> None:
    refused = anymail.AnymailRecipientStatus(None, "rejected")
    gone: Any = message(CLEO, headers=about("news"))
    gone.anymail_test_response = {"recipient_status": {CLEO: refused}}
    assert send(gone, message(ADA, headers=about("news"))) == 1
    assert gone.anymail_status.status == {"rejected"}
    assert SentCount.objects.get().count == 1


def test_a_message_that_says_nothing_of_the_kind_gets_nothing_of_the_kind(news: Category) -> None:
    original = message(ADA, headers=about("news"))
    send(original)
    assert not {"merge_data", "merge_metadata", "merge_headers"} & set(vars(mail.outbox[0]))
