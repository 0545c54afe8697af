"""A preference page that was left open until its link expired, and what its buttons still do."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests.factories import BOB, AddressFactory, CategoryFactory
from tests.prefcenter.pages.test_preferences import answer_for, post, preferences_of, sheet
from unsubscribe import actions
from unsubscribe.actions import Origin
from unsubscribe.addresses import normalise
from unsubscribe.choices import Channel, Frequency, OutboxKind, Outcome, Source
from unsubscribe.links import LinkPurpose, Target
from unsubscribe.models import Address, Category, ConsentEvent, Contact, OutboxMessage, Preference

pytestmark = pytest.mark.django_db
MORE = "This link has expired, so we didn’t save changes that get you more messages."


@pytest.fixture
def phone() -> Client:
    return Client(enforce_csrf_checks=True, headers={"host": "mail.example.com"})


class TestAPageLeftOpenUntilItsLinkExpired:
    """What it says no to, or makes less, is done (law 6); what is a yes, or more, needs a fresh link."""

    @pytest.fixture(params=[LinkPurpose.PREFERENCES, LinkPurpose.FRESH])
    def old(self, request: pytest.FixtureRequest, ada: Address, news: Category) -> str:
        return preferences_of(ada, news, age=61, purpose=request.param)

    @pytest.fixture
    def offers(self, ada: Address) -> Category:
        return CategoryFactory.create(slug="offers")

    @pytest.fixture
    def tips(self, ada: Address) -> Category:
        tips = CategoryFactory.create(slug="tips")
        actions.opt_down([Target(ada.pk, tips.pk)], Origin(Source.PAGE, timezone.now()), frequency=Frequency.WEEKLY)
        return tips

    def test_a_save_does_the_less_and_none_of_the_more_and_says_which(
        self, phone: Client, old: str, ada: Address, news: Category, offers: Category, tips: Category
    ) -> None:
        partners = CategoryFactory.create(opt_in=True)
        fields = sheet(
            **{
                f"c{news.pk}_email": "off as_sent was on as_sent",
                f"c{offers.pk}_email": "on weekly was on as_sent",
                f"c{tips.pk}_email": "on as_sent was on weekly",
                f"c{partners.pk}_email": "on as_sent was off as_sent",
            }
        )
        status, page = post(phone, old, **fields)
        assert status == 200
        rows = {one.category.slug: (one.state, one.frequency) for one in Preference.objects.all()}
        assert rows == {
            "news": ("unsubscribed", "as_sent"),
            "offers": ("unspecified", "weekly"),
            "tips": ("unspecified", "weekly"),
        }
        assert "“News”" in page
        assert "“Offers”" in page
        assert MORE in page
        assert 'value="link"' in page
        assert "Tips" not in page
        assert "Partners" not in page
        assert not OutboxMessage.objects.exclude(kind=OutboxKind.CONFIRMATION).exists()
        assert (
            "Your preferences are already set this way."
            in post(phone, old, **sheet(**{f"c{news.pk}_email": "off as_sent was on as_sent"}))[1]
        )

    def test_where_all_of_it_is_less_nothing_is_said_of_more(
        self, phone: Client, old: str, ada: Address, news: Category
    ) -> None:
        page = post(phone, old, **sheet(**{f"c{news.pk}_email": "off as_sent was on as_sent"}))[1]
        assert "You’re unsubscribed." in page
        assert MORE not in page
        assert 'value="link"' in page
        receipt = page.partition('name="receipt" value="')[2].partition('"')[0]
        assert "Your previous settings are back" in post(phone, old, do="undo", receipt=receipt)[1]
        assert answer_for(ada, news) == Outcome.SEND

    @pytest.mark.parametrize("do", ["save", "resume", "resume-{tips}-email"])
    def test_where_all_of_it_is_more_nothing_is_changed(
        self, do: str, phone: Client, old: str, ada: Address, tips: Category
    ) -> None:
        until = timezone.localdate() + timedelta(days=20)
        for target in (Target(ada.pk), Target(ada.pk, tips.pk)):
            actions.pause([target], Origin(Source.PAGE, timezone.now()), until=until)
        count = ConsentEvent.objects.count()
        fields = sheet(**{f"c{tips.pk}_email": f"on {'as_sent' if do == 'save' else 'weekly'} was on weekly"})
        page = post(phone, old, **fields | {"do": do.format(tips=tips.pk)})[1]
        assert f"<h1>{MORE}</h1>" in page
        assert 'value="link"' in page
        assert ConsentEvent.objects.count() == count

    def test_a_break_begins_and_what_was_touched_beside_it_is_saved(
        self, phone: Client, old: str, ada: Address, news: Category, offers: Category
    ) -> None:
        fields = sheet(
            **{
                f"c{news.pk}_email": "on as_sent",
                f"c{offers.pk}_email": "off as_sent was on as_sent",
            }
        )
        page = post(phone, old, **fields | {"do": "pause-30", "pause": f"{news.pk}-email"})[1]
        day = timezone.localdate() + timedelta(days=30)
        assert Preference.objects.get(category=news).paused_until == day
        assert answer_for(ada, offers) == Outcome.UNSUBSCRIBED
        assert Contact.objects.get(pk=ada.contact_id).paused_until is None
        assert MORE not in page
        post(phone, old, **fields | {"do": "pause-60", "pause": ""})
        assert Contact.objects.get(pk=ada.contact_id).paused_until == timezone.localdate() + timedelta(days=60)

    def test_a_break_that_would_end_sooner_stays_as_long_as_it_was(self, phone: Client, old: str, ada: Address) -> None:
        until = timezone.localdate() + timedelta(days=80)
        actions.pause([Target(ada.pk)], Origin(Source.PAGE, timezone.now()), until=until)
        assert MORE in post(phone, old, **sheet() | {"do": "pause-30", "pause": ""})[1]
        assert Contact.objects.get(pk=ada.contact_id).paused_until == until

    @pytest.mark.parametrize("odd", ["often", "pause", "another"])
    def test_a_no_beside_a_field_that_cannot_be_read_is_done_all_the_same(
        self, odd: str, phone: Client, old: str, ada: Address, news: Category, offers: Category
    ) -> None:
        fields = sheet(
            **{f"c{news.pk}_email": "off as_sent was on as_sent", f"c{offers.pk}_email": "on as_sent was on as_sent"}
        )
        fields |= {
            "often": {f"often-{news.pk}-email": "hourly"},
            "pause": {"do": "pause-30", "pause": "999-email"},
            "another": {f"was-{offers.pk}-email": "maybe", f"often-{offers.pk}-email": "never"},
        }[odd]
        assert "News" in post(phone, old, **fields)[1]
        assert [answer_for(ada, one) for one in (news, offers)] == [Outcome.UNSUBSCRIBED, Outcome.SEND]
        assert Contact.objects.get(pk=ada.contact_id).paused_until is None

    @pytest.mark.parametrize("fields", [{"do": "save"}, {"do": "save", "was-1-email": "odd"}, {"do": "pause-31"}])
    def test_what_cannot_be_read_at_all_gets_the_page_of_an_expired_link(
        self, fields: dict[str, str], phone: Client, old: str
    ) -> None:
        assert "This link has expired." in post(phone, old, **fields)[1]
        assert not ConsentEvent.objects.exists()

    def test_what_was_switched_on_and_is_offered_no_more_is_not_saved_either(
        self, phone: Client, old: str, ada: Address
    ) -> None:
        fields = sheet(c9999_email="on as_sent was off as_sent")
        assert MORE in post(phone, old, **fields)[1]

    def test_keeping_addresses_apart_is_a_no_and_linking_them_is_none(
        self, phone: Client, old: str, ada: Address
    ) -> None:
        [bob] = actions.add_addresses(ada.contact_id, [normalise(BOB)], now=timezone.now())
        assert "This link has expired." in post(phone, old, do=f"agree-{bob.pk}")[1]
        bob.refresh_from_db()
        assert bob.is_pending
        page = phone.get(old, secure=True).content.decode()
        assert 'value="alone"' in page
        assert "b•••" not in page
        assert "kept separate" in post(phone, old, do=f"part-{bob.pk}" if "/f/" in old else "alone")[1]
        bob.refresh_from_db()
        assert bob.contact_id != ada.contact_id

    def test_a_telephone_is_told_and_offered_no_mail(self, phone: Client, ada: Address, news: Category) -> None:
        mobile = AddressFactory.create(contact=ada.contact, channel=Channel.SMS, text="+49 30 901820")
        fields = sheet(**{f"c{news.pk}_sms": "off as_sent was on as_sent"})
        page = post(phone, preferences_of(mobile, news, age=61), **fields)[1]
        assert "You’re unsubscribed." in page
        assert 'value="link"' not in page

    def test_who_was_erased_is_told_so(self, phone: Client, old: str, ada: Address, news: Category) -> None:
        actions.erase([ada.contact_id], Origin(Source.PAGE, timezone.now()))
        page = post(phone, old, **sheet(**{f"c{news.pk}_email": "off as_sent was on as_sent"}))[1]
        assert "Your data has been deleted." in page
        assert [event.kind for event in ConsentEvent.objects.all()] == ["erase"]
