"""The preference center, and what an expired link to it can still do."""

from datetime import date, timedelta

import pytest
from django.test import Client
from django.utils import timezone, translation
from django.utils.translation import gettext
from pytest_django import DjangoAssertNumQueries

from tests.factories import AddressFactory, CategoryFactory
from unsubscribe import actions, gate, links
from unsubscribe.actions import Origin
from unsubscribe.choices import Channel, Frequency, OutboxKind, Outcome, Source, SuppressionReason
from unsubscribe.links import LinkPurpose, Target
from unsubscribe.mailing import Mailing
from unsubscribe.models import Address, Category, CategoryGroup, ConsentEvent, Contact, OutboxMessage, Preference
from unsubscribe.outbox.wording import frequency_label

pytestmark = pytest.mark.django_db


@pytest.fixture
def phone() -> Client:
    return Client(enforce_csrf_checks=True, headers={"host": "mail.example.com"})


@pytest.fixture
def url(ada: Address, news: Category) -> str:
    return preferences_of(ada, news)


def preferences_of(
    address: Address, category: Category | None, *, age: int = 0, purpose: LinkPurpose = LinkPurpose.FRESH
) -> str:
    target = Target(address.pk, category.pk if category else None)
    today = timezone.localdate() - timedelta(days=age)
    return f"/{purpose}/" + links.sign(target, purpose=purpose, today=today)


def answer_for(address: Address, category: Category) -> Outcome:
    channel = Channel(address.channel)
    return gate.check([address.value], Mailing(category, channel=channel), now=timezone.now())[0].outcome


def post(phone: Client, url: str, **fields: str) -> tuple[int, str]:
    answer = phone.post(url, fields, secure=True)
    assert not answer.cookies
    return answer.status_code, answer.content.decode().replace("&#x27;", "'")


def sheet(**ways: str) -> dict[str, str]:
    """The fields of the form: each way as "<on or off> <how often>", with " was " before what the page had shown."""
    fields = {"do": "save"}
    for key, said in ways.items():
        now, _, was = said.partition(" was ")
        state, often = now.split()
        name = key.removeprefix("c").replace("_", "-")
        fields |= {f"often-{name}": often, f"was-{name}": was or now} | ({f"on-{name}": "on"} if state == "on" else {})
    return fields


def test_shows_what_holds_today(phone: Client, url: str, ada: Address, news: Category) -> None:
    CategoryFactory.create(transactional=True)
    partners = CategoryFactory.create(opt_in=True)
    page = phone.get(url, secure=True).content.decode()
    assert "a•••@example.com" in page
    assert "Always sent" in page
    assert f'name="was-{news.pk}-email" value="on as_sent"' in page
    assert f'name="was-{partners.pk}-email" value="off as_sent"' in page
    assert not ConsentEvent.objects.exists()


def test_categories_stand_under_their_headings_in_the_readers_language(
    phone: Client, url: str, ada: Address, news: Category
) -> None:
    group = CategoryGroup.objects.create(name="From the shop", translations={"de": {"name": "Aus dem Laden"}})
    words = {"de": {"name": "Angebote", "description": "Rabatte und letzte Exemplare."}}
    Category.objects.update(position=1)
    CategoryFactory.create(slug="offers", group=group, position=0, translations=words)
    page = phone.get(f"{url}?lang=de", secure=True).content.decode()
    assert page.index("News") < page.index("Aus dem Laden") < page.index("Angebote") < page.index("Rabatte")


def test_a_hidden_category_is_shown_to_whoever_gets_it_and_to_nobody_else(
    phone: Client, url: str, ada: Address, news: Category
) -> None:
    chosen, given, left = (CategoryFactory.create(slug=slug, is_listed=False) for slug in ("a1", "b2", "d4"))
    other = CategoryFactory.create(slug="c3", is_listed=False, needs_opt_in=True)
    actions.opt_in([Target(ada.pk, chosen.pk)], Origin(Source.PAGE, timezone.now(), wording="Yes"))
    actions.opt_out([Target(ada.pk, left.pk)], Origin(Source.PAGE, timezone.now()))
    page = phone.get(url, secure=True).content.decode()
    shown = [f'name="was-{one.pk}-email"' in page for one in (news, chosen, given, other, left)]
    assert shown == [True, True, True, False, False]


def test_a_save_changes_only_what_was_touched(phone: Client, url: str, ada: Address, news: Category) -> None:
    offers = CategoryFactory.create(slug="offers")
    actions.opt_out([Target(ada.pk, offers.pk)], Origin(Source.ONE_CLICK, timezone.now()))  # in another tab
    fields = sheet(**{f"c{news.pk}_email": "off as_sent was on as_sent", f"c{offers.pk}_email": "on as_sent"})
    status, page = post(phone, url, **fields)
    assert status == 200
    assert "You’ll no longer get “News” by email." in page
    assert answer_for(ada, news) == Outcome.UNSUBSCRIBED
    assert answer_for(ada, offers) == Outcome.UNSUBSCRIBED


def test_what_is_not_on_the_form_stays_as_it_is(phone: Client, url: str, ada: Address, news: Category) -> None:
    status, page = post(phone, url, do="save")
    assert (status, "No changes to save." in page) == (200, True)
    assert answer_for(ada, news) == Outcome.SEND


def test_a_slower_frequency_and_an_opt_in_are_one_save_one_undo_and_one_mail(
    phone: Client, url: str, ada: Address, news: Category
) -> None:
    partners = CategoryFactory.create(opt_in=True)
    ways = {f"c{news.pk}_email": "on weekly was on as_sent", f"c{partners.pk}_email": "on monthly was off as_sent"}
    page = post(phone, url, **sheet(**ways))[1]
    assert "at most once a week" in page
    assert answer_for(ada, partners) == Outcome.SEND
    assert OutboxMessage.objects.count() == 1
    receipt = page.partition('name="receipt" value="')[2].partition('"')[0]
    assert "Your previous settings are back" in post(phone, url, do="undo", receipt=receipt)[1]
    assert answer_for(ada, partners) == Outcome.UNSUBSCRIBED


def test_p9_a_yes_is_kept_with_the_words_it_was_said_to(phone: Client, url: str, ada: Address) -> None:
    words = {"de": {"name": "Partner", "description": "Post von Freunden."}}
    partners = CategoryFactory.create(opt_in=True, translations=words)
    post(phone, f"{url}?lang=de", **sheet(**{f"c{partners.pk}_email": "on weekly was off as_sent"}))
    event = ConsentEvent.objects.get()
    with translation.override("de"):
        shown = [str(Channel.EMAIL.label), frequency_label(Frequency.WEEKLY), gettext("Save")]
    assert event.wording == " · ".join(["Partner", "Post von Freunden.", *shown])


def test_each_channel_has_its_own_choice(phone: Client, url: str, ada: Address, news: Category) -> None:
    mobile = AddressFactory.create(contact=ada.contact, channel=Channel.SMS, text="+49 30 901820")
    page = phone.get(url, secure=True).content.decode()
    shown = [">Email<", '"hint">a•••@example.com<', ">Text message<", '"hint">+49•••20<']
    assert sorted(shown, key=page.index) == shown
    ways = {f"c{news.pk}_email": "on as_sent", f"c{news.pk}_sms": "off as_sent was on as_sent"}
    post(phone, url, **sheet(**ways))
    assert answer_for(mobile, news) == Outcome.UNSUBSCRIBED
    assert answer_for(ada, news) == Outcome.SEND


@pytest.mark.parametrize(
    ("way", "said"),
    [
        ("on hourly was on as_sent", "Please choose one of the options."),
        ("off monthly was off as_sent", "Turn this on first."),
        ("on weekly was perhaps", "Please reload this page."),
    ],
)
def test_odd_and_contradictory_fields_get_the_page_again_with_words_beside_them(
    way: str, said: str, phone: Client, url: str, news: Category
) -> None:
    offers = CategoryFactory.create(slug="offers")
    ways = {f"c{news.pk}_email": way, f"c{offers.pk}_email": "off as_sent was on as_sent"}
    status, page = post(phone, url, **sheet(**ways))
    assert status == 400
    assert said in page
    assert f'name="on-{offers.pk}-email"' in page
    assert f'name="was-{offers.pk}-email" value="on as_sent"' in page  # what was typed is kept, and still unsaved
    assert not ConsentEvent.objects.exists()


def test_a_field_that_is_missing_is_said_and_nothing_is_lost(phone: Client, url: str, news: Category) -> None:
    fields = sheet(**{f"c{news.pk}_email": "on weekly was on as_sent"})
    del fields[f"often-{news.pk}-email"]
    status, page = post(phone, url, **fields)
    assert (status, page.count('class="errorlist"')) == (400, 1)


def test_an_unknown_wish_gets_the_page_again(phone: Client, url: str, news: Category) -> None:
    status, _ = post(phone, url, **sheet(**{f"c{news.pk}_email": "off as_sent was on as_sent"}) | {"do": "dance"})
    assert status == 400
    assert not ConsentEvent.objects.exists()


@pytest.mark.parametrize("fields", [{}, {"do": ""}, {"List-Unsubscribe": "One-Click"}])
def test_a_form_that_says_nothing_gets_the_whole_page_again(
    fields: dict[str, str], phone: Client, url: str, news: Category
) -> None:
    status, page = post(phone, url, **fields)
    assert (status, page.count('class="switch"')) == (400, 1)


def test_p2_everything_and_the_way_back_in(phone: Client, url: str, ada: Address, news: Category) -> None:
    offers = CategoryFactory.create(slug="offers")
    assert 'value="everything"' in phone.get(url, secure=True).content.decode()
    post(phone, url, do="everything")
    assert "You’re unsubscribed from everything." in phone.get(url, secure=True).content.decode()
    ways = {f"c{news.pk}_email": "on as_sent was off as_sent", f"c{offers.pk}_email": "off as_sent"}
    post(phone, url, **sheet(**ways))
    assert answer_for(ada, news) == Outcome.SEND
    assert answer_for(ada, offers) == Outcome.UNSUBSCRIBED


def test_p3_leaving_takes_no_more_taps_than_coming_back(phone: Client, url: str, ada: Address, news: Category) -> None:
    """One switch and one Save, there and back; and leaving everything takes one tap, coming back a choice."""
    for state, was, answer in (("off", "on", Outcome.UNSUBSCRIBED), ("on", "off", Outcome.SEND)):
        post(phone, url, **sheet(**{f"c{news.pk}_email": f"{state} as_sent was {was} as_sent"}))
        assert answer_for(ada, news) == answer


def test_a_pause_of_everything_can_be_resumed(phone: Client, url: str, ada: Address, news: Category) -> None:
    post(phone, url, do="pause-60")
    assert answer_for(ada, news) == Outcome.PAUSED
    assert "Everything is paused until" in phone.get(url, secure=True).content.decode()
    post(phone, url, do="resume")
    assert answer_for(ada, news) == Outcome.SEND


def test_one_category_is_paused_and_resumed_and_the_rest_of_the_form_is_saved_with_it(
    phone: Client, url: str, ada: Address, news: Category
) -> None:
    offers = CategoryFactory.create(slug="offers")
    post(phone, url, **sheet(**{f"c{news.pk}_email": "on as_sent"}) | {"do": "pause-30", "pause": f"{news.pk}-email"})
    assert answer_for(ada, news) == Outcome.PAUSED
    assert answer_for(ada, offers) == Outcome.SEND
    assert f'value="resume-{news.pk}-email"' in phone.get(url, secure=True).content.decode()
    ways = {f"c{news.pk}_email": "on as_sent", f"c{offers.pk}_email": "off as_sent was on as_sent"}
    page = post(phone, url, **sheet(**ways) | {"do": f"resume-{news.pk}-email"})[1]
    assert "has resumed" in page
    assert answer_for(ada, news) == Outcome.SEND
    assert answer_for(ada, offers) == Outcome.UNSUBSCRIBED


def test_pausing_everything_keeps_what_was_switched_beside_it(
    phone: Client, url: str, ada: Address, news: Category
) -> None:
    page = post(phone, url, **sheet(**{f"c{news.pk}_email": "off as_sent was on as_sent"}) | {"do": "pause-60"})[1]
    assert "You’ll no longer get “News” by email." in page
    assert "Everything is paused until" in page


def test_p2_coming_back_takes_a_slower_frequency_or_a_pause_along(
    phone: Client, url: str, ada: Address, news: Category
) -> None:
    until = timezone.localdate() + timedelta(days=9)
    actions.opt_in([Target(ada.pk, news.pk)], Origin(Source.PAGE, timezone.now(), wording="Yes"))
    actions.pause([Target(ada.pk, news.pk)], Origin(Source.PAGE, timezone.now()), until=until)
    post(phone, url, do="everything")
    page = post(phone, url, **sheet(**{f"c{news.pk}_email": "on weekly was off as_sent"}))[1]
    assert "You’re subscribed to “News” by email: at most once a week." in page
    assert answer_for(ada, news) == Outcome.SEND


def test_less_on_an_old_page_is_no_yes_again(phone: Client, url: str, ada: Address, news: Category) -> None:
    actions.opt_out([Target(ada.pk, news.pk)], Origin(Source.ONE_CLICK, timezone.now()))
    page = post(phone, url, **sheet(**{f"c{news.pk}_email": "on monthly was on as_sent"}))[1]
    assert "You’re still unsubscribed from “News” by email." in page
    assert answer_for(ada, news) == Outcome.UNSUBSCRIBED


def test_an_odd_pause_is_said_beside_its_field(phone: Client, url: str, news: Category) -> None:
    ways = sheet(**{f"c{news.pk}_email": "on as_sent"})
    for odd in ({"do": "pause-1000"}, {"do": "pause-30", "pause": "99-email"}):
        status, page = post(phone, url, **ways | odd)
        assert status == 400
        assert 'role="alert"' in page
    assert 'class="errorlist"' in page
    assert not ConsentEvent.objects.exists()


def test_what_went_away_while_the_page_was_open_is_left_but_not_joined(
    phone: Client, url: str, ada: Address, news: Category
) -> None:
    partners, gone = CategoryFactory.create(opt_in=True), CategoryFactory.create(slug="gone")
    Category.objects.exclude(pk=news.pk).update(is_listed=False)
    ways = {
        f"c{news.pk}_email": "on weekly was on as_sent",
        f"c{partners.pk}_email": "on as_sent was off as_sent",
        f"c{gone.pk}_email": "off as_sent was on as_sent",
        "c9999_email": "on as_sent was off as_sent",
    }
    status, page = post(phone, url, **sheet(**ways))
    assert status == 200
    assert "Something you turned on is no longer available." in page
    assert "at most once a week" in page
    assert answer_for(ada, gone) == Outcome.UNSUBSCRIBED
    assert answer_for(ada, partners) == Outcome.UNSUBSCRIBED


class TestALinkThatMayHaveBeenForwarded:
    """The one in every newsletter: whoever was sent the newsletter by a friend has it too (law 8)."""

    @pytest.fixture
    def url(self, ada: Address, news: Category) -> str:
        return preferences_of(ada, news, purpose=LinkPurpose.PREFERENCES)

    def test_stops_and_reduces_like_any_other(self, phone: Client, url: str, ada: Address, news: Category) -> None:
        post(phone, url, **sheet(**{f"c{news.pk}_email": "off as_sent was on as_sent"}))
        assert answer_for(ada, news) == Outcome.UNSUBSCRIBED

    def test_asks_the_mailbox_before_it_switches_anything_on(
        self, phone: Client, url: str, ada: Address, news: Category
    ) -> None:
        offers = CategoryFactory.create(slug="offers")
        post(phone, url, do="everything")
        ways = {f"c{news.pk}_email": "on as_sent was off as_sent", f"c{offers.pk}_email": "on weekly was on as_sent"}
        status, page = post(phone, url, **sheet(**ways))
        assert status == 200
        assert "We’ve sent you an email." in page
        assert "“Offers” by email: at most once a week." in page
        assert answer_for(ada, news) == Outcome.SUPPRESSED
        question = OutboxMessage.objects.get(kind=OutboxKind.OPT_IN)
        assert question.category_ids == [news.pk]

    @pytest.fixture
    def monthly(self, ada: Address, news: Category) -> date:
        """She gets news at most monthly, and nothing for 60 days."""
        now, until = timezone.now(), timezone.localdate() + timedelta(days=60)
        actions.opt_down([Target(ada.pk, news.pk)], Origin(Source.PAGE, now), frequency=Frequency.MONTHLY)
        actions.pause([Target(ada.pk, news.pk), Target(ada.pk)], Origin(Source.PAGE, now), until=until)
        OutboxMessage.objects.all().delete()
        return until

    def held_by(self, ada: Address) -> tuple[str, date | None, date | None]:
        chosen = Preference.objects.get(contact=ada.contact_id)
        return chosen.frequency, chosen.paused_until, Contact.objects.get(id=ada.contact_id).paused_until

    @pytest.mark.parametrize("often", ["as_sent", "daily", "weekly"])
    def test_asks_the_mailbox_before_anything_comes_faster(
        self, often: str, phone: Client, url: str, ada: Address, news: Category, monthly: date
    ) -> None:
        page = post(phone, url, **sheet(**{f"c{news.pk}_email": f"on {often} was on monthly"}))[1]
        assert "We’ve sent you an email." in page
        assert "Undo" not in page
        assert self.held_by(ada) == (Frequency.MONTHLY, monthly, monthly)
        assert [row.kind for row in OutboxMessage.objects.all()] == [OutboxKind.LINK]

    def test_is_not_misled_by_an_old_page(
        self, phone: Client, url: str, ada: Address, news: Category, monthly: date
    ) -> None:
        post(phone, url, **sheet(**{f"c{news.pk}_email": "on weekly was on as_sent"}))
        assert self.held_by(ada) == (Frequency.MONTHLY, monthly, monthly)

    @pytest.mark.parametrize("key", ["", "{}-email"])
    @pytest.mark.parametrize("do", ["resume", "pause-30"])
    def test_asks_the_mailbox_before_a_pause_ends_sooner(
        self, do: str, key: str, phone: Client, url: str, ada: Address, news: Category, monthly: date
    ) -> None:
        key = key.format(news.pk)
        verb = f"resume-{key}" if do == "resume" and key else do
        fields = sheet(**{f"c{news.pk}_email": "on monthly"}) | {"do": verb, "pause": "" if do == "resume" else key}
        assert "We’ve sent you an email." in post(phone, url, **fields)[1]
        assert self.held_by(ada) == (Frequency.MONTHLY, monthly, monthly)
        assert [row.kind for row in OutboxMessage.objects.all()] == [OutboxKind.LINK]

    def test_takes_less_at_once_and_asks_about_the_rest_of_the_same_save(
        self, phone: Client, url: str, ada: Address, news: Category, monthly: date
    ) -> None:
        offers, partners = CategoryFactory.create(slug="offers"), CategoryFactory.create(opt_in=True)
        ways = {
            f"c{news.pk}_email": "on daily was on monthly",
            f"c{offers.pk}_email": "off as_sent was on as_sent",
            f"c{partners.pk}_email": "on as_sent was off as_sent",
        }
        page = post(phone, url, **sheet(**ways))[1]
        assert "You’ll no longer get “Offers” by email." in page
        assert answer_for(ada, offers) == Outcome.UNSUBSCRIBED
        assert answer_for(ada, partners) == Outcome.UNSUBSCRIBED
        assert Preference.objects.get(category=news).frequency == Frequency.MONTHLY
        kinds = {row.kind for row in OutboxMessage.objects.all()}
        assert kinds == {OutboxKind.CONFIRMATION, OutboxKind.OPT_IN, OutboxKind.LINK}

    def test_makes_a_pause_longer_and_mail_slower_at_once(
        self, phone: Client, url: str, ada: Address, news: Category
    ) -> None:
        fields = sheet(**{f"c{news.pk}_email": "on weekly was on as_sent"}) | {"do": "pause-30", "pause": ""}
        post(phone, url, **fields)
        post(
            phone, url, **sheet(**{f"c{news.pk}_email": "on weekly"}) | {"do": "pause-90", "pause": f"{news.pk}-email"}
        )
        today = timezone.localdate()
        days = (today + timedelta(days=90), today + timedelta(days=30))
        assert self.held_by(ada) == (Frequency.WEEKLY, *days)
        assert {row.kind for row in OutboxMessage.objects.all()} == {OutboxKind.CONFIRMATION}

    def test_undoes_at_once_what_it_did_just_now(self, phone: Client, url: str, ada: Address, news: Category) -> None:
        page = post(phone, url, **sheet(**{f"c{news.pk}_email": "on weekly was on as_sent"}))[1]
        receipt = page.partition('name="receipt" value="')[2].partition('"')[0]
        post(phone, url, do="undo", receipt=receipt)
        assert Preference.objects.get().frequency == Frequency.AS_SENT

    def test_the_link_that_it_mails_brings_more_at_once(
        self, phone: Client, ada: Address, news: Category, monthly: date
    ) -> None:
        fresh = preferences_of(ada, news)
        fields = sheet(**{f"c{news.pk}_email": "on as_sent was on monthly"})
        post(phone, fresh, **fields | {"do": "resume", "pause": ""})
        assert self.held_by(ada) == (Frequency.AS_SENT, monthly, None)

    def test_to_a_telephone_it_brings_no_more_either(self, phone: Client, ada: Address, news: Category) -> None:
        mobile = AddressFactory.create(contact=ada.contact, channel=Channel.SMS, text="+49 30 901820")
        now, until = timezone.now(), timezone.localdate() + timedelta(days=60)
        actions.pause([Target(ada.pk)], Origin(Source.PAGE, now), until=until)
        url = preferences_of(mobile, news, purpose=LinkPurpose.PREFERENCES)
        assert "open this page from one of our emails" in post(phone, url, do="resume")[1]
        ada.contact.refresh_from_db()
        assert ada.contact.paused_until == until

    def test_for_other_channels_it_mails_a_fresh_link(
        self, phone: Client, url: str, ada: Address, news: Category
    ) -> None:
        AddressFactory.create(contact=ada.contact, channel=Channel.SMS, text="+49 30 901820")
        post(phone, url, **sheet(**{f"c{news.pk}_sms": "on as_sent was off as_sent"}))
        assert [row.kind for row in OutboxMessage.objects.all()] == [OutboxKind.LINK]
        assert not ConsentEvent.objects.exists()

    def test_to_a_telephone_it_starts_nothing(self, phone: Client, ada: Address, news: Category) -> None:
        mobile = AddressFactory.create(contact=ada.contact, channel=Channel.SMS, text="+49 30 901820")
        url = preferences_of(mobile, news, purpose=LinkPurpose.PREFERENCES)
        page = post(phone, url, **sheet(**{f"c{news.pk}_sms": "on as_sent was off as_sent"}))[1]
        assert "open this page from one of our emails" in page
        assert not OutboxMessage.objects.exists()

    def test_does_not_pass_for_the_one_that_was_asked_for(self, phone: Client, url: str) -> None:
        assert phone.get(url.replace("/p/", "/f/"), secure=True).status_code == 404


class TestSeveralAddresses:
    @pytest.fixture
    def second(self, ada: Address) -> Address:
        return AddressFactory.create(contact=ada.contact, text="ada@work.example.com")

    def test_a_complaint_from_one_is_not_shown_as_the_no_of_the_other(
        self, phone: Client, url: str, ada: Address, second: Address, news: Category
    ) -> None:
        actions.suppress([second.pk], Origin(Source.COMPLAINT, timezone.now()), reason=SuppressionReason.COMPLAINT)
        assert 'value="on as_sent"' in phone.get(url, secure=True).content.decode()
        assert 'value="off as_sent"' in phone.get(preferences_of(second, news), secure=True).content.decode()

    def test_a_no_on_one_channel_is_not_called_everything(
        self, phone: Client, url: str, ada: Address, news: Category
    ) -> None:
        mobile = AddressFactory.create(contact=ada.contact, channel=Channel.SMS, text="+49 30 901820")
        actions.suppress([mobile.pk], Origin(Source.SMS, timezone.now()), reason=SuppressionReason.COMPLAINT)
        page = phone.get(url, secure=True).content.decode()
        assert "unsubscribed from everything" not in page
        assert page.index('value="on as_sent"') < page.index('value="off as_sent"')

    def test_a_yes_on_one_channel_leaves_the_others_as_they_were(
        self, phone: Client, url: str, ada: Address, news: Category
    ) -> None:
        mobile = AddressFactory.create(contact=ada.contact, channel=Channel.SMS, text="+49 30 901820")
        offers = CategoryFactory.create(slug="offers")
        actions.suppress([ada.pk], Origin(Source.COMPLAINT, timezone.now()), reason=SuppressionReason.COMPLAINT)
        post(phone, url, **sheet(**{f"c{news.pk}_email": "on as_sent was off as_sent"}))
        assert [answer_for(ada, one) for one in (news, offers)] == [Outcome.SEND, Outcome.UNSUBSCRIBED]
        assert [answer_for(mobile, one) for one in (news, offers)] == [Outcome.SEND, Outcome.SEND]


def test_a_yes_says_that_everything_is_paused(phone: Client, url: str, ada: Address) -> None:
    post(phone, url, do="pause-60")
    other = CategoryFactory.create(slug="other", needs_opt_in=True)
    page = post(phone, url, **sheet(**{f"c{other.pk}_email": "on as_sent was off as_sent"}))[1]
    assert "Everything is paused until" in page


def test_who_was_erased_has_no_preferences_any_more(phone: Client, url: str, ada: Address, news: Category) -> None:
    actions.erase([ada.contact_id], Origin(Source.PAGE, timezone.now()))
    fields = sheet(**{f"c{news.pk}_email": "on weekly was on as_sent"})
    for page in (phone.get(url, secure=True).content.decode(), post(phone, url, **fields)[1]):
        assert "Your data has been deleted." in page
    assert [event.kind for event in ConsentEvent.objects.all()] == ["erase"]


def test_an_address_that_bounced_is_told_so(phone: Client, url: str, ada: Address) -> None:
    actions.suppress([ada.pk], Origin(Source.IMPORT, timezone.now()), reason=SuppressionReason.HARD_BOUNCE)
    assert "We can’t send anything to this address." in phone.get(url, secure=True).content.decode()


class TestExpired:
    @pytest.fixture(params=[LinkPurpose.PREFERENCES, LinkPurpose.FRESH])
    def old(self, request: pytest.FixtureRequest, ada: Address, news: Category) -> str:
        return preferences_of(ada, news, age=61, purpose=request.param)

    def test_shows_no_profile(self, phone: Client, old: str) -> None:
        page = phone.get(old, secure=True).content.decode()
        assert "This link has expired." in page
        assert "News" not in page
        assert "example.com<" not in page

    def test_still_stops_mail(self, phone: Client, old: str, ada: Address, news: Category) -> None:
        post(phone, old, do="unsubscribe")
        assert answer_for(ada, news) == Outcome.UNSUBSCRIBED
        post(phone, old, do="everything")
        assert answer_for(ada, CategoryFactory.create(slug="offers")) == Outcome.SUPPRESSED

    def test_starts_nothing(self, phone: Client, old: str, ada: Address, news: Category) -> None:
        actions.opt_out([Target(ada.pk, news.pk)], Origin(Source.ONE_CLICK, timezone.now()))
        for do in ("save", "resume", "undo", "pause"):
            post(phone, old, **sheet(**{f"c{news.pk}_email": "on as_sent was off as_sent"}) | {"do": do})
        assert ConsentEvent.objects.count() == 1

    def test_what_was_stopped_here_can_be_undone_and_explained(
        self, phone: Client, old: str, ada: Address, news: Category
    ) -> None:
        page = post(phone, old, do="unsubscribe")[1]
        receipt = page.partition('name="receipt" value="')[2].partition('"')[0]
        assert "Thanks, that helps us improve." in post(phone, old, do="feedback", receipt=receipt, text="Too many")[1]
        assert "Your previous settings are back" in post(phone, old, do="undo", receipt=receipt)[1]
        assert answer_for(ada, news) == Outcome.SEND

    def test_p8_offers_no_mail_to_a_telephone(self, phone: Client, ada: Address, news: Category) -> None:
        mobile = AddressFactory.create(contact=ada.contact, channel=Channel.SMS, text="+49 30 901820")
        page = post(phone, preferences_of(mobile, news, age=61), do="link")[1]
        assert "new link" not in page
        assert not OutboxMessage.objects.exists()

    def test_p8_mails_a_fresh_one_once(self, phone: Client, old: str, ada: Address) -> None:
        for _ in range(2):
            assert "We’ve emailed you a new link." in post(phone, old, do="link")[1]
        assert OutboxMessage.objects.get().kind == OutboxKind.LINK


def test_the_page_takes_few_queries_whatever_the_number_of_categories(
    phone: Client, url: str, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(30):
        CategoryFactory.create(slug=f"category-{number}")
    phone.get(url, secure=True)  # the first look of a day also makes the row that counts them
    with django_assert_max_num_queries(7):
        page = phone.get(url, secure=True).content.decode()
    assert page.count('class="switch"') == 31
