"""What marketers type for a language is what its pages say; what they leave empty is said as it was written."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from prefcenter.models import FeedbackReason
from tests.staff import member, signed_in
from unsubscribe.models import Category, CategoryGroup

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_only]


@pytest.fixture
def staff() -> Client:
    return signed_in(member(is_superuser=True))


def page_of(staff: Client, one: Any) -> Any:
    return staff.get(url_of(one), secure=True)


def save(staff: Client, one: Any, **changed: str) -> Any:
    """The form as the page shows it, with some fields typed over."""
    form = page_of(staff, one).context["adminform"].form
    shown = {name: form[name].value() for name in form.fields}
    sent = {name: value for name, value in shown.items() if value is not None and value is not False} | changed
    answer = staff.post(url_of(one), sent, secure=True)
    one.refresh_from_db()
    return answer


def url_of(one: Any) -> str:
    return reverse(f"admin:{one._meta.app_label}_{one._meta.model_name}_change", args=[one.pk])


def said(one: Any, text: str, code: str) -> str:
    with translation.override(code):
        return str(getattr(one, f"local_{text}"))


def test_what_is_typed_for_german_is_what_a_german_page_says(staff: Client, news: Category) -> None:
    answer = save(staff, news, **{"name_de": "Neuigkeiten", "description_pt-br": "O que há de novo"})
    assert answer.status_code == 302
    assert said(news, "name", "de") == "Neuigkeiten"
    assert said(news, "description", "pt-br") == "O que há de novo"
    assert (said(news, "name", "fr"), said(news, "name", "pt-br"), said(news, "name", "en")) == ("News",) * 3
    assert news.translations == {"de": {"name": "Neuigkeiten"}, "pt-br": {"description": "O que há de novo"}}


@pytest.mark.parametrize(
    ("one", "text"),
    [
        (Category(slug="news", name="News", description="What is new"), "name"),
        (Category(slug="news", name="News", description="What is new"), "description"),
        (CategoryGroup(name="By email"), "name"),
        (FeedbackReason(text="Too many mails"), "text"),
    ],
    ids=str,
)
def test_each_text_can_be_said_in_arabic_and_taken_back(one: Any, text: str, staff: Client) -> None:
    one.pk = None
    one.save(force_insert=True)
    as_written = getattr(one, text)
    save(staff, one, **{f"{text}_ar": "نص"})
    assert said(one, text, "ar") == "نص"
    assert (
        f'name="{text}_ar" value="نص"' in (html := page_of(staff, one).content.decode()) or ">\nنص</textarea>" in html
    )
    save(staff, one, **{f"{text}_ar": " "})
    assert (said(one, text, "ar"), one.translations) == (as_written, {})


def test_nothing_is_lost_when_another_field_is_saved(staff: Client, news: Category) -> None:
    kept = {"de": {"name": "Neues", "motto": "Immer neu"}, "nl": {"name": "Nieuws"}, "ja": {"description": "最新情報"}}
    Category.objects.update(translations=kept)
    save(staff, news, position="3", name="Fresh news")
    assert (news.position, news.name, news.translations) == (3, "Fresh news", kept)


def test_the_list_of_reasons_leaves_their_texts_alone(staff: Client) -> None:
    reason = FeedbackReason.objects.create(text="Too many", translations={"de": {"text": "Zu viele"}})
    FeedbackReason.objects.exclude(pk=reason.pk).delete()
    sent = {"form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "1", "form-0-id": str(reason.pk), "form-0-position": "5"}
    url = reverse("admin:prefcenter_feedbackreason_changelist")
    assert staff.post(url, {**sent, "_save": "Save"}, secure=True).status_code == 302
    reason.refresh_from_db()
    assert (reason.position, said(reason, "text", "de")) == (5, "Zu viele")


def test_a_new_category_can_speak_german_from_the_start(staff: Client) -> None:
    sent = {"slug": "tips", "name": "Tips", "purpose": "marketing", "position": "0", "name_de": "Tipps"}
    assert staff.post(reverse("admin:unsubscribe_category_add"), sent, secure=True).status_code == 302
    assert said(Category.objects.get(slug="tips"), "name", "de") == "Tipps"


def test_a_translation_may_be_as_long_as_what_it_translates(staff: Client, news: Category) -> None:
    assert save(staff, news, name_de="x" * 121).status_code == 200
    assert news.translations == {}
    assert save(staff, news, name_de="x" * 120).status_code == 302


def test_every_language_but_english_has_a_group_of_its_own(staff: Client, news: Category) -> None:
    page = page_of(staff, news)
    groups = [name for name, options in page.context["adminform"].fieldsets if "collapse" in options.get("classes", [])]
    assert groups == ["Deutsch", "Français", "Español", "Português (Brasil)", "日本語", "العربية"]
    assert "Name (Deutsch)" in page.content.decode()
    assert "name_en" not in page.content.decode()


def test_who_may_only_look_sees_the_texts_too(news: Category) -> None:
    client = signed_in(member("view_category"))
    Category.objects.update(translations={"de": {"name": "Neuigkeiten"}})
    page = page_of(client, news).content.decode()
    assert "Neuigkeiten" in page
    assert "<textarea" not in page
