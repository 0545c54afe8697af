"""Somebody of the staff at a browser, and every page of ours at the desk, for the tests of how it works and looks."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Download, Locator, Page

from prefcenter.lists import imports
from prefcenter.lists.imports import ImportOptions
from prefcenter.models import Feedback, ImportAnswer, ImportKind, ImportRun
from prefcenter.tasks import work_on_imports
from prefcenter.web.preview_data import PreviewKind
from tests.factories import ADA, BOB, address
from tests.prefcenter import busy_days
from tests.staff import member, signed_in
from unsubscribe import actions
from unsubscribe.actions import Origin
from unsubscribe.addresses import normalise
from unsubscribe.choices import Source, SuppressionReason
from unsubscribe.ledger import seals
from unsubscribe.links import Target

from .test_every_page import _serious, _stays

ONE_BAD_LINE = f"email\n{ADA}\nnobody\n{BOB}\n"
EVERY_PAGE: dict[str, Callable[["Desk"], None]] = {}


def page(function: Callable[["Desk"], None]) -> Callable[["Desk"], None]:
    EVERY_PAGE[function.__name__] = function
    return function


class Desk:
    """In a house in which people left for reasons. `complaints` are the console's, and requests that leave the site."""

    def __init__(self, page: Page, site: str) -> None:
        self.page, self.site, self.complaints = page, site, list[str]()
        self.user = member()
        page.on("console", lambda said: self.complaints.extend(_serious(said.text)))
        page.on("request", lambda sent: self.complaints.extend([] if _stays(sent.url, site) else [sent.url]))
        cookie = signed_in(self.user).cookies[settings.SESSION_COOKIE_NAME]
        page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": site}])
        self.days = busy_days.live(timezone.now())
        self.ada = address(ADA)

    def may(self, *permissions: str) -> None:
        self.user.user_permissions.set(Permission.objects.filter(codename__in=permissions))

    def may_everything(self) -> None:
        self.user.is_superuser = True
        self.user.save()

    def opens(self, name: str, *ids: Any) -> None:
        self.page.goto(self.site + reverse(name, args=ids))

    def goes(self, one: Locator) -> None:
        """To the page that it leads to: a click alone returns before that page is there."""
        with self.page.expect_navigation():
            one.click()

    def follows(self, name: str) -> None:
        self.goes(self.page.get_by_role("link", name=name, exact=True).first)

    def presses(self, name: str) -> None:
        self.goes(self.page.get_by_role("button", name=name, exact=True))

    def takes(self, one: Locator) -> Download:
        with self.page.expect_download() as waiting:
            one.click()
        return waiting.value

    def hands_in(self) -> int:
        terms, content = ImportOptions(ImportKind.OPT_OUTS), [ONE_BAD_LINE.encode()]
        run = imports.hand_in(content, terms, file_name="a.csv", user_id=self.user.pk, now=timezone.now())
        return int(run.pk)


@page
def find(desk: Desk) -> None:
    desk.opens("admin:unsubscribe_contact_changelist")


@page
def found(desk: Desk) -> None:
    find(desk)
    desk.page.get_by_label("Email address or phone number").fill("a•••@example.com")
    desk.presses("Find")


@page
def person(desk: Desk) -> None:
    now = timezone.now()
    actions.opt_out([Target(desk.ada.pk, desk.days.news.pk)], Origin(Source.STAFF, now, wording="No more, please."))
    actions.suppress([desk.ada.pk], Origin(Source.STAFF, now), reason=SuppressionReason.MANUAL)
    desk.opens("admin:unsubscribe_contact_page", desk.ada.contact_id)


@page
def proof_asked(desk: Desk) -> None:
    desk.opens("admin:unsubscribe_contact_proof", desk.ada.contact_id)


@page
def proof(desk: Desk) -> None:
    actions.opt_out([Target(desk.ada.pk, desk.days.news.pk)], Origin(Source.PAGE, timezone.now()))
    seals.seal(now=timezone.now())
    proof_asked(desk)
    desk.presses("Create proof")


@page
def opt_outs(desk: Desk) -> None:
    desk.opens("admin:unsubscribe_suppression_changelist")


@page
def import_new(desk: Desk) -> None:
    desk.opens("admin:prefcenter_importrun_new")


@page
def import_list(desk: Desk) -> None:
    desk.hands_in()
    desk.opens("admin:prefcenter_importrun_changelist")


@page
def import_checked(desk: Desk) -> None:
    run = desk.hands_in()
    work_on_imports()
    desk.opens("admin:prefcenter_importrun_page", run)


@page
def import_done(desk: Desk) -> None:
    import_checked(desk)
    desk.presses("Import 2 opt-outs")
    work_on_imports()
    desk.page.reload()


@page
def import_asks(desk: Desk) -> None:
    """What a column means that nobody has told."""
    content = [f"email,accepts_updates,mood\n{ADA},true,x\n{BOB},false,\n".encode()]
    run = imports.hand_in(
        content, ImportOptions(ImportKind.OPT_OUTS), file_name="a.csv", user_id=desk.user.pk, now=timezone.now()
    )
    work_on_imports()
    desk.opens("admin:prefcenter_importrun_page", run.pk)
    desk.page.get_by_text("accepts_updates").first.wait_for()


@page
def import_answers(desk: Desk) -> None:
    now = timezone.now()
    ImportAnswer.objects.create(heading="mailok", shown="Mail OK", means={}, answered_by="staff 1", answered_at=now)
    desk.opens("admin:prefcenter_importanswer_changelist")


@page
def import_taken_back(desk: Desk) -> None:
    import_done(desk)
    desk.opens("admin:prefcenter_importrun_take_back", ImportRun.objects.latest("id").pk)


@page
def domains(desk: Desk) -> None:
    actions.suppress_domains(
        {"a-company-with-a-long-name.example": None},
        Origin(Source.STAFF, timezone.now()),
        reason=SuppressionReason.UNSUBSCRIBED_ALL,
    )
    desk.opens("admin:unsubscribe_domainsuppression_changelist")


@page
def person_with_a_joined_address(desk: Desk) -> None:
    contact, joined = desk.ada.contact_id, [normalise("lovelace@example.com")]
    actions.add_addresses(contact, joined, now=timezone.now())
    desk.opens("admin:unsubscribe_contact_page", contact)


@page
def feedback_list(desk: Desk) -> None:
    Feedback.objects.update(text="Every day is too much for me, and on Sundays I would like to hear nothing at all.")
    desk.opens("admin:prefcenter_feedback_changelist")


@page
def feedback(desk: Desk) -> None:
    desk.opens("admin:prefcenter_feedback_change", Feedback.objects.latest("id").pk)


@page
def preview(desk: Desk) -> None:
    desk.opens("admin:unsubscribe_category_preview_kind", desk.days.news.pk, PreviewKind.UNSUBSCRIBE)


@page
def api_key_made(desk: Desk) -> None:
    desk.opens("admin:prefcenter_apikey_add")
    desk.page.get_by_label("Name").fill("A mailer")
    desk.page.get_by_role("checkbox").first.check()
    desk.presses("Save")


@page
def webhook_made(desk: Desk) -> None:
    desk.opens("admin:prefcenter_webhookendpoint_add")
    desk.page.get_by_label("Name").fill("A mailer")
    desk.page.get_by_label("URL").fill("https://8.8.8.8/hook")
    desk.presses("Save")


@page
def category(desk: Desk) -> None:
    desk.opens("admin:unsubscribe_category_change", desk.days.news.pk)
