"""The plain preference page, and what an expired link to it can still do."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests.factories import AddressFactory, CategoryFactory
from unsubscribe import actions, gate, links
from unsubscribe.choices import Answer, Channel, OutboxKind, Source
from unsubscribe.links import Purpose, Target
from unsubscribe.models import Address, Category, ConsentEvent, OutboxMessage

pytestmark = pytest.mark.django_db


@pytest.fixture
def phone() -> Client:
    return Client(enforce_csrf_checks=True, headers={"host": "mail.example.com"})


@pytest.fixture
def url(ada: Address, news: Category) -> str:
    return preferences_of(ada, news)


def preferences_of(address: Address, category: Category | None, *, age: int = 0) -> str:
    target = Target(address.pk, category.pk if category else None)
    today = timezone.localdate() - timedelta(days=age)
    return "/p/" + links.sign(target, purpose=Purpose.PREFERENCES, today=today)


def answer_for(address: Address, category: Category) -> Answer:
    channel = Channel(address.channel)
    return gate.check([address.value], category=category, channel=channel, now=timezone.now())[0].verdict.answer


def post(phone: Client, url: str, **fields: str) -> tuple[int, str]:
    answer = phone.post(url, fields, secure=True)
    assert not answer.cookies
    return answer.status_code, answer.content.decode()


def test_shows_what_holds_today(phone: Client, url: str, ada: Address) -> None:
    CategoryFactory(transactional=True)
    CategoryFactory(opt_in=True)
    page = phone.get(url, secure=True).content.decode()
    assert "a•••@example.com" in page
    assert "Always sent" in page
    assert '<option value="off" selected>' in page
    assert not ConsentEvent.objects.exists()


def test_a_save_changes_only_what_was_touched(phone: Client, url: str, ada: Address, news: Category) -> None:
    offers = CategoryFactory(slug="offers")
    fields = {
        f"c{news.pk}-email": "off",
        f"was-c{news.pk}-email": "as_sent",
        f"c{offers.pk}-email": "as_sent",
        f"was-c{offers.pk}-email": "as_sent",
    }
    actions.opt_out([Target(ada.pk, offers.pk)], source=Source.ONE_CLICK, now=timezone.now())  # in another tab
    status, page = post(phone, url, do="save", **fields)
    assert status == 200
    assert "No more “News” by email." in page
    assert answer_for(ada, news) == Answer.UNSUBSCRIBED
    assert answer_for(ada, offers) == Answer.UNSUBSCRIBED


def test_a_slower_frequency_and_an_opt_in_are_one_save_and_one_mail(
    phone: Client, url: str, ada: Address, news: Category
) -> None:
    partners = CategoryFactory(opt_in=True)
    fields = {
        f"c{news.pk}-email": "weekly",
        f"was-c{news.pk}-email": "as_sent",
        f"c{partners.pk}-email": "monthly",
        f"was-c{partners.pk}-email": "off",
    }
    page = post(phone, url, do="save", **fields)[1]
    assert "at most weekly" in page
    assert answer_for(ada, partners) == Answer.SEND
    assert OutboxMessage.objects.count() == 1
    assert ConsentEvent.objects.filter(kind="opt_in").get().wording


def test_each_channel_has_its_own_choice(phone: Client, url: str, ada: Address, news: Category) -> None:
    mobile = AddressFactory(contact=ada.contact, channel=Channel.SMS, text="+49 30 901820")
    fields = {f"c{news.pk}-{channel}": "as_sent" for channel in ("email", "sms")}
    fields |= {f"was-{name}": value for name, value in fields.items()} | {f"c{news.pk}-sms": "off"}
    post(phone, url, do="save", **fields)
    assert answer_for(mobile, news) == Answer.UNSUBSCRIBED
    assert answer_for(ada, news) == Answer.SEND


@pytest.mark.parametrize("value", ["", "hourly"])
def test_an_odd_value_gets_the_page_again(value: str, phone: Client, url: str, news: Category) -> None:
    status, page = post(phone, url, do="save", **{f"c{news.pk}-email": value})
    assert status == 400
    assert "errorlist" in page
    assert not ConsentEvent.objects.exists()


def test_everything_and_the_way_back_in(phone: Client, url: str, ada: Address, news: Category) -> None:
    offers = CategoryFactory(slug="offers")
    post(phone, url, do="everything")
    assert "You are unsubscribed from everything." in phone.get(url, secure=True).content.decode()
    fields = {f"c{one.pk}-email": "off" for one in (news, offers)}
    fields |= {f"was-{name}": value for name, value in fields.items()} | {f"c{news.pk}-email": "as_sent"}
    post(phone, url, do="save", **fields)
    assert answer_for(ada, news) == Answer.SEND
    assert answer_for(ada, offers) == Answer.UNSUBSCRIBED


def test_a_pause_of_everything_can_be_resumed(phone: Client, url: str, ada: Address, news: Category) -> None:
    post(phone, url, do="pause", days="60")
    assert answer_for(ada, news) == Answer.PAUSED
    assert "Resume now" in phone.get(url, secure=True).content.decode()
    post(phone, url, do="resume")
    assert answer_for(ada, news) == Answer.SEND


def test_less_on_an_old_page_is_no_yes_again(phone: Client, url: str, ada: Address, news: Category) -> None:
    actions.opt_out([Target(ada.pk, news.pk)], source=Source.ONE_CLICK, now=timezone.now())
    post(phone, url, do="save", **{f"c{news.pk}-email": "monthly", f"was-c{news.pk}-email": "as_sent"})
    assert answer_for(ada, news) == Answer.UNSUBSCRIBED


def test_resume_ends_the_pause_of_a_category_too(phone: Client, url: str, ada: Address, news: Category) -> None:
    day = timezone.localdate() + timedelta(days=9)
    actions.pause([Target(ada.pk, news.pk), Target(ada.pk)], day, source=Source.PAGE, now=timezone.now())
    assert "Resume now" in phone.get(url, secure=True).content.decode()
    post(phone, url, do="resume")
    assert answer_for(ada, news) == Answer.SEND


def test_an_odd_pause_is_said_beside_its_field(phone: Client, url: str, news: Category) -> None:
    status, page = post(phone, url, do="pause", days="1000")
    assert status == 400
    assert page.count("errorlist") == 1


class TestExpired:
    @pytest.fixture
    def old(self, ada: Address, news: Category) -> str:
        return preferences_of(ada, news, age=61)

    def test_shows_no_profile(self, phone: Client, old: str) -> None:
        page = phone.get(old, secure=True).content.decode()
        assert "This link has expired." in page
        assert "News" not in page
        assert "example.com<" not in page

    def test_still_stops_mail(self, phone: Client, old: str, ada: Address, news: Category) -> None:
        post(phone, old, do="unsubscribe")
        assert answer_for(ada, news) == Answer.UNSUBSCRIBED
        post(phone, old, do="everything")
        assert answer_for(ada, CategoryFactory(slug="offers")) == Answer.SUPPRESSED

    def test_starts_nothing(self, phone: Client, old: str, ada: Address, news: Category) -> None:
        actions.opt_out([Target(ada.pk, news.pk)], source=Source.ONE_CLICK, now=timezone.now())
        for do in ("save", "resume", "undo", "pause"):
            post(phone, old, do=do, **{f"c{news.pk}-email": "as_sent", f"was-c{news.pk}-email": "off"})
        assert ConsentEvent.objects.count() == 1

    def test_what_was_stopped_here_can_be_undone_and_explained(
        self, phone: Client, old: str, ada: Address, news: Category
    ) -> None:
        page = post(phone, old, do="unsubscribe")[1]
        receipt = page.partition('name="receipt" value="')[2].partition('"')[0]
        assert "Thank you" in post(phone, old, do="feedback", receipt=receipt, text="Too many")[1]
        assert "as it was before" in post(phone, old, do="undo", receipt=receipt)[1]
        assert answer_for(ada, news) == Answer.SEND

    def test_p8_offers_no_mail_to_a_telephone(self, phone: Client, ada: Address, news: Category) -> None:
        mobile = AddressFactory(contact=ada.contact, channel=Channel.SMS, text="+49 30 901820")
        page = post(phone, preferences_of(mobile, news, age=61), do="link")[1]
        assert "fresh" not in page
        assert not OutboxMessage.objects.exists()

    def test_p8_mails_a_fresh_one_once(self, phone: Client, old: str, ada: Address) -> None:
        for _ in range(2):
            assert "on its way" in post(phone, old, do="link")[1]
        assert OutboxMessage.objects.get().kind == OutboxKind.LINK


def test_the_page_takes_few_queries_whatever_the_number_of_categories(
    phone: Client, url: str, django_assert_max_num_queries: object
) -> None:
    for number in range(30):
        CategoryFactory(slug=f"category-{number}")
    with django_assert_max_num_queries(6):  # type: ignore[operator]
        phone.get(url, secure=True)
