"""What is held is told whole, and erased whole: afterwards no table knows the address, and nobody writes to it."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth import SESSION_KEY
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client

from prefcenter.contact_data.erase import erase
from prefcenter.contact_data.export import held
from prefcenter.models import Feedback, FeedbackReason, LinkRequest, User
from tests.factories import ADA, BOB, AddressFactory, CampaignFactory, CategoryFactory
from unsubscribe import actions, gate
from unsubscribe.actions import Origin
from unsubscribe.addresses import normalise
from unsubscribe.choices import Channel, Frequency, OutboxStatus, Outcome, Source, SuppressionReason
from unsubscribe.links import Target
from unsubscribe.mailing import Mailing
from unsubscribe.models import Address, Category, ConsentEvent, OutboxMessage, Preference

pytestmark = pytest.mark.django_db
PHONE = "+49 30 901820"
WORDS = "It names my street"
PARTS = {
    "preferences",
    "suppressions",
    "consent",
    "last_sent",
    "feedback",
    "mails",
    "accounts",
    "link_requests",
    "addresses",
}
Queries = Callable[[int], AbstractContextManager[Any]]


def live(address: Address, *, now: datetime) -> None:
    """A contact who has left a trace in every table there is."""
    news, offers = CategoryFactory.create(), CategoryFactory.create(slug="offers")
    target = Target(address.pk, news.pk, CampaignFactory.create(category=news, name=f"For {address.pk}").pk)
    AddressFactory.create(contact=address.contact, channel=Channel.SMS, text=f"{PHONE}{address.pk}")
    actions.choose_language(address.contact_id, "de")
    actions.record_sent([address.contact_id], Mailing(news), now=now)
    actions.opt_down([target], Origin(Source.PAGE, now, wording="Less often"), frequency=Frequency.WEEKLY)
    actions.pause([Target(address.pk)], Origin(Source.PAGE, now), until=now.date() + timedelta(days=30))
    [event] = actions.opt_out([Target(address.pk, offers.pk)], Origin(Source.PAGE, now, wording="Unsubscribe"))
    actions.suppress(
        [address.pk], Origin(Source.COMPLAINT, now, note="From the ESP"), reason=SuppressionReason.COMPLAINT
    )
    reason = FeedbackReason.objects.create(text=f"Too many for {address.pk}")
    Feedback.objects.create(
        event=event, category=offers, reason=reason, more=WORDS, text=WORDS, note=WORDS, created_at=now
    )
    LinkRequest.objects.create(address=address.digest, network=b"n" * 32, created_at=now)
    user = User.objects.create_user(address.value)
    EmailAddress.objects.create(user=user, email=address.value, verified=True, primary=True)


def session_of(user: User) -> str:
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session.create()
    return str(session.session_key)


def begin_to_sign_in(email: str) -> str:
    """As when signing in: the code is asked for and never typed."""
    client = Client(headers={"host": "mail.example.com"})
    assert client.post("/accounts/login/code/", {"email": email}, secure=True).status_code == 302
    return str(client.session.session_key)


def said_of(address: Address) -> list[tuple[str, str, str]]:
    rows = OutboxMessage.objects.filter(contact=address.contact)
    return sorted(rows.values_list("kind", "status", "last_error"))


def stored_texts() -> str:
    """Every row of every table, as one text."""
    with connection.cursor() as cursor:
        found = []
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608  (the tables' own names)
            found += [f"{table}: {row}" for row in cursor.fetchall()]
    return "\n".join(found)


def answer_for(category: Category, *, now: datetime) -> Outcome:
    return gate.check([ADA], Mailing(category), now=now)[0].outcome


@pytest.fixture
def bob(db: None) -> Address:
    return AddressFactory.create(text=BOB)


class TestHeld:
    @pytest.fixture
    def facts(self, ada: Address, bob: Address, now: datetime) -> dict[str, Any]:
        live(ada, now=now)
        live(bob, now=now)
        return held(ada.contact_id, now=now)

    @pytest.mark.parametrize(
        ("part", "says"),
        [
            ("addresses", {"address": ADA, "channel": "email"}),
            ("addresses", {"channel": "sms"}),
            ("preferences", {"category": "news", "name": "News", "state": "unspecified", "frequency": "weekly"}),
            ("preferences", {"category": "offers", "state": "unsubscribed"}),
            ("suppressions", {"address": ADA, "reason": "complaint", "source": "complaint", "lifted_at": None}),
            ("consent", {"kind": "opt_out", "category": "offers", "wording": "Unsubscribe", "channel": "email"}),
            ("consent", {"kind": "opt_down", "after": {"state": "unspecified", "frequency": "weekly"}}),
            ("consent", {"kind": "suppress", "note": "From the ESP", "before": {"suppressed": []}}),
            ("last_sent", {"category": "news", "channel": "email", "day": "2026-03-10"}),
            ("feedback", {"category": "offers", "more": WORDS, "text": WORDS, "note": WORDS}),
            ("mails", {"kind": "confirmation", "address": ADA, "status": "queued", "sent_at": None}),
            ("accounts", {"email": ADA, "last_sign_in": None}),
            ("link_requests", {"asked_at": "2026-03-10T12:00:00+00:00", "answered_at": None}),
        ],
    )
    def test_every_part_says_what_there_is(self, part: str, says: dict[str, Any], facts: dict[str, Any]) -> None:
        assert [row for row in facts[part] if _covers(row, says)]

    def test_all_mailings_that_are_kept_are_in_it(self, ada: Address, news: Category, now: datetime) -> None:
        for hours, name in [(0, "April"), (1, "May"), (2, "June"), (25, "July")]:
            campaign, at = CampaignFactory.create(category=news, name=name), now + timedelta(hours=hours)
            actions.record_sent([ada.contact_id], Mailing(news, campaign=campaign), now=at)
        said = [(row["campaign"], row["day"]) for row in held(ada.contact_id, now=now)["last_sent"]]
        assert said[:2] == [("July", "2026-03-11"), ("June", "2026-03-10")]
        assert sorted(said[2:]) == [("April", "2026-03-10"), ("May", "2026-03-10")]

    def test_it_says_since_when_and_in_which_language(self, facts: dict[str, Any]) -> None:
        assert facts["held_by"] == "Example Post"
        assert facts["contact"]["language"] == "de"
        assert facts["contact"]["paused_until"] == "2026-04-09"
        assert all(row["since"] for row in facts["addresses"] + facts["suppressions"])

    def test_there_is_nothing_of_anybody_else_in_it(self, facts: dict[str, Any], bob: Address) -> None:
        text = json.dumps(facts)
        assert BOB not in text
        assert f"For {bob.pk}" not in text
        assert f"Too many for {bob.pk}" not in text
        assert {part: len(facts[part]) for part in PARTS} == {
            "addresses": 2,
            "preferences": 2,
            "suppressions": 1,
            "consent": 4,
            "last_sent": 1,
            "feedback": 1,
            "mails": 1,
            "accounts": 1,
            "link_requests": 1,
        }

    def test_who_of_the_staff_wrote_it_down_is_not_told(self, ada: Address, now: datetime) -> None:
        actions.suppress(
            [ada.pk], Origin(Source.STAFF, now, actor="carol@example.com"), reason=SuppressionReason.MANUAL
        )
        assert "carol" not in json.dumps(held(ada.contact_id, now=now))

    @pytest.mark.parametrize("is_verified", [False, True])
    def test_an_account_of_another_name_is_somebody_elses(self, is_verified: bool, ada: Address, now: datetime) -> None:
        EmailAddress.objects.create(user=User.objects.create_user(BOB), email=ADA, verified=is_verified)
        assert held(ada.contact_id, now=now)["accounts"] == []

    def test_an_account_that_was_never_signed_in_to_is_told(self, ada: Address, now: datetime) -> None:
        User.objects.create_user(ADA)
        assert [row["email"] for row in held(ada.contact_id, now=now)["accounts"]] == [ADA]

    def test_a_block_says_which_mailing_it_came_from(self, ada: Address, now: datetime) -> None:
        issue = CampaignFactory.create(name="June")
        actions.opt_out([Target(ada.pk, None, issue.pk)], Origin(Source.PAGE, now))
        actions.suppress([ada.pk], Origin(Source.COMPLAINT, now), reason=SuppressionReason.COMPLAINT)
        rows = held(ada.contact_id, now=now)["suppressions"]
        assert [(row["reason"], row["campaign"]) for row in rows] == [("unsubscribed_all", "June"), ("complaint", None)]

    def test_it_takes_as_many_queries_for_much_as_for_nothing(
        self, facts: dict[str, Any], ada: Address, now: datetime, django_assert_num_queries: Queries
    ) -> None:
        nobody = AddressFactory.create(text="dan@example.com")
        for contact_id in (ada.contact_id, nobody.contact_id):
            with django_assert_num_queries(10):
                held(contact_id, now=now)


def _covers(row: dict[str, Any], says: dict[str, Any]) -> bool:
    """Whether the row says at least this; of a dict inside, too."""
    return all(
        _covers(row[key], value) if isinstance(value, dict) else row.get(key) == value for key, value in says.items()
    )


class TestErase:
    @pytest.fixture(autouse=True)
    def _known(self, ada: Address, bob: Address, now: datetime) -> None:
        live(ada, now=now)
        live(bob, now=now)

    def test_no_table_knows_the_address_or_the_words_any_more(self, ada: Address, bob: Address, now: datetime) -> None:
        phone = ada.contact.addresses.get(channel=Channel.SMS).value
        erase(bob.contact_id, Origin(Source.PAGE, now))  # his words are the same
        assert all(text in stored_texts() for text in (ADA, phone, WORDS))
        erase(ada.contact_id, Origin(Source.PAGE, now))
        after = stored_texts()
        assert not [text for text in (ADA, phone, WORDS, BOB) if text in after]

    def test_only_what_names_nobody_is_left(self, ada: Address, now: datetime) -> None:
        events = ConsentEvent.objects.filter(contact=ada.contact).count()
        erase(ada.contact_id, Origin(Source.PAGE, now))
        assert ConsentEvent.objects.filter(contact=ada.contact).count() == events + 2  # one for each address
        assert Preference.objects.filter(contact=ada.contact).count() == 2
        assert Feedback.objects.get(event__contact=ada.contact).reason is not None
        assert not OutboxMessage.objects.filter(contact=ada.contact, status="queued").exists()
        assert held(ada.contact_id, now=now)["accounts"] == held(ada.contact_id, now=now)["link_requests"] == []

    def test_nobody_else_loses_anything(self, ada: Address, bob: Address, now: datetime) -> None:
        before = held(bob.contact_id, now=now)
        erase(ada.contact_id, Origin(Source.PAGE, now))
        assert held(bob.contact_id, now=now) == before

    def test_s2_nobody_writes_to_it_after_it_was_imported_again(
        self, ada: Address, news: Category, now: datetime
    ) -> None:
        erase(ada.contact_id, Origin(Source.PAGE, now))
        known = actions.learn([normalise(ADA)], now=now)
        assert [one.address_id for one in known.values()] == [ada.pk]
        for category in (news, CategoryFactory.create(transactional=True)):
            assert answer_for(category, now=now) == Outcome.SUPPRESSED
        assert ADA not in stored_texts()

    def test_twice_is_the_same_as_once(self, ada: Address, now: datetime) -> None:
        erase(ada.contact_id, Origin(Source.PAGE, now))
        before = stored_texts()
        erase(ada.contact_id, Origin(Source.PAGE, now + timedelta(days=1)))
        assert stored_texts() == before

    def test_who_signed_in_is_signed_out(self, ada: Address, now: datetime) -> None:
        hers, his = (session_of(User.objects.get(email=email)) for email in (ADA, BOB))
        erase(ada.contact_id, Origin(Source.PAGE, now))
        assert set(Session.objects.values_list("session_key", flat=True)) == {his} != {hers}

    @pytest.mark.parametrize("has_account", [True, False])
    def test_a_sign_in_that_was_only_begun_is_forgotten(self, has_account: bool, ada: Address, now: datetime) -> None:
        if not has_account:
            User.objects.filter(email=ADA).delete()
        begin_to_sign_in("Ada@Example.com")
        his = begin_to_sign_in(BOB)
        erase(ada.contact_id, Origin(Source.PAGE, now))
        assert [one.session_key for one in Session.objects.all()] == [his]

    def test_what_mail_servers_said_of_the_person_is_forgotten(self, ada: Address, bob: Address, now: datetime) -> None:
        actions.send_link([ada.pk, bob.pk], now=now)
        OutboxMessage.objects.filter(kind="confirmation").update(status=OutboxStatus.FAILED)
        OutboxMessage.objects.update(last_error="550 Ada Lovelace has left")
        erase(ada.contact_id, Origin(Source.PAGE, now))
        assert said_of(ada) == [("confirmation", "failed", ""), ("link", "dropped", "The contact was erased.")]
        assert all("Lovelace" in text for _kind, _status, text in said_of(bob))

    def test_the_admins_log_forgets_the_account(self, ada: Address, now: datetime) -> None:
        user, of_users = User.objects.get(email=ADA), ContentType.objects.get_for_model(User)
        staff = User.objects.create_superuser("carol@example.com")
        LogEntry.objects.create(
            user=staff, content_type=of_users, object_id=str(user.pk), object_repr=str(user), action_flag=CHANGE
        )
        erase(ada.contact_id, Origin(Source.PAGE, now))
        assert LogEntry.objects.get().object_repr == "•••"
        assert ADA not in stored_texts()

    def test_the_accounts_of_the_staff_are_not_about_mail(self, ada: Address, now: datetime) -> None:
        User.objects.filter(email=ADA).update(is_staff=True)
        erase(ada.contact_id, Origin(Source.PAGE, now))
        assert User.objects.filter(email=ADA).exists()
        assert EmailAddress.objects.filter(email=ADA).exists()

    @pytest.mark.parametrize("is_staff", [False, True])
    @pytest.mark.parametrize("is_verified", [False, True])
    def test_an_address_on_somebody_elses_account_goes_alone(
        self, is_verified: bool, is_staff: bool, ada: Address, now: datetime
    ) -> None:
        User.objects.filter(email=ADA).delete()
        his = User.objects.get(email=BOB)
        User.objects.update(is_staff=is_staff)
        EmailAddress.objects.create(user=his, email=ADA, verified=is_verified)
        session = session_of(his)
        erase(ada.contact_id, Origin(Source.PAGE, now))
        assert list(User.objects.values_list("email", flat=True)) == [BOB]
        assert set(EmailAddress.objects.values_list("email", flat=True)) == {BOB}
        assert Session.objects.get().session_key == session

    def test_an_account_may_spell_the_domain_as_people_do(self, now: datetime) -> None:
        eva = AddressFactory.create(text="eva@bücher.example")
        User.objects.create_user("eva@bücher.example")
        begin_to_sign_in("eva@bücher.example")
        erase(eva.contact_id, Origin(Source.PAGE, now))
        assert "bücher" not in stored_texts()
        assert not Session.objects.exists()
