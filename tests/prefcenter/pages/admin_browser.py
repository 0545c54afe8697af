"""A member of staff at a browser, and every page that we add to the admin, for the tests of how it works and looks."""

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
EVERY_PAGE: dict[str, Callable[["AdminBrowser"], None]] = {}


def page(function: Callable[["AdminBrowser"], None]) -> Callable[["AdminBrowser"], None]:
    EVERY_PAGE[function.__name__] = function
    return function


class AdminBrowser:
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
        options, content = ImportOptions(ImportKind.OPT_OUTS), [ONE_BAD_LINE.encode()]
        run = imports.hand_in(content, options, file_name="a.csv", user_id=self.user.pk, now=timezone.now())
        return int(run.pk)


@page
def find(admin: AdminBrowser) -> None:
    admin.opens("admin:unsubscribe_contact_changelist")


@page
def found(admin: AdminBrowser) -> None:
    find(admin)
    admin.page.get_by_label("Email address or phone number").fill("a•••@example.com")
    admin.presses("Find")


@page
def person(admin: AdminBrowser) -> None:
    now = timezone.now()
    actions.opt_out([Target(admin.ada.pk, admin.days.news.pk)], Origin(Source.STAFF, now, wording="No more, please."))
    actions.suppress([admin.ada.pk], Origin(Source.STAFF, now), reason=SuppressionReason.MANUAL)
    admin.opens("admin:unsubscribe_contact_page", admin.ada.contact_id)


@page
def proof_asked(admin: AdminBrowser) -> None:
    admin.opens("admin:unsubscribe_contact_proof", admin.ada.contact_id)


@page
def proof(admin: AdminBrowser) -> None:
    actions.opt_out([Target(admin.ada.pk, admin.days.news.pk)], Origin(Source.PAGE, timezone.now()))
    seals.seal(now=timezone.now())
    proof_asked(admin)
    admin.presses("Create proof")


@page
def opt_outs(admin: AdminBrowser) -> None:
    admin.opens("admin:unsubscribe_suppression_changelist")


@page
def import_new(admin: AdminBrowser) -> None:
    admin.opens("admin:prefcenter_importrun_new")


@page
def import_list(admin: AdminBrowser) -> None:
    admin.hands_in()
    admin.opens("admin:prefcenter_importrun_changelist")


@page
def import_checked(admin: AdminBrowser) -> None:
    run = admin.hands_in()
    work_on_imports()
    admin.opens("admin:prefcenter_importrun_page", run)


@page
def import_done(admin: AdminBrowser) -> None:
    import_checked(admin)
    admin.presses("Import 2 opt-outs")
    work_on_imports()
    admin.page.reload()


@page
def import_asks(admin: AdminBrowser) -> None:
    """What a column means that nobody has told."""
    content = [f"email,accepts_updates,mood\n{ADA},true,x\n{BOB},false,\n".encode()]
    run = imports.hand_in(
        content, ImportOptions(ImportKind.OPT_OUTS), file_name="a.csv", user_id=admin.user.pk, now=timezone.now()
    )
    work_on_imports()
    admin.opens("admin:prefcenter_importrun_page", run.pk)
    admin.page.get_by_text("accepts_updates").first.wait_for()


@page
def import_answers(admin: AdminBrowser) -> None:
    now = timezone.now()
    ImportAnswer.objects.create(heading="mailok", shown="Mail OK", means={}, answered_by="staff 1", answered_at=now)
    admin.opens("admin:prefcenter_importanswer_changelist")


@page
def import_taken_back(admin: AdminBrowser) -> None:
    import_done(admin)
    admin.opens("admin:prefcenter_importrun_take_back", ImportRun.objects.latest("id").pk)


@page
def domains(admin: AdminBrowser) -> None:
    actions.suppress_domains(
        {"a-company-with-a-long-name.example": None},
        Origin(Source.STAFF, timezone.now()),
        reason=SuppressionReason.UNSUBSCRIBED_ALL,
    )
    admin.opens("admin:unsubscribe_domainsuppression_changelist")


@page
def person_with_a_joined_address(admin: AdminBrowser) -> None:
    contact, joined = admin.ada.contact_id, [normalise("lovelace@example.com")]
    actions.add_addresses(contact, joined, now=timezone.now())
    admin.opens("admin:unsubscribe_contact_page", contact)


@page
def feedback_list(admin: AdminBrowser) -> None:
    Feedback.objects.update(text="Every day is too much for me, and on Sundays I would like to hear nothing at all.")
    admin.opens("admin:prefcenter_feedback_changelist")


@page
def feedback(admin: AdminBrowser) -> None:
    admin.opens("admin:prefcenter_feedback_change", Feedback.objects.latest("id").pk)


@page
def preview(admin: AdminBrowser) -> None:
    admin.opens("admin:unsubscribe_category_preview_kind", admin.days.news.pk, PreviewKind.UNSUBSCRIBE)


@page
def api_key_made(admin: AdminBrowser) -> None:
    admin.opens("admin:prefcenter_apikey_add")
    admin.page.get_by_label("Name").fill("A mailer")
    admin.page.get_by_role("checkbox").first.check()
    admin.presses("Save")


@page
def webhook_made(admin: AdminBrowser) -> None:
    admin.opens("admin:prefcenter_webhookendpoint_add")
    admin.page.get_by_label("Name").fill("A mailer")
    admin.page.get_by_label("URL").fill("https://8.8.8.8/hook")
    admin.presses("Save")


@page
def category(admin: AdminBrowser) -> None:
    admin.opens("admin:unsubscribe_category_change", admin.days.news.pk)
