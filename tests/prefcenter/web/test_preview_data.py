"""What staff see of a category is what people see of it, word for word; and looking at it leaves no trace."""

import re
from datetime import datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings as django_settings
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from prefcenter.models import FeedbackReason
from prefcenter.web import preview_data
from prefcenter.web.preview_data import MAILS, PreviewKind
from tests.emails import html_of
from tests.factories import AddressFactory, CategoryFactory
from tests.staff import member, signed_in
from unsubscribe import actions, links, outbox
from unsubscribe.actions import Origin
from unsubscribe.addresses import normalise
from unsubscribe.choices import OutboxKind, Source
from unsubscribe.links import LinkPurpose, Target
from unsubscribe.models import Address, Category, CategoryGroup, OutboxMessage

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_only]

LANGUAGES = [code for code, _ in django_settings.LANGUAGES]
#: What may differ: where links lead, whose receipt it is, and how a mail's address is spelt out.
_LINK = re.compile(r"https://mail\.example\.com/[a-z]/[\w/-]+(\?lang=[a-z-]+)?")
_RECEIPT = re.compile(r'name="receipt" value="[^"]*"')


def in_every_language(**texts: str) -> dict[str, dict[str, str]]:
    return {code: {field: f"{text} ({code})" for field, text in texts.items()} for code in LANGUAGES if code != "en"}


@pytest.fixture
def news() -> Category:
    """What people choose between, in every language."""
    group = CategoryGroup.objects.create(name="Shop", translations=in_every_language(name="Shop"))
    CategoryFactory.create(slug="events", needs_opt_in=True)
    CategoryFactory.create(slug="secret", is_listed=False, needs_opt_in=True)
    CategoryFactory.create(slug="old", retired_at=timezone.now())
    CategoryFactory.create(transactional=True)
    FeedbackReason.objects.create(
        text="Too many mails", asks_for_more=True, translations=in_every_language(text="Too many mails")
    )
    texts = in_every_language(name="Product news", description="What is new")
    return CategoryFactory.create(name="Product news", description="What is new", group=group, translations=texts)


@pytest.fixture
def staff() -> Client:
    return signed_in(member("view_category", "view_feedbackreason"))


def url_of(category: Category, kind: str) -> str:
    return reverse("admin:unsubscribe_category_preview_kind", args=[category.pk, kind])


def frame_of(category: Category, kind: str) -> str:
    name = "admin:unsubscribe_category_preview_mail" if kind in MAILS else "preview_page"
    return reverse(name, args=[category.pk, kind])


def seen(staff: Client, url: str, language: str = "en") -> str:
    answer = staff.get(url, {"lang": language}, secure=True)
    assert answer.status_code == 200
    return answer.content.decode()


class Recipient:
    """Somebody real, of the address that the made-up one has, who gets the category and reads one language."""

    def __init__(self, category: Category, language: str) -> None:
        self.address: Address = AddressFactory.create(text=preview_data.ADDRESS, contact__language=language)
        self.target, self.query = Target(self.address.pk, category.pk), {"lang": language}
        self.client = Client(headers={"host": "mail.example.com"})

    def link(self, purpose: LinkPurpose) -> str:
        return f"/{purpose}/{links.sign(self.target, purpose=purpose, today=timezone.localdate())}"

    def sees(self, kind: PreviewKind) -> str:
        if kind == PreviewKind.PREFERENCES:
            page = self.client.get(self.link(LinkPurpose.PREFERENCES), self.query, secure=True)
        elif kind == PreviewKind.UNSUBSCRIBE:
            page = self.client.get(self.link(LinkPurpose.UNSUBSCRIBE), self.query, secure=True)
        else:
            form = {"do": "unsubscribe"}
            page = self.client.post(self.link(LinkPurpose.UNSUBSCRIBE), form, query_params=self.query, secure=True)
        return page.content.decode()

    def gets(self, kind: PreviewKind) -> Any:
        now = timezone.now()
        if kind == PreviewKind.LINK:
            actions.send_link([self.address.pk], now=now)
        if kind == PreviewKind.OPT_IN:
            actions.ask_to_opt_in([self.target], now=now)
        if kind == PreviewKind.ERASE:
            actions.ask_to_erase([self.address.pk], now=now)
        if kind in {PreviewKind.JOIN, PreviewKind.JOINED, PreviewKind.ERASING}:
            return self._hears_of_an_address(kind, now)
        if kind == PreviewKind.DOWNLOAD:
            actions.note_access(self.address.pk, Origin(Source.PAGE, now))
        row = OutboxMessage.objects.get(kind=kind.value, address=self.address)
        outbox.deliver(row.pk, now=now + timedelta(seconds=90))
        return mail.outbox[-1]

    def _hears_of_an_address(self, kind: PreviewKind, now: datetime) -> Any:
        """Of another one that looks like theirs, as the preview has it."""
        if kind == PreviewKind.JOIN:
            actions.add_addresses(self.address.contact_id, [normalise("r@example.com")], now=now)
        other = Address.objects.get(value="r@example.com")
        if kind == PreviewKind.JOINED:
            actions.agree([other.pk], Origin(Source.PAGE, now))
        if kind == PreviewKind.ERASING:
            actions.ask_to_erase([other.pk], now=now)
        row = OutboxMessage.objects.get(kind=kind.value, address=self.address)
        outbox.deliver(row.pk, now=now + timedelta(seconds=90))
        return mail.outbox[-1]


def _alike(text: str) -> str:
    """Less what may differ."""
    text = _RECEIPT.sub("receipt", text).replace("https://mail.example.com/f/preview", "#")
    text = text.replace("https://mail.example.com/j/preview", "#")
    return _LINK.sub("#", text.replace("https://mail.example.com/i/preview", "#"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_preview_says_word_for_word_what_the_real_thing_says(
    language: str, staff: Client, news: Category, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = timezone.now()
    # Both name days: midnight must not fall between the two.
    monkeypatch.setattr(timezone, "now", lambda: moment)
    recipient = Recipient(news, language)
    for kind in (PreviewKind.UNSUBSCRIBE, PreviewKind.PREFERENCES, PreviewKind.DONE):
        assert _alike(seen(staff, frame_of(news, kind), language)) == _alike(recipient.sees(kind)), kind
    for kind in MAILS:
        page = staff.get(url_of(news, kind), {"lang": language}, secure=True)
        letter, real = page.context["letter"], recipient.gets(kind)
        assert letter.subject == real.subject
        assert _alike(letter.text) == _alike(real.body)
        html = seen(staff, frame_of(news, kind), language)
        assert _alike(html) == _alike(html_of(real)), kind


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_has_its_own_words_and_direction(language: str, staff: Client, news: Category) -> None:
    name = "Product news" if language == "en" else f"Product news ({language})"
    start = f'<html lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}">'
    for kind in PreviewKind:
        html = seen(staff, frame_of(news, kind), language)
        assert start in html, kind
        assert name in html or kind in {*MAILS} - {PreviewKind.CONFIRMATION, PreviewKind.OPT_IN}, kind
    done = seen(staff, frame_of(news, PreviewKind.DONE), language)
    assert ("Too many mails" if language == "en" else f"Too many mails ({language})") in done
    outer = seen(staff, url_of(news, PreviewKind.CONFIRMATION), language)
    assert name in outer
    assert f'lang="{language}" dir="auto"' in outer


def test_every_mail_that_people_get_is_shown() -> None:
    assert {kind.value for kind in MAILS} == set(OutboxKind.values)


def test_a_look_writes_nothing(staff: Client, news: Category) -> None:
    def rows() -> dict[str, int]:
        return {model._meta.label: model._base_manager.count() for model in apps.get_models()}

    before = rows()
    with CaptureQueriesContext(connection) as queries:
        for kind in PreviewKind:
            for url in (url_of(news, kind), frame_of(news, kind)):
                seen(staff, url, "de")
    assert rows() == before
    assert before["prefcenter.Visits"] == before["unsubscribe.ConsentEvent"] == len(mail.outbox) == 0
    assert {one["sql"].split()[0] for one in queries} == {"SELECT"}


class Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag != "link":
            wanted = {"href", "action", "formaction", "src"}
            self.found |= {str(value).partition("#")[0] for name, value in attrs if name in wanted}


@pytest.mark.parametrize("kind", list(PreviewKind))
def test_nothing_in_the_frame_leads_anywhere_or_acts(kind: PreviewKind, staff: Client, news: Category) -> None:
    answer = staff.get(frame_of(news, kind), secure=True)
    parser = Links()
    parser.feed(answer.content.decode())
    switch = (
        {f"?lang={code}" for code in LANGUAGES} if kind in {PreviewKind.UNSUBSCRIBE, PreviewKind.PREFERENCES} else set()
    )
    assert parser.found - switch == {""}  # the same page
    policy = {one.partition(" ")[0]: one.partition(" ")[2] for one in answer["Content-Security-Policy"].split("; ")}
    assert policy["sandbox"] == "allow-same-origin"
    assert (policy["form-action"], policy["script-src"], policy["frame-ancestors"]) == ("'none'", "'none'", "'self'")
    assert answer["X-Frame-Options"] == "SAMEORIGIN"
    assert staff.post(frame_of(news, kind), {"do": "unsubscribe"}, secure=True).status_code == 405


def test_only_the_frame_may_be_framed(staff: Client, news: Category) -> None:
    answer = staff.get(url_of(news, PreviewKind.UNSUBSCRIBE), secure=True)
    assert answer["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]


def test_a_mails_text_shows_an_address_that_opens_nothing(staff: Client, news: Category) -> None:
    [shown] = _LINK.finditer(seen(staff, url_of(news, PreviewKind.CONFIRMATION)))
    assert Client(headers={"host": "mail.example.com"}).get(shown[0], secure=True).status_code == 404


def test_what_is_transactional_is_only_shown_where_people_meet_it(staff: Client, news: Category) -> None:
    receipts = Category.objects.get(slug="receipts")
    shown = {kind for kind in PreviewKind if staff.get(url_of(receipts, kind), secure=True).status_code == 200}
    assert shown == {PreviewKind.PREFERENCES, PreviewKind.LINK, PreviewKind.ERASE}
    framed = {kind for kind in PreviewKind if staff.get(frame_of(receipts, kind), secure=True).status_code == 200}
    assert framed == shown
    assert "Receipts" in seen(staff, frame_of(receipts, PreviewKind.PREFERENCES))


def test_nobody_is_asked_whether_they_want_what_is_retired(staff: Client, news: Category) -> None:
    old = Category.objects.get(slug="old")
    assert staff.get(url_of(old, PreviewKind.OPT_IN), secure=True).status_code == 404
    assert "Unsubscribe from “Old”?" in seen(staff, frame_of(old, PreviewKind.UNSUBSCRIBE))


def test_a_category_is_not_found_where_there_is_none(staff: Client, news: Category) -> None:
    for url in (url_of, frame_of):
        assert staff.get(url(Category(pk=9999), PreviewKind.UNSUBSCRIBE), secure=True).status_code == 404
        assert staff.get(url(news, "nonsense"), secure=True).status_code == 404
    mail = reverse("admin:unsubscribe_category_preview_mail", args=[news.pk, PreviewKind.DONE])
    assert staff.get(mail, secure=True).status_code == 404
    assert staff.get(reverse("preview_page", args=[news.pk, PreviewKind.LINK]), secure=True).status_code == 404


def test_a_language_that_is_not_spoken_falls_back(staff: Client, news: Category) -> None:
    assert '<html lang="en"' in seen(staff, frame_of(news, PreviewKind.UNSUBSCRIBE), "tlh")


def test_it_is_found_from_a_category_and_from_a_reason(staff: Client, news: Category) -> None:
    page = seen(staff, reverse("admin:unsubscribe_category_change", args=[news.pk]))
    assert f'href="{reverse("admin:unsubscribe_category_preview", args=[news.pk])}"' in page
    reason = FeedbackReason.objects.first()
    assert reason is not None
    url = reverse("admin:prefcenter_feedbackreason_change", args=[reason.pk])
    assert f'href="{reverse("admin:unsubscribe_category_first_preview")}"' in seen(staff, url)
    first = staff.get(reverse("admin:unsubscribe_category_first_preview"), secure=True)
    assert first["Location"] == reverse(
        "admin:unsubscribe_category_preview", args=[Category.objects.get(slug="events").pk]
    )
    assert seen(staff, first["Location"])


def test_before_there_is_a_category_the_admin_says_so(staff: Client, db: None) -> None:
    answer = staff.get(reverse("admin:unsubscribe_category_first_preview"), follow=True, secure=True)
    assert "There are no categories yet." in answer.content.decode()


def test_it_takes_leave_to_read_categories(news: Category) -> None:
    for group, allowed in (("", False), ("marketer", True), ("support", True), ("compliance", True)):
        client = signed_in(member(group=group))
        urls = [
            url_of(news, PreviewKind.LINK),
            *(frame_of(news, kind) for kind in PreviewKind),
            reverse("admin:unsubscribe_category_first_preview"),
        ]
        statuses = {client.get(url, secure=True).status_code for url in urls}
        assert (statuses <= {200, 302}) if allowed else (statuses == {403}), group
    stranger = Client(headers={"host": "mail.example.com"})
    for kind in PreviewKind:
        answer = stranger.get(frame_of(news, kind), secure=True)
        assert answer.status_code == 302
        assert "/login/" in answer["Location"]


def test_a_preview_shows_what_is_saved(staff: Client, news: Category) -> None:
    Category.objects.filter(pk=news.pk).update(translations={"ja": {"name": "新着情報"}})
    assert "新着情報" in seen(staff, frame_of(news, PreviewKind.UNSUBSCRIBE), "ja")
    actions.opt_out([Target(AddressFactory.create().pk, news.pk)], Origin(Source.PAGE, timezone.now()))
    assert "Unsubscribe from “Product news”?" in seen(staff, frame_of(news, PreviewKind.UNSUBSCRIBE))
