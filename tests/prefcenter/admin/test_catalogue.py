"""Marketers make, name, order, hide and retire what people choose between; nobody is resubscribed by it, or deleted."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from prefcenter.admin.feedback import filters
from prefcenter.models import Feedback, FeedbackReason, User
from tests.factories import CampaignFactory, CategoryFactory
from tests.staff import member, signed_in
from unsubscribe import actions
from unsubscribe.actions import Origin
from unsubscribe.choices import PreferenceState, Purpose, Source
from unsubscribe.links import Target
from unsubscribe.models import Address, Campaign, Category, CategoryGroup, ConsentEvent, Preference

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
CATEGORIES = "/admin/unsubscribe/category/"
CAMPAIGNS = "/admin/unsubscribe/campaign/"
GROUPS = "/admin/unsubscribe/categorygroup/"
REASONS = "/admin/prefcenter/feedbackreason/"


@pytest.fixture
def marketer() -> User:
    return member(group="marketer")


@pytest.fixture
def staff_client(marketer: User) -> Client:
    return signed_in(marketer)


def page_of(one: Any) -> str:
    return reverse(f"admin:{one._meta.app_label}_{one._meta.model_name}_change", args=[one.pk])


def shown(staff_client: Client, one: Any) -> dict[str, Any]:
    """What the form on its page would send as it is."""
    form = staff_client.get(page_of(one), secure=True).context["adminform"].form
    values = {name: form[name].value() for name in form.fields}
    return {name: value for name, value in values.items() if value is not None and value is not False}


def save(staff_client: Client, one: Any, **changed: str) -> Any:
    """The form with some fields typed over."""
    answer = staff_client.post(page_of(one), shown(staff_client, one) | changed, secure=True)
    one.refresh_from_db()
    return answer


def do(staff_client: Client, url: str, action: str, *rows: Any) -> list[str]:
    """The action on these rows, as the button of a page sends it; what the next page says of it."""
    form = {"action": action, "_selected_action": [one.pk for one in rows]}
    answer = staff_client.post(url, form, follow=True, secure=True)
    assert answer.status_code == 200
    return [str(message) for message in answer.context["messages"]]


def listed(staff_client: Client, url: str, **narrowed: str) -> list[str]:
    answer = staff_client.get(url, narrowed, secure=True)
    assert answer.status_code == 200
    return [str(one) for one in answer.context["cl"].result_list]


def logged(one: Any) -> list[str]:
    entries = LogEntry.objects.filter(object_id=str(one.pk), content_type__model=one._meta.model_name)
    return [entry.get_change_message() for entry in entries.order_by("id")]


def order(staff_client: Client, url: str, *ids: int, **more: str) -> Any:
    """The list's own form: the positions as typed, from 0."""
    sent = {"form-TOTAL_FORMS": str(len(ids)), "form-INITIAL_FORMS": str(len(ids)), "_save": "Save"} | more
    for position, pk in enumerate(ids):
        sent |= {f"form-{position}-id": str(pk), f"form-{position}-position": str(position)}
    return staff_client.post(url, sent, secure=True)


class TestCategories:
    def test_one_is_made_and_offered(self, staff_client: Client) -> None:
        sent = {"slug": "tips", "name": "Tips", "purpose": "marketing", "position": "2", "is_listed": "on"}
        assert staff_client.post(f"{CATEGORIES}add/", sent, secure=True).status_code == 302
        made = Category.objects.get(slug="tips")
        assert (made.is_offered, made.retired_at, made.needs_opt_in) == (True, None, False)

    def test_only_a_superuser_chooses_the_purpose_and_everybody_is_told_why(self, staff_client: Client) -> None:
        boss = signed_in(member(is_superuser=True))
        for slug, client, purpose in (
            ("ours", staff_client, Purpose.MARKETING),
            ("theirs", boss, Purpose.TRANSACTIONAL),
        ):
            page = client.get(f"{CATEGORIES}add/", secure=True)
            assert ("purpose" in page.context["adminform"].form.fields) == (client is boss)
            assert "Only a superuser can choose this" in page.content.decode()
            sent = {"slug": slug, "name": slug, "purpose": "transactional", "position": "0"}
            assert client.post(f"{CATEGORIES}add/", sent, secure=True).status_code == 302
            assert Category.objects.get(slug=slug).purpose == purpose

    def test_the_purpose_is_changed_by_nobody(self, staff_client: Client, news: Category) -> None:
        for client in (staff_client, signed_in(member(is_superuser=True))):
            assert "Only a superuser can choose this" in client.get(page_of(news), secure=True).content.decode()
            assert save(client, news, purpose="transactional").status_code == 302
            assert news.purpose == Purpose.MARKETING
            row = {"form-0-purpose": "transactional", "form-0-needs_opt_in": "on"}
            assert order(client, CATEGORIES, news.pk, **row).status_code == 302
            news.refresh_from_db()
            assert (news.purpose, news.needs_opt_in) == (Purpose.MARKETING, False)

    def test_renaming_touches_neither_the_slug_nor_anybodys_choice(
        self, staff_client: Client, ada: Address, news: Category
    ) -> None:
        actions.opt_out([Target(ada.pk, news.pk)], Origin(Source.PAGE, NOW))
        before = list(Preference.objects.values()), list(ConsentEvent.objects.values())
        assert save(staff_client, news, name="Fresh news", slug="fresh", name_de="Neues").status_code == 302
        assert (news.name, news.slug, news.translations) == ("Fresh news", "news", {"de": {"name": "Neues"}})
        assert (list(Preference.objects.values()), list(ConsentEvent.objects.values())) == before

    def test_the_history_says_who_changed_which_text(
        self, staff_client: Client, marketer: User, news: Category
    ) -> None:
        save(staff_client, news, **{"name": "Fresh", "name_de": "Neues", "description_pt-br": "O que há"})
        assert logged(news) == ["Changed Name, Name (Deutsch) and Description (Português (Brasil))."]
        page = staff_client.get(f"{page_of(news)[:-7]}history/", secure=True).content.decode()
        assert "Name (Deutsch)" in page
        assert marketer.email in page

    def test_a_save_that_changes_nothing_is_not_said_to_have_changed_a_text(
        self, staff_client: Client, news: Category
    ) -> None:
        Category.objects.update(description="One\r\ntwo", translations={"de": {"description": "Eins\r\nzwei"}})
        save(staff_client, news)
        assert logged(news) == ["No fields changed."]

    def test_they_are_ordered_in_the_list(self, staff_client: Client, news: Category) -> None:
        offers, tips = CategoryFactory.create(slug="offers"), CategoryFactory.create(slug="tips")
        assert order(staff_client, CATEGORIES, tips.pk, news.pk, offers.pk).status_code == 302
        assert [one.slug for one in Category.objects.all()] == ["tips", "news", "offers"]
        assert logged(offers) == ["Changed Position."]

    def test_headings_are_ordered_in_the_list(self, staff_client: Client) -> None:
        first, second = (CategoryGroup.objects.create(name=name) for name in ("First", "Second"))
        assert order(staff_client, GROUPS, second.pk, first.pk).status_code == 302
        assert list(CategoryGroup.objects.all()) == [second, first]

    def test_retiring_and_bringing_back_change_one_field_and_are_logged(
        self, staff_client: Client, ada: Address, news: Category
    ) -> None:
        actions.opt_out([Target(ada.pk, news.pk)], Origin(Source.PAGE, NOW))
        before = list(Preference.objects.values())
        assert do(staff_client, CATEGORIES, "retire", news) == ["Retired: News."]
        news.refresh_from_db()
        assert news.retired_at is not None
        assert do(staff_client, CATEGORIES, "bring_back", news) == ["Brought back: News."]
        news.refresh_from_db()
        assert news.retired_at is None
        assert logged(news) == ["Retired.", "Brought back."]
        assert list(Preference.objects.values()) == before
        assert before[0]["state"] == PreferenceState.UNSUBSCRIBED

    def test_retiring_twice_keeps_the_first_day_and_says_so(self, staff_client: Client, news: Category) -> None:
        Category.objects.update(retired_at=NOW)
        other = CategoryFactory.create(slug="offers")
        assert do(staff_client, CATEGORIES, "retire", news) == ["Nothing to change."]
        assert do(staff_client, CATEGORIES, "retire", news, other) == ["Retired: Offers."]
        news.refresh_from_db()
        assert (news.retired_at, logged(news)) == (NOW, [])

    def test_many_are_counted(self, staff_client: Client, news: Category) -> None:
        assert do(staff_client, CATEGORIES, "retire", news, CategoryFactory.create(slug="offers")) == ["Retired: 2."]

    def test_a_page_opened_before_does_not_bring_it_back(self, staff_client: Client, news: Category) -> None:
        sent = shown(staff_client, news)
        Category.objects.update(retired_at=NOW)
        assert staff_client.post(page_of(news), sent | {"name": "Renamed"}, secure=True).status_code == 302
        news.refresh_from_db()
        assert (news.name, news.retired_at) == ("Renamed", NOW)

    def test_its_page_has_the_button_that_fits(self, staff_client: Client, news: Category) -> None:
        assert 'value="Retire"' in staff_client.get(page_of(news), secure=True).content.decode()
        Category.objects.update(retired_at=NOW)
        page = staff_client.get(page_of(news), secure=True).content.decode()
        assert 'value="Bring back"' in page
        assert "March 10, 2026" in page

    def test_the_list_is_narrowed_to_what_is_in_use(self, staff_client: Client, news: Category) -> None:
        CategoryFactory.create(slug="old", retired_at=NOW)
        assert listed(staff_client, CATEGORIES, retired="no") == ["News"]
        assert listed(staff_client, CATEGORIES, retired="yes") == ["Old"]
        assert sorted(listed(staff_client, CATEGORIES)) == ["News", "Old"]

    def test_whoever_may_only_look_sees_no_button_and_retires_nothing(self, news: Category) -> None:
        reader = signed_in(member("view_category"))
        assert "Retire</" not in (page := reader.get(page_of(news), secure=True).content.decode())
        assert 'value="Retire"' not in page
        do(reader, CATEGORIES, "retire", news)
        news.refresh_from_db()
        assert news.retired_at is None


class TestCampaigns:
    def test_one_is_made_before_the_mailing_that_then_finds_it(self, staff_client: Client, news: Category) -> None:
        sent = {"category": str(news.pk), "name": " June ", "title": "Summer, first issue"}
        assert staff_client.post(f"{CAMPAIGNS}add/", sent, secure=True).status_code == 302
        made = Campaign.objects.get()
        assert (made.name, str(made), made.created_at.tzinfo is not None) == ("June", "Summer, first issue", True)
        assert actions.campaign_named("June", category=news, now=NOW) == made

    def test_a_second_one_of_the_same_name_is_refused_in_words(self, staff_client: Client, news: Category) -> None:
        CampaignFactory.create(category=news, name="June")
        answer = staff_client.post(f"{CAMPAIGNS}add/", {"category": str(news.pk), "name": "June"}, secure=True)
        assert answer.status_code == 200
        assert Campaign.objects.count() == 1

    def test_a_new_title_changes_what_staff_read_and_not_what_the_sender_says(
        self, staff_client: Client, news: Category
    ) -> None:
        june = actions.campaign_named("June", category=news, now=NOW)
        assert june is not None
        assert save(staff_client, june, title="The June issue", name="July", category="9").status_code == 302
        assert (june.name, str(june), june.category, june.created_at) == ("June", "The June issue", news, NOW)
        assert actions.campaign_named("June", category=news, now=NOW) == june
        assert logged(june) == ["Changed Title."]
        assert listed(staff_client, CAMPAIGNS, q="the june") == ["The June issue"]

    def test_no_campaign_is_made_for_a_retired_category(self, staff_client: Client, news: Category) -> None:
        Category.objects.update(retired_at=NOW)
        answer = staff_client.post(f"{CAMPAIGNS}add/", {"category": str(news.pk), "name": "June"}, secure=True)
        assert answer.status_code == 200
        assert not Campaign.objects.exists()

    def test_a_retired_one_is_offered_in_no_filter_but_its_own(
        self, staff_client: Client, news: Category, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(filters, "CAMPAIGNS_SHOWN", 2)
        old, june = (
            CampaignFactory.create(category=news, name="Old"),
            CampaignFactory.create(category=news, name="June"),
        )
        Campaign.objects.filter(pk=june.pk).update(title="The June issue")
        assert do(staff_client, CAMPAIGNS, "retire", old) == ["Retired: Old."]
        for url in ("/admin/prefcenter/feedback/", "/admin/prefcenter/visits/"):
            assert offered(staff_client, url) == {"The June issue"}
            assert offered(staff_client, url, campaign__id__exact=str(old.pk)) == {"The June issue", "Old"}
        assert do(staff_client, CAMPAIGNS, "bring_back", old) == ["Brought back: Old."]
        assert offered(staff_client, "/admin/prefcenter/feedback/") == {"The June issue", "Old"}

    def test_the_list_takes_as_many_queries_for_twenty_as_for_one(self, staff_client: Client, news: Category) -> None:
        counts = []
        for number in (1, 20):
            for _ in range(number):
                CampaignFactory.create(category=news)
            with CaptureQueriesContext(connection) as queries:
                listed(staff_client, CAMPAIGNS)
            counts.append(len(queries))
        assert counts[0] == counts[1]


def offered(staff_client: Client, url: str, **narrowed: str) -> set[str]:
    page = staff_client.get(url, narrowed, secure=True)
    [spec] = [one for one in page.context["cl"].filter_specs if getattr(one, "field_path", "") == "campaign"]
    return {str(choice["display"]) for choice in spec.choices(page.context["cl"])} - {"All", "-"}


class TestReasons:
    def test_one_is_made_translated_ordered_and_hidden(self, staff_client: Client) -> None:
        FeedbackReason.objects.all().delete()
        for text in ("Too many", "Too dull"):
            sent = {"text": text, "text_de": f"{text} (de)", "is_active": "on", "position": "0"}
            assert staff_client.post(f"{REASONS}add/", sent, secure=True).status_code == 302
        many, dull = FeedbackReason.objects.order_by("-text")
        assert order(staff_client, REASONS, dull.pk, many.pk, **{"form-1-is_active": "on"}).status_code == 302
        assert [(one.text, one.is_active) for one in FeedbackReason.objects.all()] == [
            ("Too dull", False),
            ("Too many", True),
        ]
        assert many.translations == {"de": {"text": "Too many (de)"}}

    def test_only_one_that_nobody_ticked_is_deleted(self, staff_client: Client, ada: Address, news: Category) -> None:
        used, unused = (FeedbackReason.objects.create(text=text) for text in ("Used", "Unused"))
        [event] = actions.opt_out([Target(ada.pk, news.pk)], Origin(Source.PAGE, NOW))
        Feedback.objects.create(event=event, reason=used, created_at=NOW)
        delete = f"{REASONS}{{}}/delete/"
        for reason, status in ((used, 403), (unused, 302)):
            answer = staff_client.post(delete.format(reason.pk), {"post": "yes"}, secure=True)
            assert answer.status_code == status, reason
        assert FeedbackReason.objects.filter(text__in=["Used", "Unused"]).get() == used
        assert "Delete" not in staff_client.get(page_of(used), secure=True).content.decode()

    def test_the_list_deletes_none_at_once(self, staff_client: Client) -> None:
        reason = FeedbackReason.objects.create(text="Unused")
        do(staff_client, REASONS, "delete_selected", reason)
        assert FeedbackReason.objects.filter(pk=reason.pk).exists()


@pytest.mark.parametrize("url", [CATEGORIES, CAMPAIGNS, GROUPS])
def test_nothing_else_is_deleted_even_by_a_superuser(url: str, news: Category) -> None:
    boss = signed_in(member(is_superuser=True))
    rows: dict[str, Any] = {
        CATEGORIES: news,
        CAMPAIGNS: CampaignFactory.create(category=news),
        GROUPS: CategoryGroup.objects.create(name="Shop"),
    }
    one = rows[url]
    assert boss.post(f"{url}{one.pk}/delete/", {"post": "yes"}, secure=True).status_code == 403
    assert "delete_selected" not in boss.get(url, secure=True).content.decode()
    assert type(one).objects.filter(pk=one.pk).exists()
