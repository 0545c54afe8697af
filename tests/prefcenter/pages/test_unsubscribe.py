"""The page on GET of the one-click URL, and what its form does."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from prefcenter.models import Feedback, FeedbackReason
from tests.factories import AddressFactory, CampaignFactory, CategoryFactory
from unsubscribe import actions, gate, links, outbox
from unsubscribe.actions import Origin
from unsubscribe.choices import Frequency, Outcome, PreferenceState, Source, SuppressionReason
from unsubscribe.links import LinkPurpose, Target
from unsubscribe.mailing import Mailing
from unsubscribe.models import Address, Category, ConsentEvent, OutboxMessage, Preference

pytestmark = pytest.mark.django_db


@pytest.fixture
def phone() -> Client:
    """A mail program's own browser: no script, no cookies."""
    return Client(enforce_csrf_checks=True, headers={"host": "mail.example.com"})


@pytest.fixture
def url(ada: Address, news: Category) -> str:
    campaign = CampaignFactory.create(category=news)
    return "/u/" + links.sign(Target(ada.pk, news.pk, campaign.pk), today=timezone.localdate())


def answer_for(address: Address, category: Category) -> Outcome:
    return gate.check([address.value], Mailing(category), now=timezone.now())[0].outcome


def receipt_in(page: str) -> str:
    return page.partition('name="receipt" value="')[2].partition('"')[0]


def post(phone: Client, url: str, **fields: str) -> tuple[int, str]:
    answer = phone.post(url, fields, secure=True)
    assert not answer.cookies
    return answer.status_code, answer.content.decode().replace("&#x27;", "'")


def test_p7_the_address_is_masked_and_the_profile_stays_hidden(phone: Client, url: str) -> None:
    CategoryFactory.create(slug="secret-hobby")
    page = phone.get(url, secure=True).content.decode()
    assert "a•••@example.com" in page
    assert "ada@example.com" not in page
    assert "Secret hobby" not in page


@pytest.mark.parametrize(("days", "is_shown"), [(60, True), (61, False)])
def test_the_preferences_beside_an_old_link_are_as_old_as_it(
    days: int, is_shown: bool, phone: Client, ada: Address, news: Category
) -> None:
    today = timezone.localdate() - timedelta(days=days)
    url = f"/u/{links.sign(Target(ada.pk, news.pk), today=today)}"
    page = phone.get(url, secure=True).content.decode()
    preferences = page.partition('href="https://mail.example.com/p/')[2].partition('"')[0]
    shown = phone.get(f"/p/{preferences}", secure=True).content.decode()
    assert ("Your preferences" in shown) == is_shown
    assert ("a•••@example.com" in shown) == is_shown
    assert ("This link has expired." in shown) != is_shown
    assert post(phone, url, do="unsubscribe")[0] == 200


def test_p5_the_page_needs_no_script(phone: Client, url: str) -> None:
    assert "<script" not in phone.get(url, secure=True).content.decode()


def test_p1_one_tap_unsubscribes_and_says_so(phone: Client, url: str, ada: Address, news: Category) -> None:
    status, page = post(phone, url, do="unsubscribe")
    assert status == 200
    assert "You’re unsubscribed." in page
    assert "You’ll no longer get “News” by email." in page
    assert answer_for(ada, news) == Outcome.UNSUBSCRIBED


def test_p2_everything_is_always_there(phone: Client, url: str, ada: Address) -> None:
    assert 'value="everything"' in phone.get(url, secure=True).content.decode()
    post(phone, url, do="everything")
    assert answer_for(ada, CategoryFactory.create(slug="offers")) == Outcome.SUPPRESSED


def test_less_often_offers_only_what_is_slower(phone: Client, url: str, ada: Address, news: Category) -> None:
    Preference.objects.create(
        contact=ada.contact,
        category=news,
        channel="email",
        frequency=Frequency.WEEKLY,
        state=PreferenceState.UNSPECIFIED,
        changed_at=timezone.now(),
    )
    page = phone.get(url, secure=True).content.decode()
    assert "Monthly at most" in page
    assert "Daily at most" not in page
    assert post(phone, url, do="less", frequency="daily")[0] == 400
    status, page = post(phone, url, do="less", frequency="monthly")
    assert status == 200
    assert "at most once a month" in page
    assert Preference.objects.get().frequency == Frequency.MONTHLY


def test_a_pause_says_until_when(phone: Client, url: str, ada: Address, news: Category) -> None:
    status, page = post(phone, url, do="pause", days="30")
    assert status == 200
    assert "is paused until" in page
    assert Preference.objects.get().paused_until == timezone.localdate() + timedelta(days=30)
    assert answer_for(ada, news) == Outcome.PAUSED


@pytest.mark.parametrize("fields", [{"do": "pause", "days": "1000"}, {"do": "less"}, {"do": "nonsense"}])
def test_odd_fields_get_the_page_again_and_change_nothing(fields: dict[str, str], phone: Client, url: str) -> None:
    status, page = post(phone, url, **fields)
    assert status == 400
    assert 'value="unsubscribe"' in page
    assert not ConsentEvent.objects.exists()


def test_undo_is_one_tap_and_two_are_the_same(phone: Client, url: str, ada: Address, news: Category) -> None:
    receipt = receipt_in(post(phone, url, do="unsubscribe")[1])
    assert "Your previous settings are back" in post(phone, url, do="undo", receipt=receipt)[1]
    assert answer_for(ada, news) == Outcome.SEND
    assert "can no longer be undone" in post(phone, url, do="undo", receipt=receipt)[1]
    assert answer_for(ada, news) == Outcome.SEND


def test_a_made_up_receipt_undoes_nothing(phone: Client, url: str, ada: Address, news: Category) -> None:
    post(phone, url, do="unsubscribe")
    for receipt in ("", "WzFd.made.up", url.removeprefix("/u/")):
        assert "can no longer be undone" in post(phone, url, do="undo", receipt=receipt)[1]
    assert answer_for(ada, news) == Outcome.UNSUBSCRIBED


class TestFeedback:
    @pytest.fixture
    def receipt(self, phone: Client, url: str) -> str:
        return receipt_in(post(phone, url, do="unsubscribe")[1])

    def test_p4_is_asked_only_after_the_opt_out(self, phone: Client, url: str) -> None:
        assert "feedback" not in phone.get(url, secure=True).content.decode()
        assert 'value="feedback"' in post(phone, url, do="unsubscribe")[1]

    def test_is_stored_with_its_campaign_and_category(
        self, phone: Client, url: str, receipt: str, news: Category
    ) -> None:
        reason = FeedbackReason.objects.create(text="Too many mails")
        page = post(phone, url, do="feedback", receipt=receipt, reason=str(reason.pk), text="Twice a day!")[1]
        assert "Thanks, that helps us improve." in page
        feedback = Feedback.objects.get()
        assert (feedback.reason, feedback.text) == (reason, "Twice a day!")
        assert (feedback.category, feedback.campaign) == (news, news.campaigns.get())
        assert feedback.event == ConsentEvent.objects.get()

    def test_is_one_answer_per_change_and_can_be_reworded(self, phone: Client, url: str, receipt: str) -> None:
        for text in ("Too much", "Too much, too often"):
            post(phone, url, do="feedback", receipt=receipt, text=text)
        assert Feedback.objects.get().text == "Too much, too often"

    def test_p4_may_be_left_empty_which_is_neither_kept_nor_praised(
        self, phone: Client, url: str, receipt: str
    ) -> None:
        status, page = post(phone, url, do="feedback", receipt=receipt)
        assert (status, "Thanks, that helps us improve." in page) == (200, False)
        assert not Feedback.objects.exists()

    def test_that_is_too_long_is_shown_again_with_nothing_lost(self, phone: Client, url: str, receipt: str) -> None:
        page = post(phone, url, do="feedback", receipt=receipt, text="x" * 501)[1]
        assert "x" * 501 in page
        assert "at most 500 characters" in page
        assert not Feedback.objects.exists()

    def test_cannot_be_attached_to_the_change_of_another(self, phone: Client, url: str) -> None:
        assert "expired" in post(phone, url, do="feedback", receipt="made.up", text="Hello")[1]
        assert not Feedback.objects.exists()

    def test_with_a_reason_that_is_not_offered_is_refused(self, phone: Client, url: str, receipt: str) -> None:
        hidden = FeedbackReason.objects.create(text="Hidden", is_active=False)
        post(phone, url, do="feedback", receipt=receipt, reason=str(hidden.pk))
        assert not Feedback.objects.exists()


class TestFeedbackOfMixedSaves:
    @pytest.fixture
    def fresh(self, ada: Address, news: Category) -> str:
        return "/f/" + links.sign(Target(ada.pk, news.pk), purpose=LinkPurpose.FRESH, today=timezone.localdate())

    def test_is_about_what_was_left(self, phone: Client, fresh: str, news: Category) -> None:
        first = CategoryFactory.create(slug="first", needs_opt_in=True, position=0)
        Category.objects.filter(pk=news.pk).update(position=1)
        fields = {f"was-{first.pk}-email": "off as_sent", f"on-{first.pk}-email": "on"}
        fields |= {f"was-{news.pk}-email": "on as_sent"} | {f"often-{one.pk}-email": "as_sent" for one in (first, news)}
        receipt = receipt_in(post(phone, fresh, do="save", **fields)[1])
        post(phone, fresh, do="feedback", receipt=receipt, text="Too much news")
        assert Feedback.objects.get().category == news

    def test_can_be_taken_back(self, phone: Client, url: str) -> None:
        receipt = receipt_in(post(phone, url, do="unsubscribe")[1])
        for text in ("My boss reads this", ""):
            post(phone, url, do="feedback", receipt=receipt, text=text)
        assert not Feedback.objects.exists()

    def test_with_a_reason_that_went_away_is_said(self, phone: Client, url: str) -> None:
        reason = FeedbackReason.objects.create(text="Too many mails")
        receipt = receipt_in(post(phone, url, do="unsubscribe")[1])
        FeedbackReason.objects.update(is_active=False)
        status, page = post(phone, url, do="feedback", receipt=receipt, reason=str(reason.pk))
        assert (status, 'class="errorlist"' in page) == (400, True)

    def test_of_something_erased_meanwhile_is_not_taken(self, phone: Client, url: str, ada: Address) -> None:
        receipt = receipt_in(post(phone, url, do="unsubscribe")[1])
        actions.erase([ada.contact_id], Origin(Source.PAGE, timezone.now()))
        post(phone, url, do="feedback", receipt=receipt, text="It was Ada")
        assert not Feedback.objects.exists()


def test_undo_of_a_part_says_so(phone: Client, ada: Address, news: Category) -> None:
    offers = CategoryFactory.create(slug="offers")
    url = "/f/" + links.sign(Target(ada.pk), purpose=LinkPurpose.FRESH, today=timezone.localdate())
    fields = {f"was-{one.pk}-email": "on as_sent" for one in (news, offers)}
    fields |= {f"often-{one.pk}-email": "as_sent" for one in (news, offers)}
    receipt = receipt_in(post(phone, url, do="save", **fields)[1])
    actions.opt_down([Target(ada.pk, news.pk)], Origin(Source.PAGE, timezone.now()), frequency=Frequency.WEEKLY)
    page = post(phone, url, do="undo", receipt=receipt)[1]
    assert "Partly undone." in page
    assert "The rest has been changed since" in page


def test_downloading_ones_data_costs_no_undo(phone: Client, url: str, ada: Address, news: Category) -> None:
    receipt = receipt_in(post(phone, url, do="unsubscribe")[1])
    actions.note_access(ada.pk, Origin(Source.PAGE, timezone.now()))
    assert "Your previous settings are back" in post(phone, url, do="undo", receipt=receipt)[1]


def test_a_link_of_what_cannot_be_switched_off_offers_everything_else(phone: Client, ada: Address) -> None:
    receipts = CategoryFactory.create(transactional=True)
    url = "/u/" + links.sign(Target(ada.pk, receipts.pk), today=timezone.localdate())
    assert "Unsubscribe from everything?" in phone.get(url, secure=True).content.decode()


@pytest.mark.parametrize("charset", ["hex", "idna", "unicode_escape", "utf-16"])
def test_an_odd_charset_breaks_nothing(charset: str, phone: Client, url: str, ada: Address, news: Category) -> None:
    body = b'--B\r\nContent-Disposition: form-data; name="do"\r\n\r\nunsubscribe\r\n--B--\r\n'
    kind = f"multipart/form-data; boundary=B; charset={charset}"
    assert phone.generic("POST", "/preferences/", body, content_type=kind, secure=True).status_code == 400
    assert phone.generic("POST", url, body, content_type=kind, secure=True).status_code == 200
    assert answer_for(ada, news) == Outcome.UNSUBSCRIBED


def test_a_second_look_says_that_nothing_is_left_to_do(phone: Client, url: str) -> None:
    post(phone, url, do="unsubscribe")
    assert "You’re not subscribed to “News”." in phone.get(url, secure=True).content.decode()
    assert "Your preferences are already set this way." in post(phone, url, do="unsubscribe")[1]
    assert OutboxMessage.objects.count() == 1


def test_p2_a_hidden_category_is_named_all_the_same(phone: Client, url: str, ada: Address, news: Category) -> None:
    Category.objects.update(is_listed=False)
    page = phone.get(url, secure=True).content.decode()
    assert "Unsubscribe from “News”?" in page
    assert 'value="everything"' in page


def test_who_complained_is_not_shown_as_subscribed(phone: Client, url: str, ada: Address) -> None:
    actions.suppress([ada.pk], Origin(Source.COMPLAINT, timezone.now()), reason=SuppressionReason.COMPLAINT)
    page = phone.get(url, secure=True).content.decode()
    assert "You’re unsubscribed from everything." in page
    assert 'value="everything"' not in page


@pytest.mark.parametrize("whole", [True, False])
def test_an_old_link_never_brings_mail_sooner(whole: bool, phone: Client, ada: Address, news: Category) -> None:
    long_ago = timezone.localdate() - timedelta(days=900)
    url = "/u/" + links.sign(Target(ada.pk, None if whole else news.pk), today=long_ago)
    for days in ("90", "30"):
        post(phone, url, do="pause", days=days)
    [decision] = gate.check([ada.value], Mailing(news), now=timezone.now())
    assert decision.until == timezone.localdate() + timedelta(days=90)


def test_less_of_what_was_left_is_not_promised(phone: Client, url: str, ada: Address, news: Category) -> None:
    post(phone, url, do="unsubscribe")
    page = post(phone, url, do="less", frequency="weekly")[1]
    assert "You’re not subscribed to “News”." in page
    assert answer_for(ada, news) == Outcome.UNSUBSCRIBED


def test_a_link_without_a_category_offers_to_leave_everything(phone: Client, ada: Address) -> None:
    url = "/u/" + links.sign(Target(ada.pk), today=timezone.localdate())
    assert "Unsubscribe from everything?" in phone.get(url, secure=True).content.decode()
    assert "unsubscribed from everything" in post(phone, url, do="unsubscribe")[1]


def test_an_old_mail_leads_to_no_profile(phone: Client, ada: Address, news: Category) -> None:
    long_ago = timezone.localdate() - timedelta(days=400)
    page = phone.get("/u/" + links.sign(Target(ada.pk, news.pk), today=long_ago), secure=True).content.decode()
    preferences = page.partition('href="https://mail.example.com')[2].partition('"')[0]
    assert "This link has expired." in phone.get(preferences, secure=True).content.decode()


class TestTheScopeOfTheButton:
    """With UNSUBSCRIBE_ONE_CLICK_SCOPE=everything the mail program's button and the page mean the same."""

    @pytest.fixture(autouse=True)
    def _everything(self, settings: Any) -> None:
        settings.UNSUBSCRIBE_ONE_CLICK_SCOPE = "everything"

    def test_e9_the_page_asks_about_everything_and_does_it(self, phone: Client, url: str, ada: Address) -> None:
        page = phone.get(url, secure=True).content.decode()
        assert "Unsubscribe from everything?" in page
        assert "Unsubscribe from “News”?" not in page
        assert 'value="everything"' not in page
        _status, page = post(phone, url, do="unsubscribe")
        assert "You’re unsubscribed from everything" in page
        assert answer_for(ada, CategoryFactory.create(slug="offers")) == Outcome.SUPPRESSED

    def test_e9_the_undo_takes_all_of_it_back(self, phone: Client, url: str, ada: Address, news: Category) -> None:
        receipt = receipt_in(post(phone, url, do="unsubscribe")[1])
        assert "no longer unsubscribed from everything" in post(phone, url, do="undo", receipt=receipt)[1]
        assert answer_for(ada, news) == Outcome.SEND

    def test_e9_button_and_page_leave_the_same_behind(self, phone: Client, url: str, ada: Address) -> None:
        phone.post(url, {"List-Unsubscribe": "One-Click"}, secure=True)
        [event] = ConsentEvent.objects.all()
        by_button = (event.kind, event.category_id, event.after)
        post(phone, url, do="unsubscribe")  # once more is the same, said another way
        assert ConsentEvent.objects.exclude(kind="again").count() == 1
        assert event.campaign
        other = AddressFactory.create(text="bob@example.com")
        post(
            phone,
            "/u/" + links.sign(Target(other.pk, event.campaign.category_id), today=timezone.localdate()),
            do="unsubscribe",
        )
        event = ConsentEvent.objects.get(address=other)
        assert (event.kind, event.category_id, event.after) == by_button

    def test_e9_the_confirmation_says_everything(self, phone: Client, url: str) -> None:
        post(phone, url, do="unsubscribe")
        outbox.deliver(OutboxMessage.objects.get().pk, now=timezone.now() + timedelta(hours=1))
        assert "unsubscribed from everything" in mail.outbox[0].body

    def test_e9_a_pause_is_of_everything_and_less_often_names_its_category(
        self, phone: Client, url: str, ada: Address, news: Category
    ) -> None:
        page = phone.get(url, secure=True).content.decode()
        assert "Get “News” less often" in page
        post(phone, url, do="less", frequency="weekly")
        assert Preference.objects.get().frequency == Frequency.WEEKLY
        post(phone, url, do="pause", days="30")
        assert answer_for(ada, CategoryFactory.create(slug="offers")) == Outcome.PAUSED

    def test_e9_who_left_everything_can_ask_to_come_back(self, phone: Client, url: str) -> None:
        post(phone, url, do="unsubscribe")
        page = phone.get(url, secure=True).content.decode()
        assert "You’re unsubscribed from everything." in page
        assert "Resubscribe" in page
        assert post(phone, url, do="again")[0] == 200

    def test_e9_an_expired_link_offers_everything_alone(self, phone: Client, ada: Address, news: Category) -> None:
        day = timezone.localdate() - timedelta(days=70)
        token = links.sign(Target(ada.pk, news.pk), purpose=LinkPurpose.PREFERENCES, today=day)
        page = phone.get(f"/p/{token}", secure=True).content.decode()
        assert 'value="unsubscribe"' not in page
        post(phone, f"/p/{token}", do="unsubscribe")  # a page that was opened before the setting was changed
        assert answer_for(ada, CategoryFactory.create(slug="offers")) == Outcome.SUPPRESSED


def test_e9_a_pause_by_a_link_of_what_cannot_be_switched_off_is_one_of_everything(
    phone: Client, ada: Address, news: Category
) -> None:
    token = links.sign(Target(ada.pk, CategoryFactory.create(transactional=True).pk), today=timezone.localdate())
    assert post(phone, f"/u/{token}", do="pause", days="30")[0] == 200
    assert answer_for(ada, news) == Outcome.PAUSED


@pytest.mark.parametrize("do", ["unsubscribe", "everything"])
def test_an_older_receipt_does_not_undo_the_button_of_the_mail_program(
    do: str, phone: Client, ada: Address, news: Category
) -> None:
    target = Target(ada.pk, news.pk if do == "unsubscribe" else None)
    url = "/u/" + links.sign(target, today=timezone.localdate())
    receipt = receipt_in(post(phone, url, do=do)[1])
    assert phone.post(url, {"List-Unsubscribe": "One-Click"}, secure=True).status_code == 200
    assert "can no longer be undone" in post(phone, url, do="undo", receipt=receipt)[1]
    assert answer_for(ada, news) != Outcome.SEND
    assert OutboxMessage.objects.count() == 1
    assert ConsentEvent.objects.filter(kind="opt_out").count() == 1  # the figures count one person who left
