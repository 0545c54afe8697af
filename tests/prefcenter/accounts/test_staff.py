"""Who of the staff gets in where: every page of the admin, for everybody; no password; and the commands that help."""

import re
from collections.abc import Callable, Iterator
from io import StringIO
from typing import NamedTuple

import pytest
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core import mail
from django.core.management import CommandError, call_command
from django.http.response import HttpResponseBase
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from prefcenter.models import ImportAnswer, ImportRun, ImportState, User, WebhookEndpoint
from prefcenter.web.preview_data import PreviewKind
from tests.prefcenter.accounts.test_accounts import ASK, work
from tests.prefcenter.admin.test_reading import something_of_everything  # noqa: F401 - a fixture
from tests.prefcenter.staff_browser import BOSS, FACTOR, PASSWORD, Staff
from tests.staff import given_an_app, make_groups, member, sign_in, signed_in
from unsubscribe.models import Category, DomainSuppression, Suppression

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_only]


class Page(NamedTuple):
    """A URL of the admin, and what it is called: its name, or its pattern where it has none."""

    name: str
    url: str


def every_route(urls: list[URLPattern | URLResolver], before: str = "/", space: str = "") -> Iterator[tuple[str, str]]:
    """Of the admin: each name with its pattern."""
    for one in urls:
        route = before + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from every_route(one.url_patterns, route, f"{space}{one.namespace}:" if one.namespace else space)
        elif route.startswith("/admin/"):
            yield f"{space}{one.name}" if one.name else route, route


ROUTES = sorted(every_route(get_resolver().url_patterns))
#: What a page is about, where it is no row of the model in its URL.
ABOUT: dict[str, Callable[[], object]] = {
    "contact_id": lambda: Suppression.objects.latest("id").address.contact_id,
    "suppression_id": lambda: Suppression.objects.latest("id").pk,
    "address_id": lambda: Suppression.objects.latest("id").address_id,
    "domain_id": lambda: DomainSuppression.objects.latest("id").pk,
    "category_id": lambda: Category.objects.latest("id").pk,
    "answer_id": lambda: ImportAnswer.objects.latest("id").pk,
    "run_id": lambda: ImportRun.objects.latest("id").pk,
    "pk": lambda: WebhookEndpoint.objects.latest("id").pk,
    "act": lambda: "start",
    "rest": lambda: "",
    "app_label": lambda: "unsubscribe",
    "url": lambda: "nothing-here/",
    "content_type_id": lambda: ContentType.objects.get_for_model(Category).pk,
    "object_id": lambda: Category.objects.latest("id").pk,
}
#: The models whose list is right under /admin/.
SHORT = {path: model for model, owner in admin.site._registry.items() if (path := getattr(owner, "short_path", ""))}
KINDS = {"admin:prefcenter_feedback_export": "csv", "admin:unsubscribe_category_preview_mail": PreviewKind.CONFIRMATION}


def page_of(name: str, route: str) -> Page:
    """With a row that is there for whatever the page is about."""
    below = route.removeprefix("/admin/").partition("/<path:object_id>")[0]
    is_of_a_model = below != route.removeprefix("/admin/") and "<" not in below

    def fill(found: re.Match[str]) -> str:
        parameter = found[1] or found[2]
        if parameter == "object_id" and is_of_a_model:
            model = SHORT.get(below) or apps.get_model(below.replace("/", "."))
            row = model._default_manager.first()
            assert row is not None, f"nothing there to look at: {route}"
            return str(row.pk)
        return KINDS.get(name, PreviewKind.UNSUBSCRIBE) if parameter == "kind" else str(ABOUT[parameter]())

    filled = re.sub(r"<\w+:(\w+)>|\(\?P<(\w+)>[^()]*\)", fill, route)
    return Page(name, re.sub(r"\(\?:.*\)\?|[\^$]", "", filled))


def of(app: str, models: str, *kinds: str) -> set[str]:
    """The names of these pages of each model."""
    return {f"admin:{app}_{model}_{kind}" for model in models.split() for kind in kinds}


#: Open to all of the staff, whatever group they are in.
OPEN = {"admin:index", "admin:jsi18n", "admin:logout"}
READ, ADD = ("changelist", "change", "history"), ("add",)
PREVIEWS = {"preview_page", *of("unsubscribe", "category", "preview", "preview_kind", "preview_mail")}
#: What a GET opens to each group beside that: the whole of it.
READS = {
    "": set(),
    "marketer": {"admin:app_list"}
    | PREVIEWS
    | of("prefcenter", "feedback feedbackreason feedbacktag visits", *READ)
    | of("prefcenter", "feedbackreason feedbacktag", *ADD)
    | of("unsubscribe", "campaign category categorygroup consentevent preference sentcount suppression", *READ)
    | of("unsubscribe", "campaign category categorygroup", *ADD),
    "support": {"admin:app_list"}
    | PREVIEWS
    | of("prefcenter", "feedback feedbackreason feedbacktag", *READ)
    | of("unsubscribe", "address campaign category categorygroup consentevent contact lastsent", *READ)
    | of("unsubscribe", "outboxmessage preference suppression", *READ)
    | of("unsubscribe", "contact", "page"),
    "compliance": {"admin:app_list", "admin:prefcenter_importanswer_changelist"}
    | PREVIEWS
    | of("prefcenter", "feedback feedbackreason feedbacktag importrun linkrequest visits", *READ)
    | of("prefcenter", "importrun", "new", "page", "lines", "take_back")
    | of("unsubscribe", "address campaign category categorygroup consentevent contact lastsent", *READ)
    | of("unsubscribe", "domainsuppression outboxmessage preference seal sentcount suppression", *READ)
    | of("unsubscribe", "contact", "page", "proof"),
}
_DIGEST = {"admin:prefcenter_feedback_digest"}
#: What each may do of what can only be done, and not looked at.
ACTS = {
    "": set(),
    "marketer": _DIGEST,
    "support": _DIGEST | of("unsubscribe", "contact", "join", "lift", "opt_out", "send_link", "suppress"),
    "compliance": _DIGEST
    | {"admin:prefcenter_feedback_export", "admin:prefcenter_importanswer_forget"}
    | {"admin:unsubscribe_contact_proof_file", "admin:unsubscribe_suppression_export"}
    | of("prefcenter", "importrun", "answer", "check", "confirm", "stop")
    | of("unsubscribe", "domainsuppression", "lift", "suppress"),
}


@pytest.fixture
def pages(something_of_everything: None) -> list[Page]:  # noqa: F811 - a fixture
    make_groups()
    now = timezone.now()
    ImportRun.objects.update(state=ImportState.DONE, confirmed_at=now, finished_at=now)
    LogEntry.objects.log_actions(member().pk, [Category.objects.latest("id")], CHANGE, "Renamed.", single_object=True)
    return [page_of(*one) for one in ROUTES]


def client() -> Client:
    return Client(headers={"host": "mail.example.com"})


def anonymous() -> Client:
    return client()


def subscriber() -> Client:
    (browser := client()).force_login(User.objects.create_user("reader@example.com"))
    return browser


def staff_without_a_factor() -> Client:
    (browser := client()).force_login(member(is_superuser=True))
    return browser


def staff_who_did_not_show_theirs() -> Client:
    browser, user = client(), member(is_superuser=True)
    given_an_app(user)
    browser.force_login(user)
    return browser


def former_staff() -> Client:
    browser, user = client(), member()
    sign_in(browser, user)
    User.objects.filter(pk=user.pk).update(is_staff=False)
    return browser


class TestEveryPageOfTheAdmin:
    def test_there_are_many(self, pages: list[Page]) -> None:
        assert len({page.url for page in pages}) > 150
        category = f"/admin/unsubscribe/category/{Category.objects.latest('id').pk}/change/"
        assert {"/admin/", "/admin/people/", category} < {page.url for page in pages}

    @pytest.mark.parametrize(
        "who", [anonymous, subscriber, staff_without_a_factor, staff_who_did_not_show_theirs, former_staff]
    )
    def test_none_opens_for_whoever_has_not_shown_a_second_factor(
        self, who: Callable[[], Client], pages: list[Page]
    ) -> None:
        browser = who()
        let_in = {}
        for _, url in pages:
            for answer in (browser.get(url, secure=True), browser.post(url, secure=True)):
                is_led = answer.status_code == 302 and answer["Location"].startswith(("/admin/login/", ASK, FACTOR))
                is_refused = answer.status_code in {403, 404, 405} or answer.get("Location") == "/admin/"
                if not is_led and not is_refused:
                    let_in[url] = answer.status_code
        assert let_in == {}

    @pytest.mark.parametrize("group", sorted(READS))
    def test_each_group_opens_what_is_meant_for_it_and_nothing_else(self, group: str, pages: list[Page]) -> None:
        browser = signed_in(member(group=group))
        named = [page for page in pages if page.name not in OPEN and not page.name.startswith("/")]
        got = {page: browser.get(page.url, secure=True).status_code for page in named}
        assert set(got.values()) <= {200, 302, 403, 404, 405}
        assert {page.name for page, status in got.items() if status == 200} == READS[group]
        posted = {page: browser.post(page.url, secure=True) for page, status in got.items() if status != 200}
        acts = [page for page, status in got.items() if status == 405]
        assert {page.name for page in acts if posted[page].status_code != 403} == ACTS[group]
        let_in = [page for page in posted if page not in acts and not is_shut(posted[page])]
        assert let_in == []


def is_shut(answer: HttpResponseBase) -> bool:
    """Refused, or led to signing in, or to where the second factor stands in for Django's passwords."""
    return answer.status_code in {403, 404, 405} or answer.get("Location") in {FACTOR, "/admin/"}


class TestPasswords:
    @pytest.fixture
    def boss(self) -> User:
        """As createsuperuser makes them."""
        return User.objects.create_superuser(BOSS, PASSWORD)

    def test_a_right_one_opens_nothing(self, boss: User) -> None:
        staff = Staff()
        answer = staff.posts("/admin/login/?next=/admin/", username=BOSS, password=PASSWORD)
        assert answer["Location"] == f"{ASK}?next=%2Fadmin%2F"
        assert not staff.is_signed_in()
        assert not Client().login(username=BOSS, email=BOSS, password=PASSWORD)

    def test_no_page_asks_for_one_or_sets_one(self, boss: User) -> None:
        staff_client, account = signed_in(boss), f"/admin/prefcenter/user/{boss.pk}"
        for page in (f"{account}/change/", "/admin/prefcenter/user/add/"):
            shown = staff_client.get(page, secure=True)
            assert shown.status_code == 200
            assert not re.search(r'type="password"|/password/', shown.content.decode())
        new = {"password1": "another horse battery", "password2": "another horse battery", "usable_password": "true"}
        staff_client.post(f"{account}/password/", new, secure=True)
        assert (
            staff_client.post("/admin/password_change/", new | {"old_password": PASSWORD}, secure=True)["Location"]
            == FACTOR
        )
        boss.refresh_from_db()
        assert boss.check_password(PASSWORD)

    def test_whoever_is_added_has_none(self, boss: User) -> None:
        answer = signed_in(boss).post("/admin/prefcenter/user/add/", {"email": "New@Example.com"}, secure=True)
        assert answer.status_code == 302
        new = User.objects.get(email="new@example.com")
        assert (new.has_usable_password(), new.is_staff) == (False, False)

    def test_may_have_an_old_japanese_address(self, boss: User) -> None:
        signed_in(boss).post("/admin/prefcenter/user/add/", {"email": "A..b@docomo.ne.jp"}, secure=True)
        assert User.objects.filter(email="a..b@docomo.ne.jp").count() == 1


class TestTheLog:
    def test_it_says_who_changed_what_and_is_for_reading(self, news: Category) -> None:
        marketer = member(group="marketer")
        sent = {"slug": "news", "name": "Fresh news", "purpose": "marketing", "position": "0"}
        url = f"/admin/unsubscribe/category/{news.pk}/change/"
        assert signed_in(marketer).post(url, sent, secure=True).status_code == 302
        assert [(entry.user, entry.object_id) for entry in LogEntry.objects.all()] == [(marketer, str(news.pk))]
        boss = signed_in(member(is_superuser=True))
        page = boss.get("/admin/admin/logentry/", secure=True).content.decode()
        assert marketer.email in page
        assert "Changed Name" in page
        entry = f"/admin/admin/logentry/{LogEntry.objects.get().pk}"
        assert boss.get(f"{entry}/change/", secure=True).status_code == 200
        assert boss.post(f"{entry}/change/", {}, secure=True).status_code == 403
        assert boss.post(f"{entry}/delete/", {"post": "yes"}, secure=True).status_code == 403


def run(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


class TestAddStaff:
    def test_it_makes_the_first_and_says_how_they_get_in(self) -> None:
        said = run("add_staff", " Boss@Example.com ", "--superuser")
        assert said.startswith("boss@example.com can now sign in to the admin as a superuser.")
        assert "https://mail.example.com/admin/" in said
        assert "two-step sign-in" in said
        user = User.objects.get(email=BOSS)
        assert (user.is_staff, user.is_superuser, user.has_usable_password()) == (True, True, False)
        staff = Staff()
        staff.comes()
        staff.sets_up_the_app()
        assert staff.is_in()

    def test_an_address_is_read_as_everywhere_else(self) -> None:
        run("add_staff", "Ken <A..B@docomo.ne.jp>", "--superuser")
        assert User.objects.get().email == "a..b@docomo.ne.jp"

    def test_twice_is_the_same_as_once_and_takes_nothing_away(self) -> None:
        for arguments in (["--superuser"], ["--group", "marketer"], ["--group", "marketer", "--group", "support"]):
            run("add_staff", BOSS, *arguments)
        user = User.objects.get()
        assert user.is_superuser
        assert {group.name for group in user.groups.all()} == {"marketer", "support"}

    def test_a_subscriber_with_an_account_becomes_staff(self) -> None:
        User.objects.create_user(BOSS, is_active=False)
        said = run("add_staff", BOSS, "--group", "support", "--group", "compliance")
        assert said.startswith("boss@example.com can now sign in to the admin as compliance, support.")
        assert User.objects.filter(is_staff=True, is_active=True, is_superuser=False).count() == 1

    @pytest.mark.parametrize(
        ("arguments", "why"),
        [
            (["boss", "--superuser"], "valid email address"),
            ([BOSS], "--superuser, or --group"),
            ([BOSS, "--group", "kings"], "compliance, marketer, support"),
        ],
    )
    def test_what_makes_no_sense_makes_nobody(self, arguments: list[str], why: str) -> None:
        with pytest.raises(CommandError, match=re.escape(why)):
            run("add_staff", *arguments)
        assert not User.objects.exists()


class TestResetSecondFactor:
    def test_it_removes_them_ends_the_sessions_and_tells(self) -> None:
        user = member()
        browser = signed_in(user)
        assert run("reset_second_factor", user.email.upper()).startswith("Removed: 1.")
        assert not Authenticator.objects.exists()
        assert browser.get("/preferences/mine/", secure=True).status_code == 302
        work()
        assert [one.to for one in mail.outbox] == [[user.email]]
        assert run("reset_second_factor", user.email).startswith("Two-step sign-in was not set up.")
        assert len(mail.outbox) == 1

    def test_nobody_is_nobody(self) -> None:
        with pytest.raises(CommandError, match="no account"):
            run("reset_second_factor", "nobody@example.com")
