"""Opens every page the site has, the way people come to it. Used by the tests of how they look and feel."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from allauth.account.models import EmailAddress
from django.core import mail
from django.db import OperationalError
from django.utils import timezone
from playwright.sync_api import Page

from prefcenter.accounts import outbox as account_outbox
from prefcenter.models import FeedbackReason, User
from tests.emails import html_of
from tests.factories import ADA, AddressFactory, CampaignFactory, CategoryFactory
from unsubscribe import actions, links, outbox
from unsubscribe.actions import Origin
from unsubscribe.addresses import normalise
from unsubscribe.choices import Channel, Frequency, Source, SuppressionReason
from unsubscribe.links import LinkPurpose, Target
from unsubscribe.models import Address, CategoryGroup, OutboxMessage

EVERY_PAGE: dict[str, Callable[["Walker"], None]] = {}


def page(function: Callable[["Walker"], None]) -> Callable[["Walker"], None]:
    EVERY_PAGE[function.__name__] = function
    return function


class Walker:
    """Ada, who gets mail of several kinds on two channels, with a browser on the site in one language."""

    def __init__(self, browser: Page, site: str, settings: Any, monkeypatch: Any, *, language: str) -> None:
        self.browser, self.site, self.settings, self.monkeypatch = browser, site, settings, monkeypatch
        self.language, self.query = language, f"?lang={language}" if language != "en" else ""
        group = CategoryGroup.objects.create(name="From the shop")
        self.news = CategoryFactory.create(
            slug="news",
            name="Product news",
            description="What is new in the shop, once a week.",
            translations={"ar": {"name": "أخبار المنتجات", "description": "ما هو جديد في المتجر، مرة في الأسبوع."}},
        )
        self.offers = CategoryFactory.create(slug="offers", group=group, description="Discounts and last copies.")
        CategoryFactory.create(slug="events", group=group, needs_opt_in=True)
        CategoryFactory.create(transactional=True)
        FeedbackReason.objects.create(text="Too many mails")
        FeedbackReason.objects.create(text="Something else", asks_for_more=True)
        self.ada: Address = AddressFactory.create(text=ADA)
        self.target = Target(self.ada.pk, self.news.pk, CampaignFactory.create(category=self.news).pk)

    def open(self, path: str) -> None:
        self.browser.goto(f"{self.site}{path}{self.query}")

    def link(self, purpose: LinkPurpose, *, age: int = 0) -> None:
        self.open(self.path(purpose, age=age))

    def path(self, purpose: LinkPurpose, *, age: int = 0) -> str:
        day = timezone.localdate() - timedelta(days=age)
        return f"/{purpose}/{links.sign(self.target, purpose=purpose, today=day)}"

    def press(self, do: str) -> None:
        self.follow(f'main [name=do][value="{do}"]:not([tabindex])')

    def follow(self, selector: str = "main button.primary") -> None:
        """To the page it leads to: a click alone returns before that page is there."""
        with self.browser.expect_navigation():
            self.browser.locator(selector).click()

    def joined(self) -> Address:
        """Another address that a sender says is hers."""
        more = [normalise("countess.of.lovelace@example.com")]
        return actions.add_addresses(self.ada.contact_id, more, now=timezone.now())[0]

    def linked(self) -> None:
        actions.agree([self.joined().pk], Origin(Source.STAFF, timezone.now()))

    def second_channel(self) -> None:
        AddressFactory.create(contact=self.ada.contact, channel=Channel.SMS, text="+49 30 901820")

    def pause(self, *, days: int, whole: bool = False) -> None:
        target = self.target._replace(category_id=None) if whole else self.target
        until = timezone.localdate() + timedelta(days=days)
        actions.pause([target], Origin(Source.PAGE, timezone.now()), until=until)

    def account(self) -> None:
        user = User.objects.create_user(ADA)
        EmailAddress.objects.create(user=user, email=ADA, verified=True, primary=True)

    def sign_in(self) -> None:
        self.account()
        self.open("/accounts/login/code/")
        self.browser.locator("main input[type=email]").fill(ADA)
        self.follow()
        account_outbox.sweep(now=timezone.now())
        code = str(re.search(r"(?m)^([A-Z0-9-]{6,})$", str(mail.outbox[-1].body))[1])  # type: ignore[index]  # a mail without a code fails here
        self.browser.locator("main input[name=code]").fill(code)
        self.follow()
        self.browser.wait_for_url("**/preferences/mine/**")

    def breaks(self, error: Exception) -> None:
        """Production's answer to what goes wrong while a page is made."""
        self.settings.DEBUG = False

        def fail(*args: Any, **kwargs: Any) -> None:
            raise error

        self.monkeypatch.setattr("unsubscribe.queries.preference_sheet", fail)

    def has_chosen_a_language(self) -> None:
        """For mails that no page of hers asks for."""
        actions.choose_language(self.ada.contact_id, self.language)

    def mail(self) -> None:
        """The next mail that is owed, as a mail program shows it."""
        self.settings.UNSUBSCRIBE_CONFIRMATION_DELAY = 0
        row = OutboxMessage.objects.latest("id")
        self.ada.contact.refresh_from_db()
        outbox.deliver(row.pk, now=timezone.now() + timedelta(minutes=5))
        self.show(html_of(mail.outbox[-1]))

    def show(self, html: str) -> None:
        self.browser.route("**/as-mail", lambda route: route.fulfill(body=html, content_type="text/html"))
        self.browser.goto(f"{self.site}/as-mail")


@page
def unsubscribe(walker: Walker) -> None:
    walker.link(LinkPurpose.UNSUBSCRIBE)


@page
def unsubscribe_everything(walker: Walker) -> None:
    walker.target = walker.target._replace(category_id=None)
    walker.link(LinkPurpose.UNSUBSCRIBE)


@page
def unsubscribed(walker: Walker) -> None:
    walker.link(LinkPurpose.UNSUBSCRIBE)
    walker.press("unsubscribe")


@page
def feedback_with_a_line_more(walker: Walker) -> None:
    unsubscribed(walker)
    walker.browser.locator("[type=radio]").last.check()


@page
def thanks(walker: Walker) -> None:
    unsubscribed(walker)
    walker.browser.locator("textarea").fill("Twice a day is too much.")
    walker.press("feedback")


@page
def undone(walker: Walker) -> None:
    unsubscribed(walker)
    walker.press("undo")


@page
def already(walker: Walker) -> None:
    unsubscribed(walker)
    walker.link(LinkPurpose.UNSUBSCRIBE)


@page
def asked_again(walker: Walker) -> None:
    already(walker)
    walker.press("again")


@page
def preferences(walker: Walker) -> None:
    walker.link(LinkPurpose.PREFERENCES)


@page
def preferences_of_two_channels_and_pauses(walker: Walker) -> None:
    walker.second_channel()
    walker.pause(days=30)
    walker.pause(days=60, whole=True)
    walker.link(LinkPurpose.PREFERENCES)


@page
def preferences_after_everything(walker: Walker) -> None:
    walker.link(LinkPurpose.PREFERENCES)
    walker.press("everything")
    walker.link(LinkPurpose.PREFERENCES)


@page
def preferences_with_an_error(walker: Walker) -> None:
    walker.link(LinkPurpose.PREFERENCES)
    walker.browser.locator(".category select").last.select_option("monthly")
    walker.press("save")


@page
def saved(walker: Walker) -> None:
    walker.link(LinkPurpose.PREFERENCES)
    walker.browser.locator(".switch").first.uncheck()
    walker.press("save")


@page
def expired(walker: Walker) -> None:
    walker.link(LinkPurpose.PREFERENCES, age=70)


@page
def expired_while_the_page_was_open(walker: Walker) -> None:
    walker.link(LinkPurpose.PREFERENCES)
    walker.browser.locator(".switch").first.uncheck()
    walker.browser.locator(".switch").last.check()
    expired = walker.path(LinkPurpose.PREFERENCES, age=70)
    walker.browser.locator("form#sheet").evaluate(
        "(form, path) => form.setAttribute('action', path + location.search)", expired
    )
    walker.press("save")


@page
def expired_and_fresh_one_sent(walker: Walker) -> None:
    expired(walker)
    walker.press("link")


@page
def invalid(walker: Walker) -> None:
    walker.open("/u/nonsense")


@page
def ask(walker: Walker) -> None:
    walker.open("/preferences/")


@page
def ask_with_an_error(walker: Walker) -> None:
    ask(walker)
    walker.browser.locator("form").evaluate("form => form.noValidate = true")
    walker.browser.locator("main input[type=email]").fill("no address")
    walker.follow()


@page
def asked(walker: Walker) -> None:
    ask(walker)
    walker.browser.locator("main input[type=email]").fill(ADA)
    walker.follow()


@page
def asked_too_often(walker: Walker) -> None:
    for _ in range(4):
        asked(walker)


@page
def privacy(walker: Walker) -> None:
    walker.link(LinkPurpose.PREFERENCES)
    walker.follow("main a[href*='/data']")


@page
def privacy_by_a_fresh_link(walker: Walker) -> None:
    walker.link(LinkPurpose.FRESH)
    walker.follow("main a[href*='/data']")


@page
def asked_to_switch_on(walker: Walker) -> None:
    walker.link(LinkPurpose.PREFERENCES)
    walker.browser.locator(".switch").last.check()
    walker.press("save")


@page
def preferences_of_an_address_that_bounced(walker: Walker) -> None:
    reason = SuppressionReason.HARD_BOUNCE
    actions.suppress([walker.ada.pk], Origin(Source.IMPORT, timezone.now()), reason=reason)
    walker.link(LinkPurpose.PREFERENCES)


@page
def undone_in_part(walker: Walker) -> None:
    walker.link(LinkPurpose.FRESH)
    for position in (0, 1):
        walker.browser.locator(".switch").nth(position).uncheck()
    walker.press("save")
    actions.opt_down([walker.target], Origin(Source.PAGE, timezone.now()), frequency=Frequency.WEEKLY)
    walker.press("undo")


@page
def asked_to_erase(walker: Walker) -> None:
    privacy(walker)
    walker.press("erase")


@page
def question_opt_in(walker: Walker) -> None:
    actions.opt_out([walker.target], Origin(Source.PAGE, timezone.now()))
    walker.link(LinkPurpose.OPT_IN)


@page
def opted_in(walker: Walker) -> None:
    question_opt_in(walker)
    walker.follow()


@page
def question_expired(walker: Walker) -> None:
    walker.link(LinkPurpose.OPT_IN, age=30)


@page
def question_erase(walker: Walker) -> None:
    walker.link(LinkPurpose.ERASE)


@page
def erased(walker: Walker) -> None:
    question_erase(walker)
    walker.follow()


@page
def question_join(walker: Walker) -> None:
    walker.joined()
    walker.link(LinkPurpose.JOIN)


@page
def joined(walker: Walker) -> None:
    question_join(walker)
    walker.follow('main [value^="agree-"]')


@page
def preferences_with_a_question(walker: Walker) -> None:
    walker.joined()
    walker.link(LinkPurpose.FRESH)


@page
def preferences_of_a_joined_address(walker: Walker) -> None:
    walker.target = Target(walker.joined().pk)
    walker.link(LinkPurpose.FRESH)


@page
def preferences_of_a_linked_address(walker: Walker) -> None:
    walker.linked()
    walker.link(LinkPurpose.FRESH)


@page
def question_join_that_is_answered(walker: Walker) -> None:
    walker.linked()
    walker.link(LinkPurpose.JOIN)


@page
def question_join_expired(walker: Walker) -> None:
    walker.linked()
    walker.link(LinkPurpose.JOIN, age=30)


@page
def kept_apart(walker: Walker) -> None:
    question_join_expired(walker)
    walker.press("alone")


@page
def question_join_answered_by_one(walker: Walker) -> None:
    """Both have to agree, because both were known."""
    AddressFactory.create(text="countess.of.lovelace@example.com")
    question_join(walker)
    walker.follow('main [value^="agree-"]')
    walker.link(LinkPurpose.JOIN)


@page
def sign_in(walker: Walker) -> None:
    walker.open("/accounts/login/code/")


@page
def sign_in_code(walker: Walker) -> None:
    sign_in(walker)
    walker.browser.locator("main input[type=email]").fill(ADA)
    walker.follow()


@page
def sign_in_wrong_code(walker: Walker) -> None:
    walker.account()
    sign_in_code(walker)
    walker.browser.locator("main input[name=code]").fill("WRONG1")
    walker.follow()


@page
def sign_up(walker: Walker) -> None:
    walker.open("/accounts/signup/")


@page
def mine(walker: Walker) -> None:
    walker.sign_in()


@page
def mine_privacy(walker: Walker) -> None:
    walker.sign_in()
    walker.open("/preferences/mine/data/")


@page
def mine_without_a_contact(walker: Walker) -> None:
    Address.objects.filter(pk=walker.ada.pk).update(digest=b"0" * 32)
    walker.sign_in()


@page
def sign_out(walker: Walker) -> None:
    walker.sign_in()
    walker.open("/accounts/logout/")


@page
def error_403(walker: Walker) -> None:
    walker.sign_in()
    walker.browser.context.clear_cookies(name="csrftoken")
    walker.press("save")


@page
def error_404(walker: Walker) -> None:
    walker.settings.DEBUG = False
    walker.open("/nowhere")


@page
def error_405(walker: Walker) -> None:
    sign_in(walker)
    walker.browser.locator("form").first.evaluate(f"form => form.action = '/logo{walker.query}'")
    walker.browser.locator("main input[type=email]").fill(ADA)
    walker.follow()


@page
def error_413(walker: Walker) -> None:
    unsubscribed(walker)
    walker.browser.locator("textarea").evaluate("field => field.removeAttribute('maxlength')")
    walker.browser.locator("textarea").fill("x" * 100_000)
    walker.press("feedback")


@page
def error_500(walker: Walker) -> None:
    walker.breaks(RuntimeError("This is meant to be."))
    walker.link(LinkPurpose.UNSUBSCRIBE)


@page
def error_503(walker: Walker) -> None:
    walker.breaks(OperationalError("This is meant to be."))
    walker.link(LinkPurpose.UNSUBSCRIBE)


@page
def mail_confirmation(walker: Walker) -> None:
    unsubscribed(walker)
    walker.mail()


@page
def mail_link(walker: Walker) -> None:
    expired_and_fresh_one_sent(walker)
    walker.mail()


@page
def mail_opt_in(walker: Walker) -> None:
    asked_again(walker)
    walker.mail()


@page
def mail_erase(walker: Walker) -> None:
    asked_to_erase(walker)
    walker.mail()


@page
def mail_join(walker: Walker) -> None:
    walker.has_chosen_a_language()
    walker.joined()
    walker.mail()


@page
def mail_joined(walker: Walker) -> None:
    walker.has_chosen_a_language()
    actions.agree([walker.joined().pk], Origin(Source.PAGE, timezone.now()))
    walker.mail()


@page
def mail_download(walker: Walker) -> None:
    walker.has_chosen_a_language()
    actions.note_access(walker.ada.pk, Origin(Source.PAGE, timezone.now()))
    walker.mail()


@page
def mail_erasing(walker: Walker) -> None:
    walker.has_chosen_a_language()
    work = AddressFactory.create(contact=walker.ada.contact, text="lovelace@example.com")
    actions.ask_to_erase([work.pk], now=timezone.now())
    walker.mail()


@page
def mail_code(walker: Walker) -> None:
    walker.account()
    sign_in_code(walker)
    account_outbox.sweep(now=timezone.now())
    walker.show(html_of(mail.outbox[-1]))
