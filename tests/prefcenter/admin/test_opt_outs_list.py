"""The staff's list of opt-outs: masked for all who may read it, and a file for the few who may export."""

import csv
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from prefcenter.admin.opt_outs import views
from prefcenter.lists.suppressions import EXPORT_FORMATS, listing
from tests.factories import CampaignFactory, CategoryFactory, address
from tests.staff import member, signed_in
from unsubscribe import actions
from unsubscribe.actions import Origin
from unsubscribe.choices import Channel, Source, SuppressionReason
from unsubscribe.links import Target
from unsubscribe.models import Address, Category, Suppression

pytestmark = pytest.mark.django_db

SEES = ("view_suppression", "view_preference")
DAY = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
LIST, EXPORT = "/admin/opt-outs/", "/admin/opt-outs/export/"


@pytest.fixture
def reader() -> Client:
    return signed_in(member(*SEES))


@pytest.fixture
def exporter() -> Client:
    return signed_in(member(*SEES, "export_opt_outs"))


@pytest.fixture
def left(ada: Address, news: Category) -> Address:
    campaign = CampaignFactory.create(category=news, name="June")
    actions.opt_out([Target(ada.pk, news.pk, campaign.pk)], Origin(Source.ONE_CLICK, DAY))
    return ada


def block(text: str, reason: str = "complaint", **kwargs: Any) -> Address:
    made = address(text, **kwargs)
    actions.suppress([made.pk], Origin(Source.COMPLAINT, DAY), reason=SuppressionReason(reason))
    return made


def page(client: Client, **asked: Any) -> str:
    answer = client.get(LIST, asked, secure=True)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def take(client: Client, kind: str, **asked: Any) -> Any:
    return client.post(EXPORT, asked | {"format": kind}, secure=True)


def read(answer: Any) -> list[list[str]]:
    assert answer.status_code == 200
    return list(csv.reader(StringIO(b"".join(answer).decode("utf-8-sig"))))


def told(client: Client) -> str:
    """The next page, which says what was just done; the one after it does not."""
    return page(client)


def test_the_list_says_who_why_how_and_when_and_no_address(reader: Client, left: Address, news: Category) -> None:
    block("bob@example.com")
    everything = page(reader)
    assert "b•••@example.com" in everything
    assert all(said in everything for said in ("1 opt-out.", "Complained", "Complaint", "Email", "March 10, 2026"))
    about_news = page(reader, category=news.pk)
    assert all(said in about_news for said in ("2 opt-outs.", "Left the category", "One-click", "June", "Complained"))
    assert "a•••@example.com" in about_news
    assert "ada@" not in about_news + everything


def test_each_line_leads_to_the_person_for_those_who_may(reader: Client) -> None:
    made = block("bob@example.com")
    url = reverse("admin:unsubscribe_contact_page", args=[made.contact_id])
    assert url not in page(reader)
    assert f'<a href="{url}">b•••@example.com</a>' in page(signed_in(member(*SEES, "view_contact")))


@pytest.mark.parametrize(
    ("asked", "seen"),
    [
        ({"reason": "complaint"}, True),
        ({"reason": "manual"}, False),
        ({"channel": "email"}, True),
        ({"channel": "sms"}, False),
        ({"source": "complaint"}, True),
        ({"source": "page"}, False),
        ({"since": "2026-03-10", "until": "2026-03-10"}, True),
        ({"since": "2026-03-11"}, False),
        ({"until": "2026-03-09"}, False),
    ],
)
def test_the_list_can_be_narrowed(asked: dict[str, str], seen: bool, reader: Client) -> None:
    block("bob@example.com")
    assert ("b•••@example.com" in page(reader, **asked)) == seen


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"reason": "left"}, "this reason applies only to categories"),
        ({"since": "2026-03-11", "until": "2026-03-10"}, "The end date is before the start date"),
        ({"since": "yesterday"}, "Enter a valid date"),
        ({"reason": "boredom"}, "Select a valid choice"),
        ({"category": "999"}, "Select a valid choice"),
        ({"channel": "fax"}, "Select a valid choice"),
    ],
)
def test_what_cannot_be_is_said_and_nobody_is_shown(asked: dict[str, str], said: str, reader: Client) -> None:
    block("bob@example.com")
    answer = page(reader, **asked)
    assert said in answer
    assert "b•••@example.com" not in answer


def test_the_list_has_pages_and_keeps_what_was_asked(reader: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "PER_PAGE", 2)
    for letter in "abcde":
        block(f"{letter}@example.com")
    first = page(reader, reason="complaint")
    assert "Page 1 of 3" in first
    assert '<a href="?reason=complaint&amp;page=2">Older</a>' in first
    assert "e•••@" in first
    assert "c•••@" not in first
    assert "a•••@" in page(reader, reason="complaint", page="3")
    # What is no page is the nearest one.
    assert "Page 3 of 3" in page(reader, page="77")
    assert "Page 1 of 3" in page(reader, page="x")


def test_millions_are_not_counted(reader: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "MOST", 2)
    for letter in "abcd":
        block(f"{letter}@example.com")
    assert "More than 10,000 opt-outs; the list shows the newest" in page(reader)


def test_about_a_category_that_needs_an_opt_in_strangers_are_mentioned(reader: Client) -> None:
    partners = CategoryFactory.create(opt_in=True)
    assert "may not be sent it either" in page(reader, category=partners.pk)
    assert "it is transactional" in page(reader, category=CategoryFactory.create(transactional=True).pk)


def test_an_empty_list_says_so(reader: Client) -> None:
    assert "0 opt-outs." in page(reader)
    assert "None." in page(reader)


def test_only_the_permission_offers_and_makes_a_file(reader: Client, exporter: Client) -> None:
    block("bob@example.com")
    assert EXPORT not in page(reader)
    assert take(reader, "csv").status_code == 403
    assert LogEntry.objects.count() == 0
    assert EXPORT in page(exporter)
    assert take(exporter, "csv").status_code == 200
    assert take(signed_in(member("export_opt_outs")), "csv").status_code == 403


def test_a_look_exports_nothing(exporter: Client) -> None:
    block("bob@example.com")
    assert exporter.get(EXPORT, {"format": "csv"}, secure=True).status_code == 405
    assert LogEntry.objects.count() == 0


def test_a_file_is_made_only_by_a_form_of_ours(exporter: Client) -> None:
    block("bob@example.com")
    exporter.handler.enforce_csrf_checks = True
    assert take(exporter, "csv").status_code == 403


def test_the_file_holds_what_the_list_shows_on_all_its_pages(
    exporter: Client, left: Address, news: Category, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "PER_PAGE", 1)
    block("bob@example.com")
    block("+4930123456", channel=Channel.SMS)
    answer = take(exporter, "csv", category=news.pk, channel="email")
    assert [row[0] for row in read(answer)] == ["address", "ada@example.com", "bob@example.com"]
    assert answer["Content-Disposition"].startswith('attachment; filename="opt-outs-news-csv-')
    assert answer["Content-Type"] == "text/csv; charset=utf-8"


def test_the_form_carries_what_was_asked_and_nothing_else(exporter: Client, news: Category) -> None:
    shown = page(exporter, category=news.pk, channel="email", since="2026-03-01")
    form = shown[shown.index(f'action="{EXPORT}"') :]
    assert f'<input type="hidden" name="category" value="{news.pk}"' in form
    assert '<input type="hidden" name="channel" value="email"' in form
    assert '<input type="hidden" name="since" value="2026-03-01"' in form


def test_it_is_logged_who_took_how_many_before_the_first_line_leaves(exporter: Client, news: Category) -> None:
    for letter in "abc":
        block(f"{letter}@example.com")
    take(exporter, "sendgrid", category=news.pk)  # and read not a line of it: the browser broke off
    entry = LogEntry.objects.get()
    assert entry.user_id == int(exporter.session["_auth_user_id"])
    assert entry.object_repr == "3 opt-outs"
    assert entry.change_message == "Exported 3 opt-outs from news as sendgrid."


def test_the_log_can_be_read_on_the_front_page(exporter: Client) -> None:
    block("bob@example.com")
    take(exporter, "csv")
    assert "1 opt-outs" in exporter.get("/admin/", secure=True).content.decode()


@pytest.mark.parametrize("kind", EXPORT_FORMATS)
def test_every_file_that_is_offered_can_be_made(kind: str, exporter: Client) -> None:
    for text, reason in [("a", "manual"), ("b", "hard_bounce"), ("c", "complaint"), ("=d", "manual")]:
        block(f"{text}@example.com", reason)
    answer = take(exporter, kind)
    assert answer.status_code == 200
    assert b"".join(answer)


def test_whom_the_file_leaves_out_is_in_its_name_and_told_on_the_next_page(exporter: Client) -> None:
    gone = block("gone@example.com")
    actions.erase([gone.contact_id], Origin(Source.PAGE, DAY))
    block("=cmd@example.com")
    block("bob@example.com")
    answer = take(exporter, "sendgrid")
    assert read(answer) == [["email"], ["bob@example.com"]]
    assert answer["Content-Disposition"].endswith('-without-2.csv"')
    said = told(exporter)
    assert "Not in the file “sendgrid”: 1 without a stored address" in said
    assert "1 that start like a formula (export the file “by-hand” for these)" in said
    assert [row[0] for row in read(take(exporter, "by-hand"))] == ["address", "'=cmd@example.com"]


def test_a_hashed_file_says_how_many_were_erased(exporter: Client) -> None:
    gone = block("gone@example.com")
    block("bob@example.com")
    actions.erase([gone.contact_id], Origin(Source.PAGE, DAY))
    answer = take(exporter, "sha256")
    [[header], [hashed]] = read(answer)
    assert (header, len(hashed)) == ("sha256", 64)
    assert "-without-1.csv" in answer["Content-Disposition"]
    assert "1 without a stored address" in told(exporter)


@pytest.mark.parametrize(
    ("kind", "asked", "said"),
    [
        ("sendgrid", {"channel": "sms"}, "contains only email addresses"),
        ("nonsense", {}, "Select a valid choice"),
        ("csv", {"reason": "left"}, "this reason applies only to categories"),
        ("mailgun-bounces", {}, "There is nothing to export in this format."),
        ("xlsx", {}, "XLSX is limited to 1. Choose CSV instead."),
    ],
)
def test_what_cannot_be_exported_is_said_and_not_logged(
    kind: str, asked: dict[str, str], said: str, exporter: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "XLSX_MOST", 1)
    block("a@example.com")
    block("b@example.com")
    answer = take(exporter, kind, **asked)
    assert answer.status_code == 302
    assert answer["Location"].startswith(LIST)
    assert all(f"{name}={value}" in answer["Location"] for name, value in asked.items())
    next_page = told(exporter)
    assert "Nothing was exported." in next_page
    assert said in next_page
    assert LogEntry.objects.count() == 0


def test_a_file_for_nobody_says_who_would_have_been_in_it(exporter: Client) -> None:
    gone = block("gone@example.com")
    actions.erase([gone.contact_id], Origin(Source.PAGE, DAY))
    take(exporter, "sendgrid")
    assert "There is nothing to export in this format. Not exported: 1 without a stored address" in told(exporter)


def test_what_was_lifted_is_listed_apart_and_is_in_no_file(exporter: Client) -> None:
    made = block("bob@example.com", "manual")
    actions.lift([made.pk], Origin(Source.STAFF, DAY), reason=SuppressionReason.MANUAL)
    assert "0 opt-outs." in page(exporter)
    lifted = page(exporter, lifted="yes")
    assert "b•••@example.com" in lifted
    assert EXPORT not in lifted
    take(exporter, "csv", lifted="yes")
    assert "There is nothing to export in this format." in told(exporter)


def test_of_a_category_nothing_was_lifted(reader: Client, left: Address, news: Category) -> None:
    assert "0 opt-outs." in page(reader, category=news.pk, lifted="yes")


def test_each_suppression_leads_to_its_record(reader: Client, left: Address, news: Category) -> None:
    made = block("bob@example.com")
    record = f"{LIST}{Suppression.objects.get(address=made).pk}/change/"
    shown = page(reader, category=news.pk)
    assert f'<a href="{record}">Complained</a>' in shown
    assert "<td>Left the category</td>" in shown
    assert reader.get(record, secure=True).status_code == 200


def test_suppressions_are_listed_without_categories_for_those_who_may_not_see_preferences(left: Address) -> None:
    block("bob@example.com")
    client = signed_in(member("view_suppression", "export_opt_outs"))
    shown = page(client, category="1")
    assert "b•••@example.com" in shown
    assert 'name="category"' not in shown
    assert EXPORT not in shown
    assert take(client, "csv").status_code == 403
    assert signed_in(member("view_preference")).get(LIST, secure=True).status_code == 403


@pytest.mark.parametrize("source", Source)
def test_every_source_that_an_opt_out_can_have_is_offered(source: Source, reader: Client) -> None:
    actions.suppress([address("bob@example.com").pk], Origin(source, DAY), reason=SuppressionReason.MANUAL)
    assert f'<option value="{source}">' in page(reader)
    assert f'<option value="{source}" selected>' in page(reader, source=source)
    assert "b•••@example.com" in page(reader, source=source)
