"""Pages and mails speak the reader's language: the one asked for, else the contact's, else the browser's."""

import pytest
from django.conf import settings
from django.core import mail
from django.test import Client
from django.utils import timezone, translation
from django.utils.translation import gettext

from tests.emails import html_of
from tests.factories import CategoryFactory
from unsubscribe import actions, links, outbox
from unsubscribe.actions import Origin
from unsubscribe.choices import Source
from unsubscribe.links import LinkPurpose, Target
from unsubscribe.models import Address, Category, OutboxMessage

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_only]
CODES = [code for code, _ in settings.LANGUAGES]
OTHERS = [code for code in CODES if code != "en"]


@pytest.fixture
def phone() -> Client:
    return Client(enforce_csrf_checks=True, headers={"host": "mail.example.com"})


@pytest.fixture
def link(ada: Address, news: Category) -> str:
    return "/u/" + links.sign(Target(ada.pk, news.pk), today=timezone.localdate())


def said_in(language: str, text: str) -> str:
    with translation.override(language):
        return gettext(text)


@pytest.mark.parametrize(
    ("asked", "contact", "browser", "spoken"),
    [
        ("ja", "de", "fr", "ja"),
        ("", "de", "fr", "de"),
        ("", "de-AT", "fr", "de"),
        ("", "", "fr-CH, en;q=0.5", "fr"),
        ("", "", "", "en"),
        ("xx", "tlh", "nl", "en"),
        ("pt-BR", "", "", "pt-br"),
        ("'; drop table", "", "es", "es"),
    ],
)
def test_which_language_a_page_speaks(
    asked: str, contact: str, browser: str, spoken: str, phone: Client, link: str, ada: Address
) -> None:
    actions.choose_language(ada.contact_id, contact)
    answer = phone.get(link, {"lang": asked} if asked else {}, secure=True, headers={"accept-language": browser})
    assert answer["Content-Language"] == spoken
    assert said_in(spoken, "Get it less often") in answer.content.decode()


@pytest.mark.parametrize("language", OTHERS)
def test_the_confirmation_speaks_as_the_page_did(language: str, phone: Client, link: str, ada: Address) -> None:
    phone.post(f"{link}?lang={language}", {"do": "unsubscribe"}, secure=True)
    row = OutboxMessage.objects.get()
    outbox.deliver(row.pk, now=row.due_at)
    letter = mail.outbox[0]
    assert letter.subject == said_in(language, "Your preferences at %(sender_name)s were updated") % {
        "sender_name": "Example Post"
    }
    html = html_of(letter)
    for part in (letter.body, html):
        assert said_in(language, "This takes effect immediately.") in part
        assert "takes effect immediately" not in part
    assert f'lang="{language}"' in html
    assert 'dir="rtl"' in html if language == "ar" else 'dir="ltr"' in html


def test_a_language_is_remembered_only_where_it_was_chosen_or_none_was_known(
    phone: Client, link: str, ada: Address
) -> None:
    actions.choose_language(ada.contact_id, "de")
    phone.post(link, {"do": "unsubscribe"}, secure=True, headers={"accept-language": "fr"})
    ada.contact.refresh_from_db()
    assert ada.contact.language == "de"
    phone.post(f"{link}?lang=ja", {"do": "everything"}, secure=True)
    ada.contact.refresh_from_db()
    assert ada.contact.language == "ja"


def test_the_language_asked_for_goes_along_to_the_preferences(phone: Client, link: str) -> None:
    page = phone.get(f"{link}?lang=fr", secure=True).content.decode()
    assert "?lang=fr" in page.partition("/p/")[2].partition('"')[0]


@pytest.mark.parametrize("language", CODES)
def test_a_page_of_twenty_categories_stays_small(language: str, phone: Client, ada: Address, news: Category) -> None:
    for number in range(19):
        CategoryFactory.create(slug=f"category-{number}", description="What is new in the shop, once a week.")
    url = "/p/" + links.sign(Target(ada.pk), purpose=LinkPurpose.PREFERENCES, today=timezone.localdate())
    page = phone.get(f"{url}?lang={language}", secure=True).content
    assert page.count(b'class="switch"') == 20
    assert len(page) <= 20_000


def test_no_language_stays_behind_for_the_next_request(phone: Client, link: str) -> None:
    phone.get(f"{link}?lang=ar", secure=True)
    assert translation.get_language() == "en"
    assert phone.get(link, secure=True)["Content-Language"] == "en"


def test_looking_in_another_language_changes_nothing(phone: Client, link: str, ada: Address) -> None:
    phone.get(f"{link}?lang=ja", secure=True)
    ada.contact.refresh_from_db()
    assert ada.contact.language == ""
    assert actions.opt_out([Target(ada.pk)], Origin(Source.PAGE, timezone.now()))  # it was not done before
