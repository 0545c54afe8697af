"""A no to one spelling of a Gmail address covers the others, where the site says so."""

from datetime import timedelta
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from tests.conftest import NOW
from tests.factories import AddressFactory, CategoryFactory
from tests.unsubscribe.addresses.test_domains import answers
from unsubscribe import actions, gate, queries
from unsubscribe.actions import ImportedNo, Origin
from unsubscribe.addresses import gmail_digest, normalise
from unsubscribe.choices import Channel, PreferenceState, Purpose, Source, SuppressionReason
from unsubscribe.links import Target
from unsubscribe.mailing import Mailing
from unsubscribe.models import Address, Category, Preference

ADA = "ada.lovelace@gmail.com"
SPELLINGS = ["adalovelace@gmail.com", "a.d.a.lovelace+news@gmail.com", "Ada.Lovelace@googlemail.com", ADA]
OTHERS = ["ada.lovelace@example.com", "ada@gmail.com", "ada.lovelace@gmail.com.example", "adalovelace@mail.gmail.com"]
LATER = NOW + timedelta(days=1)


@pytest.fixture(autouse=True)
def _on(settings: Any) -> None:
    settings.UNSUBSCRIBE_GMAIL_SPELLINGS = True


@pytest.fixture
def ada(db: None) -> Address:
    return learn(ADA)


def learn(text: str) -> Address:
    address = normalise(text)
    return Address.objects.get(pk=actions.learn([address], now=NOW)[address.digest].address_id)


def test_every_spelling_of_a_gmail_address_has_one_second_digest() -> None:
    found = {gmail_digest(normalise(text).value) for text in [*SPELLINGS, "ada..lovelace.@gmail.com"]}
    assert found == {normalise("adalovelace@gmail.com").digest}
    assert [gmail_digest(normalise(text).value) for text in OTHERS].count(None) == 3
    assert gmail_digest("+news@gmail.com") is None
    assert gmail_digest("") is None


@pytest.mark.django_db
class TestWhereItIsKept:
    def stored(self) -> list[bytes | None]:
        rows = Address.objects.order_by("id").values_list("gmail_digest", flat=True)
        return [None if one is None else bytes(one) for one in rows]

    def test_with_each_address_that_is_learnt_whatever_the_setting(self, settings: Any) -> None:
        settings.UNSUBSCRIBE_GMAIL_SPELLINGS = False
        actions.learn([normalise(text) for text in (ADA, "ada@example.com")], now=NOW)
        assert set(self.stored()) == {gmail_digest(ADA), None}

    def test_with_each_address_of_a_file(self) -> None:
        actions.learn_many([normalise(text) for text in (ADA, "ada@example.com")], now=NOW)
        said = normalise("bob@googlemail.com")
        actions.import_opt_outs(
            [ImportedNo(said.digest, said.value)], Origin(Source.IMPORT, NOW), channel=Channel.EMAIL
        )
        assert set(self.stored()) == {gmail_digest(ADA), gmail_digest("bob@gmail.com"), None}

    @pytest.mark.parametrize("in_bulk", [False, True])
    def test_once_the_address_behind_a_hash_is_learnt(self, in_bulk: bool) -> None:
        address = normalise(ADA)
        actions.import_opt_outs([ImportedNo(address.digest)], Origin(Source.IMPORT, NOW), channel=Channel.EMAIL)
        assert self.stored() == [None]
        if in_bulk:
            actions.import_opt_outs(
                [ImportedNo(address.digest, address.value)], Origin(Source.IMPORT, NOW), channel=Channel.EMAIL
            )
        else:
            actions.learn([address], now=NOW)
        assert self.stored() == [gmail_digest(ADA)]

    def test_after_an_erasure_too(self, ada: Address, news: Category) -> None:
        actions.erase([ada.contact_id], Origin(Source.PAGE, NOW))
        assert self.stored() == [gmail_digest(ADA)]
        assert answers(SPELLINGS, news) == ["suppressed"] * 4

    def test_for_those_known_before_by_the_migration(self) -> None:
        for text in (ADA, "bob@googlemail.com", "cleo@example.com"):
            AddressFactory.create(text=text, gmail_digest=None)
        AddressFactory.create(text="+4930901820", channel=Channel.SMS, gmail_digest=None)
        fill = import_module("unsubscribe.migrations.0012_gmail_digests").fill
        for _ in range(2):
            fill(apps, SimpleNamespace(connection=connection))
        assert self.stored() == [gmail_digest(ADA), gmail_digest("bob@gmail.com"), None, None]


@pytest.mark.django_db
class TestTheGate:
    def test_is_off_unless_it_is_switched_on(self, ada: Address, news: Category, settings: Any) -> None:
        settings.UNSUBSCRIBE_GMAIL_SPELLINGS = False
        actions.opt_out([Target(ada.pk)], Origin(Source.PAGE, NOW))
        assert answers(SPELLINGS, news) == ["send", "send", "send", "suppressed"]

    def test_a_no_to_everything_covers_the_other_spellings(self, ada: Address, news: Category) -> None:
        learn(SPELLINGS[0])
        actions.opt_out([Target(ada.pk)], Origin(Source.PAGE, NOW))
        assert answers(SPELLINGS, news) == answers(SPELLINGS, None) == ["suppressed"] * 4
        assert answers(OTHERS, news) == ["send"] * 4
        assert answers(SPELLINGS, None, Purpose.TRANSACTIONAL) == ["send"] * 4

    @pytest.mark.parametrize("reason", [SuppressionReason.HARD_BOUNCE, SuppressionReason.MANUAL])
    def test_a_dead_mailbox_is_dead_under_every_name(
        self, reason: SuppressionReason, ada: Address, news: Category
    ) -> None:
        actions.suppress([ada.pk], Origin(Source.STAFF, NOW), reason=reason)
        assert answers(SPELLINGS, None, Purpose.TRANSACTIONAL) == ["suppressed"] * 4

    def test_a_category_that_was_left_is_left_under_every_name(self, ada: Address, news: Category) -> None:
        offers = CategoryFactory.create(slug="offers")
        actions.opt_out([Target(ada.pk, news.pk)], Origin(Source.PAGE, NOW))
        assert answers(SPELLINGS, news) == answers(SPELLINGS, None) == ["unsubscribed"] * 4
        assert answers(SPELLINGS, offers) == ["send"] * 4

    def test_whoever_came_back_to_one_thing_gets_that_alone(self, ada: Address, news: Category) -> None:
        offers = CategoryFactory.create(slug="offers")
        actions.opt_out([Target(ada.pk)], Origin(Source.PAGE, NOW))
        actions.opt_in([Target(ada.pk, news.pk)], Origin(Source.PAGE, LATER, wording="Yes."))
        assert answers(SPELLINGS, news) == ["send"] * 4
        assert answers(SPELLINGS, offers) == answers(SPELLINGS, None) == ["unsubscribed"] * 4

    def test_what_was_left_by_text_is_not_left_by_email(self, ada: Address, news: Category) -> None:
        phone = AddressFactory.create(contact=ada.contact, channel=Channel.SMS, text="+4930901820")
        actions.opt_out([Target(phone.pk, news.pk)], Origin(Source.SMS, NOW))
        assert answers(SPELLINGS, news) == answers(SPELLINGS, None) == ["send"] * 4

    def test_and_what_another_name_says_of_that_still_counts(self, ada: Address, news: Category) -> None:
        actions.opt_out([Target(ada.pk)], Origin(Source.PAGE, NOW))
        actions.opt_in([Target(ada.pk, news.pk)], Origin(Source.PAGE, LATER, wording="Yes."))
        actions.pause([Target(learn(SPELLINGS[0]).pk)], Origin(Source.PAGE, NOW), until=LATER.date())
        assert answers(SPELLINGS, news) == ["paused", "send", "send", "send"]

    def test_whoever_came_back_to_several_things_gets_each_of_them(self, ada: Address, news: Category) -> None:
        categories = [news, CategoryFactory.create(slug="offers"), CategoryFactory.create(slug="tips")]
        actions.opt_out([Target(ada.pk)], Origin(Source.PAGE, NOW))
        for category in categories[:2]:
            actions.opt_in([Target(ada.pk, category.pk)], Origin(Source.PAGE, LATER, wording="Yes."))
        assert [answers(SPELLINGS, one)[0] for one in categories] == ["send", "send", "unsubscribed"]
        assert self.shown(learn(SPELLINGS[0])) == {"news": True, "offers": True, "tips": False}

    @pytest.mark.parametrize(("of_everything", "no"), [(True, "suppressed"), (False, "unsubscribed")])
    def test_a_later_yes_under_another_name_wins_there(
        self, of_everything: bool, no: str, ada: Address, news: Category
    ) -> None:
        other, tips = learn(SPELLINGS[0]), CategoryFactory.create(slug="tips")
        actions.opt_out([Target(ada.pk, None if of_everything else news.pk)], Origin(Source.PAGE, NOW))
        assert self.shown(other) == {"news": False, "tips": not of_everything}
        actions.opt_in([Target(other.pk, news.pk)], Origin(Source.PAGE, LATER, wording="Yes."))
        assert answers(SPELLINGS, news) == ["send", no, no, no]
        assert answers(SPELLINGS, tips) == (["suppressed"] if of_everything else ["send"]) * 4
        assert self.shown(other) == {"news": True, "tips": not of_everything}

    @pytest.mark.parametrize("of_everything", [True, False])
    def test_of_noes_under_several_names_the_last_one_counts(
        self, of_everything: bool, ada: Address, news: Category
    ) -> None:
        other, third = learn(SPELLINGS[0]), learn(SPELLINGS[1])
        for address, days in [(ada, 0), (other, 2), (third, 1)]:
            target = Target(address.pk, None if of_everything else news.pk)
            actions.opt_out([target], Origin(Source.PAGE, NOW + timedelta(days=days)))
        fourth = learn(SPELLINGS[2])
        actions.opt_in([Target(fourth.pk, news.pk)], Origin(Source.PAGE, NOW + timedelta(hours=36), wording="Yes."))
        assert "send" not in answers(SPELLINGS, news)
        again = NOW + timedelta(hours=60)
        actions.opt_in([Target(fourth.pk, news.pk)], Origin(Source.PAGE, again, wording="Yes, now."))
        assert answers(SPELLINGS, news)[2] == "send"

    def test_of_several_noes_to_everything_each_counts(self, ada: Address, news: Category) -> None:
        other = learn(SPELLINGS[0])
        for address, reason in [
            (ada, SuppressionReason.COMPLAINT),
            (ada, SuppressionReason.MANUAL),
            (other, SuppressionReason.COMPLAINT),
        ]:
            actions.suppress([address.pk], Origin(Source.STAFF, NOW), reason=reason)
        assert answers(SPELLINGS, None, Purpose.TRANSACTIONAL) == ["suppressed"] * 4

    def test_whoever_asks_about_everybody_is_told_that_there_are_such_noes(self, ada: Address, news: Category) -> None:
        verdicts = gate.everybody(Mailing(news), now=NOW)
        assert verdicts
        assert not verdicts.has_covers
        actions.opt_out([Target(ada.pk)], Origin(Source.PAGE, NOW))
        verdicts = gate.everybody(Mailing(news), now=NOW)
        assert verdicts
        assert verdicts.has_covers

    def shown(self, address: Address) -> dict[str, bool]:
        sheet = queries.preference_sheet(address, today=NOW.date())
        return {one.category.slug: one.is_subscribed for one in sheet.choices}

    @pytest.mark.parametrize("of_everything", [True, False])
    def test_a_no_said_again_after_that_yes_counts_again(
        self, of_everything: bool, ada: Address, news: Category
    ) -> None:
        other = learn(SPELLINGS[0])
        no = [Target(ada.pk, None if of_everything else news.pk)]
        actions.opt_out(no, Origin(Source.PAGE, NOW))
        actions.opt_in([Target(other.pk, news.pk)], Origin(Source.PAGE, LATER, wording="Yes."))
        assert answers([other.value], news) == ["send"]
        actions.opt_out(no, Origin(Source.ONE_CLICK, LATER + timedelta(hours=1)))
        assert answers([other.value], news) == ["suppressed" if of_everything else "unsubscribed"]

    @pytest.mark.parametrize("later", [timedelta(0), timedelta(days=1)], ids=["of the same moment", "earlier"])
    def test_a_yes_under_another_name_that_is_not_later_does_not_win(
        self, later: timedelta, ada: Address, news: Category
    ) -> None:
        other = learn(SPELLINGS[0])
        actions.opt_in([Target(other.pk, news.pk)], Origin(Source.PAGE, NOW, wording="Yes."))
        assert Preference.objects.get().state == PreferenceState.SUBSCRIBED
        actions.opt_out([Target(ada.pk, news.pk)], Origin(Source.PAGE, NOW + later))
        assert answers(SPELLINGS, news) == ["unsubscribed"] * 4
        assert self.shown(other) == {"news": False}

    def test_a_no_that_was_taken_back_covers_nobody(self, ada: Address, news: Category) -> None:
        events = actions.opt_out([Target(ada.pk)], Origin(Source.PAGE, NOW))
        actions.undo([one.pk for one in events], Origin(Source.PAGE, LATER))
        assert answers(SPELLINGS, news) == ["send"] * 4

    def test_it_takes_as_many_queries_for_many_as_for_one(
        self, ada: Address, news: Category, django_assert_num_queries: Any
    ) -> None:
        people = [learn(f"reader.{number}@gmail.com") for number in range(30)]
        actions.opt_out([Target(one.pk) for one in people], Origin(Source.PAGE, NOW))
        for texts in (["reader1@gmail.com"], [f"reader{number}@gmail.com" for number in range(30)]):
            with django_assert_num_queries(3):  # who is known, the domains, the mailboxes; nobody asked about is known
                decisions = gate.check(texts, Mailing(news), now=NOW)
            assert not any(one.may_send for one in decisions)
