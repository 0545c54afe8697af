"""What the endpoints do for a mailing system: ask, hand over, hear."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.utils import timezone

from prefcenter.accounts.api_keys import Scope
from prefcenter.models import Feedback, FeedbackReason, Visits
from tests.factories import ADA, BOB, CLEO, DAN, AddressFactory, CampaignFactory, CategoryFactory
from unsubscribe import actions, gate, links
from unsubscribe.actions import Origin
from unsubscribe.addresses import normalise
from unsubscribe.choices import Channel, EventKind, Frequency, Source, SuppressionReason
from unsubscribe.links import LinkPurpose, Target
from unsubscribe.mailing import Mailing
from unsubscribe.models import Address, Category, Contact, LastSent, OutboxMessage, Suppression

from .conftest import Caller

pytestmark = pytest.mark.django_db
EVIDENCE = {"given_at": "2026-01-01T10:00:00+01:00", "wording": "Yes, send me the news.", "where": "Form at the till"}


def verdicts(caller: Caller, *addresses: str, **question: Any) -> list[str]:
    answer = caller.post("/audience", {"category": "news", "addresses": list(addresses)} | question)
    return [one["verdict"] for one in answer.json()["results"]]


class TestAudience:
    def test_it_answers_each_address_in_order_and_counts(self, caller: Caller, ada: Address, news: Category) -> None:
        actions.suppress([ada.pk], Origin(Source.IMPORT, timezone.now()), reason=SuppressionReason.COMPLAINT)
        answer = caller.post("/audience", {"category": "news", "addresses": [BOB, ADA, "no address", BOB.upper()]})
        assert [one["verdict"] for one in answer.json()["results"]] == ["send", "suppressed", "invalid", "send"]
        counts = answer.json()["counts"]
        assert (counts["send"], counts["suppressed"], counts["invalid"]) == (2, 1, 1)
        assert "headers" not in answer.json()["results"][0]

    def test_the_links_and_headers_are_those_of_the_gate_and_work(
        self, caller: Caller, ada: Address, news: Category
    ) -> None:
        body = {"category": "news", "campaign": "June", "addresses": [ADA], "include": {"links": True, "headers": True}}
        [one] = caller.post("/audience", body).json()["results"]
        token = one["unsubscribe_url"].rpartition("/")[2]
        assert links.read(token, purpose=LinkPurpose.UNSUBSCRIBE, today=timezone.localdate()) == Target(
            ada.pk, news.pk, news.campaigns.get(name="June").pk
        )
        assert one["headers"]["List-Unsubscribe"] == f"<{one['unsubscribe_url']}>"
        assert set(one["headers"]) == {"List-Unsubscribe", "List-Unsubscribe-Post", "List-Id"}
        assert one["preferences_url"]

    def test_recording_counts_the_campaign_once_and_starts_the_clock(
        self, caller: Caller, ada: Address, news: Category
    ) -> None:
        caller.patch(
            f"/contacts/{ada.contact_id}/preferences", {"preferences": [{"category": "news", "frequency": "weekly"}]}
        )
        for _ in range(2):
            assert verdicts(caller, ADA, campaign="June", record=True) == ["send"]
        assert news.sent_counts.get().count == 1
        assert verdicts(caller, ADA, campaign="July") == ["too_soon"]

    def test_a_campaign_is_not_too_soon_for_itself_after_midnight(
        self, caller: Caller, ada: Address, news: Category
    ) -> None:
        actions.opt_down([Target(ada.pk, news.pk)], Origin(Source.PAGE, timezone.now()), frequency=Frequency.WEEKLY)
        assert verdicts(caller, ADA, campaign="June", record=True) == ["send"]
        yesterday = timezone.now() - timedelta(hours=25)
        LastSent.objects.update(began_at=yesterday, sent_on=timezone.localdate(yesterday))
        for record in (False, True):
            assert verdicts(caller, ADA, campaign="June", record=record) == ["send"]
        assert verdicts(caller, ADA, campaign="July") == ["too_soon"]
        assert news.sent_counts.get().count == 1

    @pytest.mark.parametrize("channel", [one for one in Channel if one != Channel.EMAIL])
    def test_what_is_no_email_gets_links_and_no_headers(self, channel: Channel, caller: Caller, news: Category) -> None:
        text = "+49 30 901820" if channel in {Channel.SMS, Channel.WHATSAPP, Channel.PHONE} else "device-or-street"
        body = {"category": "news", "channel": channel.value, "addresses": [text]}
        [one] = caller.post("/audience", body | {"include": {"links": True, "headers": True}}).json()["results"]
        assert one["verdict"] == "send"
        assert one["unsubscribe_url"]
        assert one["preferences_url"]
        assert not one.get("headers")

    def test_an_empty_list_is_answered_with_one(self, caller: Caller, news: Category) -> None:
        assert verdicts(caller) == []


class TestContacts:
    def test_strangers_become_contacts_and_the_known_stay_who_they_are(self, caller: Caller, ada: Address) -> None:
        people = [
            {"addresses": [{"address": ADA}, {"channel": "sms", "address": "+49 30 123456"}], "language": "de"},
            {"addresses": [{"address": BOB}]},
            {"addresses": [{"address": "nobody"}]},
        ]
        for _ in range(2):
            answer = caller.post("/contacts", {"contacts": people}).json()
            assert answer["counts"] == {"known": 2, "invalid": 1}
        assert answer["results"][0]["contact_id"] == ada.contact_id
        assert answer["results"][2]["problem"]
        assert Contact.objects.count() == 2
        ada.contact.refresh_from_db()
        assert ada.contact.language == "de"
        assert {one.channel for one in ada.contact.addresses.all()} == {Channel.EMAIL, Channel.SMS}

    def test_their_own_choice_of_language_counts_for_more(self, caller: Caller, ada: Address) -> None:
        actions.choose_language(ada.contact_id, "fr")
        caller.post("/contacts", {"contacts": [{"addresses": [{"address": ADA}], "language": "de"}]})
        ada.contact.refresh_from_db()
        assert ada.contact.language == "fr"

    def test_an_address_of_somebody_else_stays_there_and_it_is_said(self, caller: Caller, ada: Address) -> None:
        other = AddressFactory.create(text=BOB)
        actions.opt_out([Target(other.pk)], Origin(Source.PAGE, timezone.now()))
        person = {"addresses": [{"address": ADA}, {"address": BOB}]}
        [one] = caller.post("/contacts", {"contacts": [person]}).json()["results"]
        assert "another contact" in one["problem"]
        assert Address.objects.get(pk=other.pk).contact_id == other.contact_id

    def test_a_bad_further_address_does_not_cost_the_good_one(self, caller: Caller) -> None:
        person = {"addresses": [{"address": ADA}, {"channel": "sms", "address": "call me"}]}
        [one] = caller.post("/contacts", {"contacts": [person]}).json()["results"]
        assert one["contact_id"]
        assert one["problem"]

    def test_they_are_found_by_address_in_any_spelling(self, caller: Caller, ada: Address) -> None:
        asked = [" ADA@Example.com", "Ada <ada@example.com>", DAN, "x"]
        answer = caller.post("/contacts/lookup", {"addresses": asked}).json()
        assert answer == {"contact_ids": [ada.contact_id, ada.contact_id, None, None]}


class TestPreferences:
    def path(self, ada: Address) -> str:
        return f"/contacts/{ada.contact_id}/preferences"

    def test_less_is_taken_at_once_and_written_down_as_the_callers(
        self, caller: Caller, ada: Address, news: Category
    ) -> None:
        until = (timezone.localdate() + timedelta(days=30)).isoformat()
        change = {"category": "news", "frequency": "monthly", "paused_until": until}
        sheet = caller.patch(self.path(ada), {"preferences": [change]}).json()
        assert sheet == caller.get(self.path(ada)).json()
        [one] = sheet["preferences"]
        assert (one["frequency"], one["paused_until"], one["is_subscribed"]) == ("monthly", until, True)
        event = ada.contact.events.get()
        assert (event.source, event.actor) == (Source.API, f"key {caller.row.pk}")
        assert OutboxMessage.objects.get().event_ids == [event.pk], "what a system changed, the person hears of"

    def test_more_takes_evidence_which_stands_in_the_ledger(self, caller: Caller, ada: Address) -> None:
        CategoryFactory.create(opt_in=True)
        body: dict[str, Any] = {"preferences": [{"category": "partners", "is_subscribed": True}]}
        assert caller.patch(self.path(ada), body).status_code == 422
        assert caller.patch(self.path(ada), body | {"evidence": EVIDENCE}).status_code == 200
        event = ada.contact.events.get()
        assert (event.kind, event.wording) == (EventKind.OPT_IN, EVIDENCE["wording"])
        assert EVIDENCE["given_at"] in event.note
        assert EVIDENCE["where"] in event.note

    def test_addresses_in_what_is_kept_for_ever_are_taken_out(
        self, caller: Caller, ada: Address, news: Category
    ) -> None:
        body = {
            "preferences": [{"category": "news", "is_subscribed": True}],
            "evidence": EVIDENCE | {"wording": f"Yes, write to {ADA}", "where": "Call from +49 30 1234567"},
        }
        assert caller.patch(self.path(ada), body).status_code == 200
        note = f"{ADA} called from 030 1234567"
        caller.post("/suppressions", {"suppressions": [{"address": ADA, "reason": "hard_bounce"}], "note": note})
        caller.post("/suppressions/lift", {"address": ADA, "reason": "hard_bounce", "note": note})
        written = [f"{one.wording} {one.note}" for one in ada.contact.events.order_by("id")]
        assert written[0].startswith("Yes, write to ••• Consent given at ")
        assert written[0].endswith("Call from •••")
        assert written[1:] == [" ••• called from •••"] * 2

    @pytest.mark.parametrize("given_at", ["2026-01-01T10:00:00", "2999-01-01T10:00:00Z"])
    def test_a_consent_of_tomorrow_or_of_nowhere_is_none(
        self, given_at: str, caller: Caller, ada: Address, news: Category
    ) -> None:
        body = {
            "preferences": [{"category": "news", "is_subscribed": True}],
            "evidence": EVIDENCE | {"given_at": given_at},
        }
        assert caller.patch(self.path(ada), body).status_code == 422

    @pytest.mark.parametrize("everything", [True, False])
    def test_no_evidence_stands_against_the_persons_own_no(
        self, everything: bool, caller: Caller, ada: Address, news: Category
    ) -> None:
        target = Target(ada.pk, None if everything else news.pk)
        actions.opt_out([target], Origin(Source.ONE_CLICK, timezone.now()))
        body = {"preferences": [{"category": "news", "is_subscribed": True}], "evidence": EVIDENCE}
        answer = caller.patch(self.path(ada), body)
        assert answer.status_code == 409
        assert "so only they can undo it" in answer.json()["detail"]
        assert verdicts(caller, ADA) == ["suppressed" if everything else "unsubscribed"]

    def test_a_faster_frequency_is_the_persons_own_to_choose(
        self, caller: Caller, ada: Address, news: Category
    ) -> None:
        caller.patch(self.path(ada), {"preferences": [{"category": "news", "frequency": "monthly"}]})
        answer = caller.patch(self.path(ada), {"preferences": [{"category": "news", "frequency": "weekly"}]})
        assert answer.status_code == 409

    def test_what_cannot_be_chosen_is_named_and_nothing_is_changed(
        self, caller: Caller, ada: Address, news: Category
    ) -> None:
        CategoryFactory.create(transactional=True)
        changes = [
            {"category": "news", "is_subscribed": False},
            {"category": "nowhere", "is_subscribed": False},
            {"category": "receipts", "is_subscribed": False},
            {"category": "news", "channel": "sms", "is_subscribed": False},
        ]
        answer = caller.patch(self.path(ada), {"preferences": changes})
        assert answer.status_code == 422
        assert [one["at"] for one in answer.json()["errors"]] == ["preferences.1", "preferences.2", "preferences.3"]
        assert verdicts(caller, ADA) == ["send"]

    def test_a_key_that_may_not_read_is_told_only_what_it_changed(self, ada: Address, news: Category) -> None:
        actions.choose_language(ada.contact_id, "fr")
        writer = Caller(Scope.CONTACTS_WRITE)
        change = {"category": "news", "frequency": "weekly"}
        for _ in range(2):
            answer = writer.patch(self.path(ada), {"preferences": [change]}, idempotency_key="a")
            assert answer.json() == {
                "contact_id": ada.contact_id,
                "preferences": [change | {"channel": "email"}],
            }

    @pytest.mark.parametrize(
        ("past", "news", "receipts"),
        [
            ("nothing", True, True),
            ("is paused", True, True),
            ("left the category", False, True),
            ("left everything", False, True),
            ("complained", False, True),
            ("bounced", False, False),
            ("was barred", False, False),
            ("was erased", False, False),
            ("has another address that said no", False, True),
            ("has another address that bounced", False, False),
            ("said no on another channel", True, True),
            ("the category is retired", False, True),
        ],
    )
    def test_what_holds_is_what_holds_for_each_address_all_considered(
        self, past: str, news: bool, receipts: bool, caller: Caller, ada: Address
    ) -> None:
        category, now = CategoryFactory.create(), timezone.now()
        CategoryFactory.create(transactional=True)
        origin = Origin(Source.PAGE, now)
        one = AddressFactory.create(text=BOB, contact=ada.contact) if "another address" in past else ada
        if past == "said no on another channel":
            one = AddressFactory.create(contact=ada.contact, channel=Channel.SMS, value="+4930123456", digest=b"p" * 32)
        happen: dict[str, Callable[[], object]] = {
            "nothing": lambda: None,
            "is paused": lambda: actions.pause(
                [Target(ada.pk)], origin, until=timezone.localdate() + timedelta(days=9)
            ),
            "left the category": lambda: actions.opt_out([Target(ada.pk, category.pk)], origin),
            "left everything": lambda: actions.opt_out([Target(ada.pk)], origin),
            "complained": lambda: actions.suppress([ada.pk], origin, reason=SuppressionReason.COMPLAINT),
            "bounced": lambda: actions.suppress([ada.pk], origin, reason=SuppressionReason.HARD_BOUNCE),
            "was barred": lambda: actions.suppress([ada.pk], origin, reason=SuppressionReason.MANUAL),
            "was erased": lambda: actions.erase([ada.contact_id], origin),
            "has another address that bounced": lambda: actions.suppress(
                [one.pk], origin, reason=SuppressionReason.HARD_BOUNCE
            ),
            "the category is retired": lambda: Category.objects.filter(pk=category.pk).update(retired_at=now),
        }
        said_no = partial(actions.suppress, [one.pk], origin, reason=SuppressionReason.UNSUBSCRIBED_ALL)
        happen.get(past, said_no)()
        sheet = caller.get(self.path(ada)).json()["preferences"]
        mail = {choice["category"]: choice["is_subscribed"] for choice in sheet if choice["channel"] == "email"}
        assert mail == {"news": news, "receipts": receipts}

    @pytest.mark.parametrize("days", [0, -1, -13_000])
    def test_a_pause_ends_on_a_day_to_come(self, days: int, caller: Caller, ada: Address, news: Category) -> None:
        until = (timezone.localdate() + timedelta(days=days)).isoformat()
        answer = caller.patch(self.path(ada), {"preferences": [{"category": "news", "paused_until": until}]})
        assert answer.status_code == 422
        assert not ada.contact.events.exists()


class TestSuppressions:
    def test_without_a_word_only_this_channel_is_blocked_and_everywhere_each(
        self, caller: Caller, ada: Address, news: Category
    ) -> None:
        number = AddressFactory.create(text="+4930999999", channel=Channel.SMS, contact=ada.contact)
        actions.add_addresses(ada.contact_id, [normalise(BOB)], now=timezone.now())
        caller.post("/suppressions", {"suppressions": [{"address": ADA}]})
        assert verdicts(caller, ADA, BOB) == ["suppressed", "suppressed"]
        assert verdicts(caller, number.value, channel="sms") == ["send"]
        everywhere = {"address": ADA, "everywhere": True}
        for new in (1, 0):
            answer = caller.post("/suppressions", {"suppressions": [everywhere, {"address": ADA}]}).json()
            assert (answer["new"], answer["already"], answer["invalid"]) == (new, 2 - new, [])
        assert verdicts(caller, number.value, channel="sms") == ["suppressed"]
        person = {"addresses": [{"address": ADA}, {"address": CLEO}, {"channel": "sms", "address": "+49 30 123456"}]}
        caller.post("/contacts", {"contacts": [person]})
        assert verdicts(caller, CLEO) == ["suppressed"]
        assert verdicts(caller, "+4930123456", channel="sms") == ["suppressed"]

    def test_everywhere_is_about_everything_and_for_what_people_say(self, caller: Caller, news: Category) -> None:
        wrong = [{"category": "news"}, {"reason": "complaint"}, {"reason": "hard_bounce"}, {"reason": "manual"}]
        items = [{"address": ADA, "everywhere": True} | one for one in wrong]
        answer = caller.post("/suppressions", {"suppressions": items}).json()
        assert [one["index"] for one in answer["invalid"]] == [0, 1, 2, 3]
        assert not Suppression.objects.exists()

    def test_a_complaint_may_name_its_campaign_which_counts_it(
        self, caller: Caller, ada: Address, news: Category
    ) -> None:
        june = CampaignFactory.create(category=news, name="June", created_at=timezone.now() - timedelta(days=1))
        items = [
            {"address": ADA, "reason": "complaint", "campaign_id": june.pk},
            {"address": BOB, "reason": "complaint"},
            {"address": CLEO, "campaign_id": june.pk},
            {"address": DAN, "reason": "complaint", "campaign_id": june.pk + 1},
            {"address": DAN, "reason": "hard_bounce", "campaign_id": june.pk},
        ]
        answer = caller.post("/suppressions", {"suppressions": items}).json()
        assert (answer["new"], [one["index"] for one in answer["invalid"]]) == (3, [3, 4])
        stats = caller.get(f"/campaigns/{june.pk}/stats").json()
        assert (stats["complaints"], stats["events"]["suppress"], stats["events"]["opt_out"]) == (1, 1, 1)
        assert {one["campaign"] for one in caller.get("/events").json()["items"]} == {"June", None}

    def test_each_kind_of_no_is_recorded_once(self, caller: Caller, ada: Address, news: Category) -> None:
        body = {
            "suppressions": [
                {"address": ADA, "category": "news"},
                {"address": BOB, "reason": "complaint"},
                {"address": CLEO, "reason": "hard_bounce"},
                {"address": "nobody"},
                {"address": DAN, "category": "nowhere"},
                {"address": DAN, "category": "news", "reason": "complaint"},
            ],
            "note": "From the old system",
        }
        first, second = (caller.post("/suppressions", body).json() for _ in range(2))
        assert (first["new"], first["already"]) == (3, 0)
        assert (second["new"], second["already"]) == (0, 3)
        assert [one["index"] for one in first["invalid"]] == [3, 4, 5]
        assert verdicts(caller, ADA, BOB, CLEO, DAN) == ["unsubscribed", "suppressed", "suppressed", "send"]
        assert ada.contact.events.get().note == "From the old system"

    def test_a_later_yes_of_the_person_stands(self, caller: Caller, ada: Address, news: Category) -> None:
        now = timezone.now()
        actions.opt_out([Target(ada.pk, news.pk)], Origin(Source.PAGE, now))
        actions.opt_in([Target(ada.pk, news.pk)], Origin(Source.PAGE, now, wording="Yes"))
        old = {"address": ADA, "category": "news", "said_at": (now - timedelta(days=9)).isoformat()}
        assert caller.post("/suppressions", {"suppressions": [old]}).json()["overtaken"] == 1
        assert verdicts(caller, ADA) == ["send"]

    @pytest.mark.parametrize("more", [{}, {"category": "news"}, {"everywhere": True}, {"reason": "complaint"}])
    @pytest.mark.parametrize("by_api", [True, False], ids=["handed over with evidence", "in person"])
    def test_a_later_yes_to_one_thing_stands_against_an_older_no(
        self, by_api: bool, more: dict[str, Any], caller: Caller, ada: Address, news: Category
    ) -> None:
        CategoryFactory.create(slug="offers")
        if by_api:
            body = {"preferences": [{"category": "news", "is_subscribed": True}], "evidence": EVIDENCE}
            assert caller.patch(f"/contacts/{ada.contact_id}/preferences", body).status_code == 200
        else:
            actions.opt_in([Target(ada.pk, news.pk)], Origin(Source.PAGE, timezone.now(), wording="Yes"))
        older, newer = "2025-12-31T23:59:59-02:00", timezone.now().isoformat()
        said = caller.post("/suppressions", {"suppressions": [{"address": ADA, "said_at": older} | more]}).json()
        is_of_all = "category" not in more
        assert (said["new"], said["overtaken"]) == ((1, 0) if is_of_all else (0, 1))
        assert verdicts(caller, ADA) == ["send"]
        assert verdicts(caller, ADA, category="offers") == ["unsubscribed" if is_of_all else "send"]
        caller.post("/suppressions", {"suppressions": [{"address": ADA, "said_at": newer} | more]})
        assert verdicts(caller, ADA) != ["send"]

    def test_a_bounce_that_is_older_than_its_lift_does_not_come_back(self, caller: Caller, ada: Address) -> None:
        now = timezone.now()
        actions.suppress([ada.pk], Origin(Source.API, now - timedelta(days=9)), reason=SuppressionReason.HARD_BOUNCE)
        caller.post("/suppressions/lift", {"address": ADA, "reason": "hard_bounce", "note": "They wrote to us."})
        bounce = {"address": ADA, "reason": "hard_bounce", "said_at": (now - timedelta(days=2)).isoformat()}
        assert caller.post("/suppressions", {"suppressions": [bounce]}).json()["overtaken"] == 1
        assert not Suppression.objects.filter(lifted_at=None).exists()

    def test_a_list_is_searched_for_those_who_are_blocked(self, caller: Caller) -> None:
        caller.post("/suppressions", {"suppressions": [{"address": BOB}, {"address": BOB, "reason": "complaint"}]})
        answer = caller.post("/suppressions/search", {"addresses": [ADA, BOB.upper(), "x"]}).json()
        assert answer == {"suppressed": [{"address": BOB.upper(), "reasons": ["complaint", "unsubscribed_all"]}]}

    def test_they_are_listed_in_parts_and_filtered(self, caller: Caller) -> None:
        blocks = [{"address": f"r{n}@example.com", "reason": "complaint" if n % 2 else "manual"} for n in range(5)]
        caller.post("/suppressions", {"suppressions": blocks})
        first = caller.get("/suppressions?limit=3").json()
        rest = caller.get(f"/suppressions?limit=3&cursor={first['next_cursor']}").json()
        assert (len(first["items"]), first["has_more"]) == (3, True)
        assert (len(rest["items"]), rest["has_more"]) == (2, False)
        assert {one["address"] for one in [*first["items"], *rest["items"]]} == {one["address"] for one in blocks}
        assert len(caller.get("/suppressions?reason=complaint").json()["items"]) == 2
        assert caller.get("/suppressions?since=2999-01-01").json()["items"] == []
        assert caller.get("/suppressions?channel=sms").json()["items"] == []

    def test_of_the_erased_only_the_fact_is_listed(self, caller: Caller, ada: Address) -> None:
        actions.erase([ada.contact_id], Origin(Source.PAGE, timezone.now()))
        [one] = caller.get("/suppressions").json()["items"]
        assert (one["reason"], one["address"]) == ("erased", None)

    @pytest.mark.parametrize(
        ("reason", "status"),
        [("unsubscribed_all", 409), ("complaint", 409), ("hard_bounce", 200), ("manual", 409), ("erased", 409)],
    )
    def test_only_a_bounce_is_lifted_by_a_system(
        self, reason: SuppressionReason, status: int, caller: Caller, ada: Address
    ) -> None:
        actions.suppress([ada.pk], Origin(Source.IMPORT, timezone.now()), reason=reason)
        answer = caller.post("/suppressions/lift", {"address": ADA, "reason": reason, "note": "It is back"})
        assert answer.status_code == status
        assert Suppression.objects.filter(lifted_at=None).exists() == (status == 409)

    def test_lifting_what_is_not_there_does_nothing(self, caller: Caller, ada: Address) -> None:
        wish = {"reason": "hard_bounce", "note": "It is back"}
        assert caller.post("/suppressions/lift", wish | {"address": ADA}).json() == {"lifted": 0}
        assert caller.post("/suppressions/lift", wish | {"address": BOB}).status_code == 404
        assert caller.post("/suppressions/lift", wish | {"address": "x"}).status_code == 422


class TestWhatHappened:
    def test_the_feed_goes_on_where_one_stopped(self, caller: Caller, ada: Address, news: Category) -> None:
        now = timezone.now()
        campaign = CampaignFactory.create(category=news, name="June")
        actions.opt_out([Target(ada.pk, news.pk, campaign.pk)], Origin(Source.ONE_CLICK, now))
        [line] = (first := caller.get("/events").json())["items"]
        assert (line["kind"], line["source"], line["address"]) == ("opt_out", "one_click", ADA)
        assert (line["category"], line["campaign"]) == ("news", "June")
        assert line["after"]["state"] == "unsubscribed"
        assert caller.get(f"/events?cursor={first['next_cursor']}").json()["items"] == []
        actions.erase([ada.contact_id], Origin(Source.PAGE, now))
        [erased] = caller.get(f"/events?cursor={first['next_cursor']}").json()["items"]
        assert (erased["kind"], erased["address"]) == ("erase", None)

    def test_a_campaign_tells_what_became_of_it(self, caller: Caller, ada: Address, news: Category) -> None:
        now = timezone.now()
        campaign = CampaignFactory.create(category=news, name="June", created_at=now)
        actions.record_sent([ada.contact_id], Mailing(news, campaign=campaign), now=now)
        [event] = actions.opt_out([Target(ada.pk, news.pk, campaign.pk)], Origin(Source.PAGE, now))
        Visits.objects.create(day=now.date(), campaign=campaign, method="GET", count=3)
        reason = FeedbackReason.objects.create(text="Too many mails")
        Feedback.objects.create(event=event, category=news, campaign=campaign, reason=reason, created_at=now)
        stats = caller.get(f"/campaigns/{campaign.pk}/stats").json()
        assert (stats["sent"], stats["events"]["opt_out"], stats["looks"], stats["feedback"]) == (1, 1, {"GET": 3}, 1)
        assert [one["name"] for one in caller.get("/campaigns?category=news").json()["items"]] == ["June"]
        assert caller.get("/campaigns?category=none").json()["items"] == []
        [said] = caller.get("/feedback").json()["items"]
        assert (said["reason"], said["event_id"]) == ("Too many mails", event.pk)

    def test_categories_come_in_the_order_of_the_page(self, caller: Caller) -> None:
        CategoryFactory.create(slug="offers", position=2)
        CategoryFactory.create(slug="news", position=1)
        assert [one["slug"] for one in caller.get("/categories").json()["items"]] == ["news", "offers"]


def test_what_the_api_says_is_what_the_gate_says(caller: Caller, ada: Address, news: Category) -> None:
    caller.post("/suppressions", {"suppressions": [{"address": ADA, "category": "news"}]})
    [decision] = gate.check([ADA], Mailing(news), now=timezone.now())
    assert verdicts(caller, ADA) == [decision.outcome.value]


def test_nothing_is_sent_in_a_retired_category_and_no_campaign_is_made(caller: Caller, news: Category) -> None:
    Category.objects.update(retired_at=timezone.now())
    answer = caller.post("/audience", {"category": "news", "campaign": "June", "addresses": [ADA]})
    assert answer.status_code == 422
    assert "retired" in answer.json()["detail"]
    assert not news.campaigns.exists()
    assert caller.get("/categories").json()["items"][0]["is_retired"] is True
