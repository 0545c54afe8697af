"""The admin in a real browser: the daily ways with mouse and keyboard, and every page of ours fit for everybody.

`pytest tests/prefcenter/pages/test_admin_pages.py --screenshots screenshots` puts a picture of each page into a folder.
"""

import csv
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser, Download, expect

from prefcenter.models import Feedback
from prefcenter.tasks import work_on_imports
from tests.factories import ADA, BOB
from unsubscribe import actions, gate
from unsubscribe.actions import Origin
from unsubscribe.choices import Source, SuppressionReason
from unsubscribe.mailing import Mailing

from . import axe, measures
from .admin_browser import EVERY_PAGE, ONE_BAD_LINE, AdminBrowser
from .test_every_page import SCHEMES

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.sqlite_only]

WIDTHS = (1280, 360)
#: The frames of a preview are pages of their own, tested as such.
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], "iframes": False}
COLOURS = {"runOnly": ["color-contrast", "link-in-text-block"], "iframes": False}


@pytest.fixture
def admin(chromium: Browser, site: str, settings: Any, tmp_path: Path) -> Iterator[AdminBrowser]:
    settings.DATA_DIR = tmp_path
    context = chromium.new_context(reduced_motion="reduce", extra_http_headers={"X-Forwarded-Proto": "https"})
    context.route("**/favicon.ico", lambda route: route.fulfill(status=204))
    admin = AdminBrowser(context.new_page(), site)
    yield admin
    context.close()
    assert admin.complaints == []


def rows_of(download: Download) -> list[list[str]]:
    return list(csv.reader(download.path().read_text("utf-8-sig").splitlines()))


def test_a_marketer_finds_the_top_reason_and_reads_what_was_said(admin: AdminBrowser) -> None:
    Feedback.objects.filter(reason__text="Too many mails").update(text="Daily is too much")
    admin.may("view_feedback", "change_feedback", "view_consentevent", "view_category")
    admin.opens("admin:index")
    top = admin.page.get_by_role("region", name="Reason, answers").locator("tbody tr").first
    expect(top.get_by_role("rowheader")).to_have_text("Too many mails")
    admin.goes(top.get_by_role("link"))
    expect(admin.page.locator("#result_list tbody tr")).to_have_count(2)
    expect(admin.page.locator("#result_list")).not_to_contain_text("Not interesting")
    admin.goes(admin.page.locator("#result_list tbody th a").first)
    expect(admin.page.get_by_text("Daily is too much")).to_be_visible()
    admin.page.get_by_label("Reviewed", exact=True).check()
    admin.presses("Save")
    assert Feedback.objects.filter(reviewed_by=admin.user, reviewed_at__isnull=False).count() == 1


def test_support_records_the_opt_out_of_a_caller_with_the_keyboard_alone(admin: AdminBrowser) -> None:
    admin.may("view_contact", "act_for_contact")
    admin.opens("admin:index")
    expect(admin.page.get_by_role("navigation", name="Everyday tasks").get_by_role("link")).to_have_text(
        ["Find a contact"]
    )
    admin.follows("Find a contact")
    admin.page.get_by_label("Email address or phone number").focus()
    admin.page.keyboard.type(ADA.upper())
    with admin.page.expect_navigation():
        admin.page.keyboard.press("Enter")
    assert admin.page.url == admin.site + reverse("admin:unsubscribe_contact_page", args=[admin.ada.contact_id])
    admin.page.get_by_label("Opt out of").focus()
    admin.page.keyboard.type("One category: News")
    admin.page.keyboard.press("Tab")
    admin.page.keyboard.type("No more news, please.")
    for _ in ("how they reached us", "note", "the button"):
        admin.page.keyboard.press("Tab")
    expect(admin.page.get_by_role("button", name="Record the opt-out")).to_be_focused()
    with admin.page.expect_navigation():
        admin.page.keyboard.press("Enter")
    expect(admin.page.locator(".messagelist")).to_have_text("Recorded an opt-out: One category: News.")
    expect(admin.page.locator("#ledger li").first).to_contain_text("Wording: “No more news, please.”")
    [about_news] = gate.check([ADA], Mailing(admin.days.news), now=timezone.now())
    [about_offers] = gate.check([ADA], Mailing(admin.days.offers), now=timezone.now())
    assert (about_news.may_send, about_offers.may_send) == (False, True)


def test_a_file_is_imported_and_its_report_taken_home(admin: AdminBrowser, tmp_path: Path) -> None:
    file = tmp_path / "opt-outs.csv"
    file.write_text(ONE_BAD_LINE)
    admin.may("import_opt_outs")
    admin.opens("admin:index")
    admin.follows("Imports")
    admin.follows("Import a file")
    admin.page.get_by_label("File:").set_input_files(file)
    admin.presses("Check the file")
    expect(admin.page.locator("#content")).to_contain_text("Waiting for the worker.")
    work_on_imports()
    # The page looks again by itself.
    bad = admin.page.get_by_role("region", name="Skipped lines")
    expect(bad.get_by_role("row")).to_have_text(["LineReason", "3this is not a valid address"])
    assert gate.check([BOB], Mailing(admin.days.news), now=timezone.now())[0].may_send
    admin.presses("Import 2 opt-outs")
    work_on_imports()
    expect(admin.page.get_by_text("The whole file was read. The file itself has been deleted.")).to_be_visible()
    assert not any(one.may_send for one in gate.check([ADA, BOB], Mailing(admin.days.news), now=timezone.now()))
    report = admin.takes(admin.page.get_by_role("link", name="Download the report"))
    assert rows_of(report) == [["line", "problem"], ["3", "this is not a valid address"]]


def test_the_opt_outs_are_exported_as_csv(admin: AdminBrowser) -> None:
    actions.suppress([admin.ada.pk], Origin(Source.COMPLAINT, timezone.now()), reason=SuppressionReason.COMPLAINT)
    admin.may("view_suppression", "view_preference", "export_opt_outs")
    admin.opens("admin:index")
    admin.follows("Opt-outs")
    admin.page.get_by_label("Reason").first.select_option("complaint")
    admin.presses("Show")
    expect(admin.page.get_by_role("region", name="Opt-outs")).to_contain_text("a•••@example.com")
    assert ADA not in admin.page.content()
    taken = rows_of(admin.takes(admin.page.get_by_role("button", name="Export")))
    assert [row[0] for row in taken].count(ADA) == 1
    assert BOB not in str(taken)


@pytest.mark.parametrize("name", sorted(EVERY_PAGE))
def test_each_page_is_fit_for_everybody(name: str, admin: AdminBrowser, screenshots: Path | None) -> None:
    admin.may_everything()
    EVERY_PAGE[name](admin)
    for scheme, width in product(SCHEMES, WIDTHS):
        admin.page.emulate_media(color_scheme=scheme)
        admin.page.set_viewport_size({"width": width, "height": 800})
        assert admin.page.evaluate(measures.TOO_WIDE) == [], (scheme, width)
        assert admin.complaints == []
        if screenshots:
            admin.page.screenshot(path=screenshots / f"admin-{name}-{scheme}-{width}.png", full_page=True)
        # What the scheme cannot change is asked in one of them; the colours, in both.
        faults = axe.faults(admin.page, RULES if scheme == "light" else COLOURS)
        admin.complaints.clear()  # axe brings styles of its own, which the policy refuses
        assert faults == []
