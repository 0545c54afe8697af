"""A retired category: nothing is sent in it, nobody is offered it, nobody's choice of it changes (requirement S4)."""

import csv
import io
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMessage, get_connection
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from django.utils import timezone

from prefcenter.demo import seed
from prefcenter.management.commands.audience import Command
from tests.factories import ADA, BOB, DAN, AddressFactory, CategoryFactory
from unsubscribe import actions, audience, gate, headers, links, outbox
from unsubscribe.actions import Origin
from unsubscribe.choices import (
    Frequency,
    OutboxKind,
    OutboxStatus,
    Outcome,
    PreferenceState,
    Source,
    SuppressionReason,
)
from unsubscribe.errors import RetiredCategory
from unsubscribe.links import LinkPurpose, Target
from unsubscribe.mailing import Mailing
from unsubscribe.models import Address, Campaign, Category, ConsentEvent, Contact, OutboxMessage, Preference

pytestmark = pytest.mark.django_db


def retire(category: Category) -> Category:
    Category.objects.filter(pk=category.pk).update(retired_at=timezone.now())
    category.refresh_from_db()
    return category


def bring_back(category: Category) -> Category:
    Category.objects.filter(pk=category.pk).update(retired_at=None)
    category.refresh_from_db()
    return category


def link(address: Address, category: Category, *, purpose: LinkPurpose = LinkPurpose.UNSUBSCRIBE) -> str:
    token = links.sign(Target(address.pk, category.pk), purpose=purpose, today=timezone.localdate())
    return f"/{purpose}/{token}"


def state(address: Address, category: Category) -> str:
    row = Preference.objects.filter(contact=address.contact, category=category).first()
    return row.state if row else PreferenceState.UNSPECIFIED


class TestSending:
    """No answer means no send (law 7)."""

    @pytest.mark.parametrize("kind", ["opt_in", "transactional", ""])
    def test_the_gate_answers_nobody(self, kind: str, ada: Address, now: datetime) -> None:
        category = retire(CategoryFactory.create(**{kind: True} if kind else {}))
        for ask in (gate.check, audience.ask):
            with pytest.raises(RetiredCategory):
                ask([ADA, DAN], Mailing(category), now=now)
        assert not Contact.objects.exclude(pk=ada.contact_id).exists()

    @pytest.mark.parametrize("kind", ["transactional", ""])
    def test_the_guarded_backend_sends_nothing_of_the_batch(self, kind: str, ada: Address, news: Category) -> None:
        old = retire(CategoryFactory.create(slug="old", **{kind: True} if kind else {}))
        batch = [
            EmailMessage("New", "Hello.", to=[BOB], headers={headers.CATEGORY: "news"}),
            EmailMessage("Old", "Hello.", to=[ADA], headers={headers.CATEGORY: old.slug, headers.CAMPAIGN: "June"}),
        ]
        with pytest.raises(RetiredCategory, match="This category is retired"):
            get_connection().send_messages(batch)
        assert mail.outbox == []
        assert not Campaign.objects.exists()

    def test_what_names_no_category_still_goes(self, ada: Address, news: Category) -> None:
        retire(news)
        assert get_connection().send_messages([EmailMessage("Hello", "Hello.", to=[ADA])]) == 1

    def test_the_command_says_so_and_writes_nothing(self, ada: Address, news: Category) -> None:
        CategoryFactory.create(slug="offers")
        retire(news)
        out = io.StringIO()
        with pytest.raises(CommandError, match="This category is retired"):
            call_command(asked(), "--category", "news", "--campaign", "June", "--record", stdout=out)
        assert (out.getvalue(), Campaign.objects.count()) == ("", 0)
        with pytest.raises(CommandError, match="Categories: offers\\."):
            call_command(asked(), "--category", "typo", stdout=out)

    def test_the_demo_begins_no_mailing(self) -> None:
        seed.fill()
        retire(Category.objects.get(slug="news"))
        with pytest.raises(RetiredCategory):
            seed.send_next()
        assert (mail.outbox, Campaign.objects.count()) == ([], 0)

    def test_once_it_is_back_the_command_answers_again(self, ada: Address, news: Category) -> None:
        bring_back(retire(news))
        out = io.StringIO()
        call_command(asked(), "--category", "news", stdout=out, stderr=io.StringIO())
        assert [row["verdict"] for row in csv.DictReader(io.StringIO(out.getvalue()))] == ["send"]


def asked() -> Command:
    class Stdin(io.BytesIO):
        def isatty(self) -> bool:
            return False

    command = Command()
    command.source = Stdin(f"email\n{ADA}\n".encode())
    return command


class TestLinks:
    """Of mails that were sent before."""

    def test_a_one_click_still_stops_it(self, ada: Address, news: Category, browser_client: Client) -> None:
        retire(news)
        answer = browser_client.post(link(ada, news), {"List-Unsubscribe": "One-Click"}, secure=True)
        assert answer.status_code == 200
        [event] = ConsentEvent.objects.all()
        assert (event.category, state(ada, news)) == (news, PreferenceState.UNSUBSCRIBED)

    def test_the_page_still_stops_it_undoes_that_and_takes_the_reason(
        self, ada: Address, news: Category, browser_client: Client
    ) -> None:
        retire(news)
        url = link(ada, news)
        assert "Unsubscribe from “News”?" in browser_client.get(url, secure=True).content.decode()
        page = browser_client.post(url, {"do": "unsubscribe"}, secure=True).content.decode()
        assert state(ada, news) == PreferenceState.UNSUBSCRIBED
        receipt = page.partition('name="receipt" value="')[2].partition('"')[0]
        browser_client.post(url, {"do": "feedback", "receipt": receipt, "text": "Too many"}, secure=True)
        browser_client.post(url, {"do": "undo", "receipt": receipt}, secure=True)
        assert state(ada, news) == PreferenceState.UNSPECIFIED
        assert ConsentEvent.objects.filter(feedback__text="Too many").exists()

    @pytest.mark.parametrize("scope", ["category", "everything"])
    def test_the_page_offers_less_of_everything_and_nothing_of_it(
        self, scope: str, ada: Address, news: Category, browser_client: Client, settings: Any
    ) -> None:
        settings.UNSUBSCRIBE_ONE_CLICK_SCOPE = scope
        retire(news)
        page = browser_client.get(link(ada, news), secure=True).content.decode()
        assert "less often" not in page.lower()
        assert 'value="less"' not in page
        assert ("News" in page) == ("We no longer send these messages." in page) == (scope == "category")
        assert ('value="pause"' in page) == (scope == "everything")  # then it is a pause of everything
        assert "All preferences" in page
        assert "from everything" in page

    @pytest.mark.parametrize(
        "form", [{"do": "less", "frequency": "weekly"}, {"do": "pause", "days": "30"}, {"do": "everything"}]
    )
    def test_a_page_opened_before_still_does_what_it_said(
        self, form: dict[str, str], ada: Address, news: Category, browser_client: Client
    ) -> None:
        retire(news)
        assert browser_client.post(link(ada, news), form, secure=True).status_code == 200
        [event] = ConsentEvent.objects.all()
        assert event.category == (None if form["do"] == "everything" else news)

    def test_an_expired_link_still_stops_it(self, ada: Address, news: Category, browser_client: Client) -> None:
        retire(news)
        today = timezone.localdate() - timedelta(days=70)
        token = links.sign(Target(ada.pk, news.pk), purpose=LinkPurpose.PREFERENCES, today=today)
        page = browser_client.get(f"/p/{token}", secure=True).content.decode()
        assert "This link has expired." in page
        assert "News" not in page
        browser_client.post(f"/p/{token}", {"do": "unsubscribe"}, secure=True)
        assert state(ada, news) == PreferenceState.UNSUBSCRIBED

    def test_the_page_offers_no_way_back(self, ada: Address, news: Category, browser_client: Client) -> None:
        retire(news)
        url = link(ada, news)
        browser_client.post(url, secure=True)
        assert "Resubscribe" not in browser_client.get(url, secure=True).content.decode()
        assert browser_client.post(url, {"do": "again"}, secure=True).status_code == 400
        assert not OutboxMessage.objects.filter(kind=OutboxKind.OPT_IN).exists()

    def test_a_question_asked_before_can_no_longer_be_answered_yes(self, ada: Address, browser_client: Client) -> None:
        partners = retire(CategoryFactory.create(opt_in=True))
        page = browser_client.post(link(ada, partners, purpose=LinkPurpose.OPT_IN), {"do": "opt_in"}, secure=True)
        assert "This is no longer available." in page.content.decode()
        assert not ConsentEvent.objects.exists()

    def test_a_question_still_queued_is_not_mailed(self, ada: Address, news: Category) -> None:
        now, partners = timezone.now(), CategoryFactory.create(opt_in=True)
        actions.ask_to_opt_in([Target(ada.pk, partners.pk)], now=now)
        retire(partners)
        row = OutboxMessage.objects.get()
        assert outbox.deliver(row.pk, now=now) == OutboxStatus.DROPPED

    def test_a_queued_question_asks_about_what_is_left(self, ada: Address, news: Category) -> None:
        now, partners = timezone.now(), CategoryFactory.create(opt_in=True)
        actions.ask_to_opt_in([Target(ada.pk, partners.pk), Target(ada.pk, news.pk)], now=now)
        retire(partners)
        assert outbox.deliver(OutboxMessage.objects.get().pk, now=now) == OutboxStatus.SENT
        assert "News" in mail.outbox[0].body
        assert "Partners" not in mail.outbox[0].body


class TestThePreferencePage:
    @pytest.mark.parametrize("before", [None, PreferenceState.SUBSCRIBED, PreferenceState.UNSUBSCRIBED])
    def test_shows_it_to_nobody(self, before: Any, ada: Address, news: Category, browser_client: Client) -> None:
        receipts = CategoryFactory.create(transactional=True)
        choose(ada, news, before)
        for one in (news, receipts):
            retire(one)
        page = browser_client.get(link(ada, news, purpose=LinkPurpose.PREFERENCES), secure=True).content.decode()
        assert "News" not in page
        assert "Receipts" not in page

    @pytest.mark.parametrize("purpose", [LinkPurpose.PREFERENCES, LinkPurpose.FRESH])
    def test_shows_it_to_nobody_by_its_own_link_either(
        self, purpose: LinkPurpose, ada: Address, news: Category, browser_client: Client
    ) -> None:
        for one in (retire(CategoryFactory.create(slug="offers")), retire(CategoryFactory.create(transactional=True))):
            page = browser_client.get(link(ada, one, purpose=purpose), secure=True).content.decode()
            assert one.name not in page

    def test_a_page_opened_before_can_leave_it_and_not_join_it(
        self, ada: Address, news: Category, browser_client: Client
    ) -> None:
        partners = CategoryFactory.create(opt_in=True)
        for one in (news, partners):
            retire(one)
        form = {
            "do": "save",
            **sent(news, on=False, was="on as_sent"),
            **sent(partners, on=True, was="off as_sent"),
        }
        page = browser_client.post(link(ada, news, purpose=LinkPurpose.FRESH), form, secure=True).content.decode()
        assert "Something you turned on is no longer available." in page
        assert state(ada, news) == PreferenceState.UNSUBSCRIBED
        assert state(ada, partners) == PreferenceState.UNSPECIFIED

    def test_a_page_opened_before_that_has_an_error_offers_it_no_more_and_still_leaves_it(
        self, ada: Address, news: Category, browser_client: Client
    ) -> None:
        offers = CategoryFactory.create(slug="offers")
        retire(news)
        url = link(ada, news, purpose=LinkPurpose.FRESH)
        form = {**sent(news, on=False, was="on as_sent"), **sent(offers, on=True, was="on as_sent")}
        page = browser_client.post(url, {**form, "do": "nonsense"}, secure=True)
        assert page.status_code == 400
        html = page.content.decode()
        assert "News" not in html
        assert "Offers" in html
        again = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', html))
        browser_client.post(url, {**sent(offers, on=True, was="on as_sent"), **again, "do": "save"}, secure=True)
        assert state(ada, news) == PreferenceState.UNSUBSCRIBED
        assert state(ada, offers) == PreferenceState.UNSPECIFIED

    def test_an_old_page_s_pause_of_it_is_asked_again(
        self, ada: Address, news: Category, browser_client: Client
    ) -> None:
        retire(news)
        form = {**sent(news, on=True, was="on as_sent"), "pause": f"{news.pk}-email", "do": "pause-30"}
        page = browser_client.post(link(ada, news, purpose=LinkPurpose.FRESH), form, secure=True)
        assert page.status_code == 400
        assert "Please choose one of the options." in page.content.decode()
        assert "News" not in page.content.decode()


def sent(category: Category, *, on: bool, was: str) -> dict[str, str]:
    key = f"{category.pk}-email"
    return {f"was-{key}": was, f"often-{key}": "as_sent"} | ({f"on-{key}": "on"} if on else {})


def choose(address: Address, category: Category, chosen: PreferenceState | None) -> None:
    if chosen:
        wanted = actions.Wanted(address.pk, category.pk, {"state": chosen, "frequency": Frequency.WEEKLY})
        actions.set_preferences([wanted], Origin(Source.PAGE, timezone.now()))


class TestBringingItBack:
    def test_every_choice_is_as_it_was(self, ada: Address, news: Category, browser_client: Client) -> None:
        left, chose, never, paused = ada, *(AddressFactory.create() for _ in range(3))
        choose(left, news, PreferenceState.UNSUBSCRIBED)
        choose(chose, news, PreferenceState.SUBSCRIBED)
        until = timezone.localdate() + timedelta(days=30)
        actions.pause([Target(paused.pk, news.pk)], Origin(Source.PAGE, timezone.now()), until=until)
        people = [left, chose, never, paused]
        before = answers(people, news)
        rows = list(Preference.objects.order_by("id").values())
        retire(news)
        for one in people:  # they open their page and save it meanwhile
            browser_client.post(link(one, news, purpose=LinkPurpose.FRESH), {"do": "save"}, secure=True)
        bring_back(news)
        assert list(Preference.objects.order_by("id").values()) == rows
        assert answers(people, news) == before
        assert before == [Outcome.UNSUBSCRIBED, Outcome.SEND, Outcome.SEND, Outcome.PAUSED]

    def test_who_left_meanwhile_stays_left(self, ada: Address, news: Category, browser_client: Client) -> None:
        bob = AddressFactory.create(text=BOB)
        retire(news)
        browser_client.post(link(ada, news), secure=True)
        actions.suppress([bob.pk], Origin(Source.COMPLAINT, timezone.now()), reason=SuppressionReason.COMPLAINT)
        bring_back(news)
        assert answers([ada, bob], news) == [Outcome.UNSUBSCRIBED, Outcome.SUPPRESSED]

    def test_who_came_back_to_something_else_meanwhile_does_not_get_this(self, ada: Address, news: Category) -> None:
        offers, now = CategoryFactory.create(slug="offers"), timezone.now()
        actions.opt_out([Target(ada.pk)], Origin(Source.PAGE, now))
        retire(news)
        actions.opt_in([Target(ada.pk, offers.pk)], Origin(Source.PAGE, now, wording="Yes"))
        bring_back(news)
        assert answers([ada], offers) == [Outcome.SEND]
        assert answers([ada], news) == [Outcome.UNSUBSCRIBED]


def answers(people: list[Address], category: Category) -> list[Outcome]:
    decisions = gate.check([one.value for one in people], Mailing(category), now=timezone.now())
    return [one.outcome for one in decisions]


def test_renaming_changes_neither_answers_nor_the_list_id_nor_the_campaign_a_name_finds(
    ada: Address, news: Category, now: datetime
) -> None:
    bob = AddressFactory.create(text=BOB)
    actions.opt_out([Target(ada.pk, news.pk)], Origin(Source.PAGE, now))
    june = actions.campaign_named("June", category=news, now=now)
    Category.objects.update(name="Fresh news", translations={"de": {"name": "Neues"}})
    Campaign.objects.update(title="The June issue, second try", retired_at=now)
    news.refresh_from_db()
    assert answers([ada, bob], news) == [Outcome.UNSUBSCRIBED, Outcome.SEND]
    [entry] = audience.ask([BOB], Mailing(news), now=now)
    assert entry.headers is not None
    assert entry.headers.list_id == "Fresh news <news.mail.example.com>"
    again = actions.campaign_named("June", category=news, now=now)
    assert again == june
    assert str(again) == "The June issue, second try"
