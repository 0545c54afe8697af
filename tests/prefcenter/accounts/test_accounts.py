"""Signing in with a code by mail: who gets one, what it proves, and that nothing tells who has an account."""

import logging
import re
from collections.abc import Callable, Iterable
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.db import connection
from django.db.models import QuerySet
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from prefcenter.accounts import outbox as account_outbox
from prefcenter.contact_data.erase import erase
from prefcenter.models import User
from tests.emails import html_of
from tests.factories import ADA, BOB, DAN, address
from tests.staff import sign_in
from unsubscribe import actions
from unsubscribe.actions import Origin
from unsubscribe.choices import Source, SuppressionReason

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_only]
ASK, CONFIRM, MINE = "/accounts/login/code/", "/accounts/login/code/confirm/", "/preferences/mine/"


def work() -> None:
    """What a worker does within a second of it."""
    account_outbox.sweep(now=timezone.now())


class Browser:
    """Sends a form as a browser does: from its page, with the hidden fields and cookies of that page."""

    def __init__(self) -> None:
        host = "mail.example.com"
        self.client = Client(enforce_csrf_checks=True, headers={"host": host, "referer": f"https://{host}/"})

    def open(self, url: str) -> Any:
        return self.client.get(url, secure=True)

    def send(self, url: str, **fields: str) -> Any:
        page = self.open(url)
        assert page.status_code == 200
        form = page.content.decode().partition("</form>")[0]
        hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))
        answer = self.client.post(url, hidden | fields, secure=True)
        work()
        return answer

    def is_signed_in(self) -> bool:
        return "_auth_user_id" in self.client.session


@pytest.fixture
def browser() -> Browser:
    return Browser()


@pytest.fixture
def ada_signs_in(db: None) -> User:
    """An account as the command line makes it: nobody has proved the address yet."""
    return User.objects.create_superuser(ADA)


def code() -> str:
    [found] = re.findall(r"^\d{4}-\d{4}$", str(mail.outbox[-1].body), re.MULTILINE)
    return str(found)


def wrong_code() -> str:
    return code().translate(str.maketrans("0123456789", "1234567890"))


def alerts(page: HttpResponse) -> list[str]:
    return re.findall(r'role="alert">(.*?)</(?:div|p)>', page.content.decode())


def test_the_whole_way_from_the_sign_in_page_to_the_preferences(browser: Browser, ada_signs_in: User) -> None:
    assert browser.open("/accounts/login/")["Location"] == ASK
    assert "password" not in browser.open(ASK).content.decode().replace("No password needed.", "")
    assert browser.send(ASK, email=" Ada@Example.com ")["Location"] == CONFIRM
    assert "a•••@example.com" in browser.open(CONFIRM).content.decode()
    answer = browser.send(CONFIRM, code=code().replace("-", " "))
    assert (answer.status_code, answer["Location"]) == (302, MINE)
    assert browser.is_signed_in()
    assert browser.open(MINE).status_code == 200
    assert browser.open(ASK)["Location"] == MINE
    assert browser.send("/accounts/logout/")["Location"] == "/preferences/"
    assert not browser.is_signed_in()


def test_the_code_is_all_the_proof_an_address_needs_now_and_later(ada_signs_in: User) -> None:
    for _ in range(2):
        browser = Browser()
        browser.send(ASK, email=ADA)
        assert browser.send(CONFIRM, code=code())["Location"] == MINE
        assert len(mail.outbox) == 1
        mail.outbox.clear()
    assert [(row.email, row.verified, row.primary) for row in EmailAddress.objects.all()] == [(ADA, True, True)]


def test_asking_for_a_code_proves_nothing(browser: Browser, ada_signs_in: User) -> None:
    browser.send(ASK, email=ADA)
    browser.send(CONFIRM, code=wrong_code())
    assert not EmailAddress.objects.filter(verified=True).exists()


@pytest.mark.parametrize("away", [False, True], ids=["mail server up", "mail server away"])
def test_nothing_tells_whether_there_is_an_account(away: bool, ada_signs_in: User, settings: Any) -> None:
    if away:
        settings.UNSUBSCRIBE_EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    assert len({seen_by(Browser(), email) for email in (ADA, "abe@example.com")}) == 1
    assert [one.to for one in mail.outbox] == ([] if away else [[ADA]])


def seen_by(browser: Browser, email: str) -> str:
    """All that comes back for an address, less the tokens that differ for everybody."""
    steps: Iterable[HttpResponse] = (
        browser.send(ASK, email=email),
        browser.open(CONFIRM),
        browser.send(CONFIRM, code="0000-0000"),
    )
    said = [f"{one.status_code} {one.get('Location')} {sorted(one.cookies)} {one.content.decode()}" for one in steps]
    return re.sub(r'(csrfmiddlewaretoken" value=)"\w+"', r"\1", "\n".join(said))


def test_an_account_that_was_switched_off_gets_no_code(browser: Browser) -> None:
    User.objects.create_user(BOB, is_active=False)
    assert browser.send(ASK, email=BOB)["Location"] == CONFIRM
    assert not mail.outbox


def test_an_account_that_is_switched_off_meanwhile_is_not_let_in(browser: Browser, ada_signs_in: User) -> None:
    browser.send(ASK, email=ADA)
    User.objects.update(is_active=False)
    answer = browser.send(CONFIRM, code=code())
    assert answer["Location"] == reverse("account_inactive")
    assert "deactivated" in browser.open(answer["Location"]).content.decode()
    assert not browser.is_signed_in()


@pytest.mark.parametrize(
    "meanwhile",
    [
        lambda users: users.delete(),
        lambda users: users.update(email=DAN),
        lambda users: erase(address(ADA).contact_id, Origin(Source.PAGE, timezone.now())),
    ],
    ids=["deleted", "given another address", "erased"],
)
def test_a_code_ends_with_the_account_that_it_was_for(
    meanwhile: Callable[[QuerySet[User]], Any], browser: Browser
) -> None:
    User.objects.create_user(ADA)
    browser.send(ASK, email=ADA)
    page = browser.open(CONFIRM)
    meanwhile(User.objects.all())
    answer = browser.client.post(
        CONFIRM, {"code": code(), "csrfmiddlewaretoken": page.context["csrf_token"]}, secure=True
    )
    assert (answer.status_code, answer["Location"]) == (302, ASK)
    assert alerts(browser.open(ASK)) == ["This code has expired. Please ask for a new one."]
    assert not browser.is_signed_in()
    assert not EmailAddress.objects.exists()


@pytest.mark.parametrize("is_verified", [False, True], ids=["unverified", "verified"])
class TestAnAddressOnSomebodyElsesAccount:
    @pytest.fixture(autouse=True)
    def _on_bobs_account(self, is_verified: bool) -> None:
        EmailAddress.objects.create(user=User.objects.create_user(BOB), email=ADA, verified=is_verified)

    def test_it_opens_nothing_and_answers_as_an_unknown_one(self) -> None:
        assert len({seen_by(Browser(), email) for email in (ADA, "abe@example.com")}) == 1
        assert not mail.outbox

    def test_it_still_opens_the_account_whose_name_it_is(self, browser: Browser) -> None:
        ada = User.objects.create_user(ADA)
        browser.send(ASK, email=ADA)
        assert browser.send(CONFIRM, code=code())["Location"] == MINE
        assert browser.client.session["_auth_user_id"] == str(ada.pk)


def test_nobody_writes_such_rows_by_hand(browser: Browser, ada_signs_in: User) -> None:
    sign_in(browser.client, ada_signs_in)
    assert browser.open("/admin/prefcenter/user/").status_code == 200
    assert browser.open("/admin/account/emailaddress/").status_code == 404


def test_a_wrong_code_says_so_beside_the_field_and_may_be_mended(browser: Browser, ada_signs_in: User) -> None:
    browser.send(ASK, email=ADA)
    page = browser.send(CONFIRM, code=wrong_code())
    assert "Use the latest one we sent." in alerts(page)[0]
    assert f'value="{wrong_code()}"' in page.content.decode()
    assert browser.send(CONFIRM, code=code())["Location"] == MINE


def test_five_wrong_codes_are_the_end_of_the_right_one(browser: Browser, ada_signs_in: User) -> None:
    browser.send(ASK, email=ADA)
    answers = [browser.send(CONFIRM, code=wrong_code()) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 302]
    assert "Too many attempts." in alerts(browser.open(answers[-1]["Location"]))[0]
    assert browser.open(CONFIRM)["Location"] == ASK


def test_an_expired_code_says_so_where_a_new_one_is_to_be_had(
    browser: Browser, ada_signs_in: User, settings: Any
) -> None:
    browser.send(ASK, email=ADA)
    page = browser.open(CONFIRM)
    settings.ACCOUNT_LOGIN_BY_CODE_TIMEOUT = -1
    answer = browser.client.post(
        CONFIRM, {"code": code(), "csrfmiddlewaretoken": page.context["csrf_token"]}, secure=True
    )
    assert answer["Location"] == ASK
    assert alerts(browser.open(ASK)) == ["This code has expired. Please ask for a new one."]
    assert not browser.is_signed_in()


def test_who_mistyped_the_address_starts_again(browser: Browser, ada_signs_in: User) -> None:
    browser.send(ASK + "?next=/preferences/mine/privacy/", email=DAN)
    page = browser.open(CONFIRM + "?next=/preferences/mine/privacy/")
    [action] = re.findall(r'class="links" method="post" action="([^"]+)"', page.content.decode())
    [back] = re.findall(r'name="next" value="(/accounts[^"]+)"', page.content.decode())
    token = page.context["csrf_token"]
    answer = browser.client.post(action, {"next": back, "csrfmiddlewaretoken": token}, secure=True)
    browser.send(answer["Location"], email=ADA)
    assert browser.send(CONFIRM + "?next=/preferences/mine/privacy/", code=code())["Location"].endswith("/privacy/")


def test_nobody_is_led_off_the_site(browser: Browser, ada_signs_in: User) -> None:
    browser.send(ASK + "?next=https://evil.example/", email=ADA)
    assert browser.send(CONFIRM + "?next=https://evil.example/", code=code())["Location"] == MINE


def test_asking_too_often_is_429_and_says_so_beside_the_field() -> None:
    answers = [Browser().send(ASK, email=DAN) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [302, 302, 302, 429]
    assert "Too many attempts." in alerts(answers[-1])[0]
    assert f'value="{DAN}"' in answers[-1].content.decode()


def test_no_address_is_asked_for_more_than_ten_codes_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = timezone.now().timestamp()
    for minute in range(10):
        monkeypatch.setattr("time.time", lambda minute=minute: clock + 61 * minute)
        assert Browser().send(ASK, email=DAN).status_code == 302
    assert Browser().send(ASK, email=DAN).status_code == 429


def test_the_mail_is_in_the_dress_of_the_house(browser: Browser, ada_signs_in: User) -> None:
    browser.send(ASK, email=ADA)
    [message] = mail.outbox
    page = html_of(message)
    assert message.subject == "Your sign-in code for Example Post"
    assert message.extra_headers.keys() == {"Auto-Submitted", "Message-ID", "Date"}
    assert message.extra_headers["Auto-Submitted"] == "auto-generated"
    for part in (str(message.body), page):
        assert all(text in part for text in (code(), "Example Post", "1 Main Street, Springfield"))
    assert not re.findall(r"<(?:h1|p|div)(?![^>]* style=)[^>]*>", page)
    assert "http" not in str(message.body)


def test_the_language_that_was_asked_for_holds_to_the_end(browser: Browser, ada_signs_in: User) -> None:
    to_confirm = browser.send(ASK + "?lang=de", email=ADA)
    assert (to_confirm["Content-Language"], to_confirm["Location"]) == ("de", CONFIRM + "?lang=de")
    page = html_of(mail.outbox[0])
    assert '<html lang="de" dir="ltr">' in page
    assert browser.send(CONFIRM + "?lang=de", code=code())["Location"] == MINE + "?lang=de"
    assert browser.open("/accounts/login/?lang=de")["Location"] == ASK + "?lang=de"


@pytest.mark.parametrize(
    ("of_the_contact", "asked", "written_in"),
    [("fr", "", "fr"), ("fr-CA", "", "fr"), ("fr", "?lang=ja", "ja"), ("", "", "de"), ("tlh", "", "de")],
)
def test_the_mail_speaks_the_contacts_language_unless_another_was_asked_for(
    of_the_contact: str, asked: str, written_in: str, browser: Browser, ada_signs_in: User
) -> None:
    actions.choose_language(address(ADA).contact_id, of_the_contact)
    browser.client.defaults["HTTP_ACCEPT_LANGUAGE"] = "de"
    answer = browser.send(ASK + asked, email="Ada@Example.com")
    page = html_of(mail.outbox[0])
    assert f'<html lang="{written_in}"' in page
    assert answer["Content-Language"] == (asked.removeprefix("?lang=") or "de")


@pytest.mark.parametrize(("reason", "mails"), [(SuppressionReason.COMPLAINT, 1), (SuppressionReason.HARD_BOUNCE, 0)])
def test_a_code_is_a_receipt_and_no_advertising(
    reason: SuppressionReason, mails: int, browser: Browser, ada_signs_in: User
) -> None:
    actions.suppress([address(ADA).pk], Origin(Source.STAFF, timezone.now()), reason=reason)
    assert browser.send(ASK, email=ADA)["Location"] == CONFIRM
    assert len(mail.outbox) == mails


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("signup/", 200),
        ("inactive/", 200),
        ("password/reset/", 404),
        ("password/change/", 404),
        ("password/set/", 404),
        ("password/reset/key/1-set-password/", 404),
        ("email/", 404),
        ("confirm-email/", 404),
        ("reauthenticate/", 404),
        ("2fa/", 404),
        ("second-factor/trust/", 404),
        ("second-factor/passkey/sign-in/", 404),
        ("", 404),
    ],
)
def test_only_what_signing_in_needs_is_there(path: str, status: int, browser: Browser) -> None:
    assert browser.open(f"/accounts/{path}").status_code == status


def test_strangers_are_told_that_accounts_are_made_by_us(browser: Browser) -> None:
    assert "Accounts are by invitation only" in browser.open("/accounts/signup/").content.decode()
    assert "<form" not in browser.open("/accounts/signup/").content.decode()
    assert not User.objects.exists()


def test_an_address_changed_in_the_admin_is_the_one_that_signs_in(ada_signs_in: User) -> None:
    EmailAddress.objects.create(user=ada_signs_in, email=ADA, verified=True, primary=True)
    staff_client = Browser()
    sign_in(staff_client.client, ada_signs_in)
    form = staff_client.open(f"/admin/prefcenter/user/{ada_signs_in.pk}/change/").context["adminform"].form
    fields = {name: value for name, value in form.initial.items() if isinstance(value, str)}
    changed = staff_client.client.post(
        f"/admin/prefcenter/user/{ada_signs_in.pk}/change/",
        fields
        | {
            "email": "Ada@Example.ORG",
            "is_active": "on",
            "is_staff": "on",
            "is_superuser": "on",
            "date_joined_0": "2026-01-01",
            "date_joined_1": "12:00",
            "csrfmiddlewaretoken": staff_client.client.cookies["csrftoken"].value,
        },
        secure=True,
    )
    assert changed.status_code == 302
    work()
    [told] = mail.outbox
    assert (told.to, "email address of your account was changed" in told.body) == ([ADA], True)
    mail.outbox.clear()
    for email in (ADA, "ada@example.org"):
        Browser().send(ASK, email=email)
    assert [one.to for one in mail.outbox] == [["ada@example.org"]]


def test_no_log_line_holds_an_address_or_a_code(
    browser: Browser, ada_signs_in: User, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    browser.send(ASK, email=ADA)
    secret = code()
    browser.send(CONFIRM, code=wrong_code())
    browser.send(CONFIRM, code=secret)
    said = caplog.text
    assert not [one for one in (ADA, secret, secret.replace("-", ""), wrong_code()) if one in said]


@pytest.mark.parametrize(("backend", "is_made"), [("db.DatabaseCache", True), ("locmem.LocMemCache", False)])
def test_the_migration_makes_the_table_of_a_database_cache_only(backend: str, is_made: bool, settings: Any) -> None:
    settings.CACHES = {"default": {"BACKEND": f"django.core.cache.backends.{backend}", "LOCATION": "another_cache"}}
    migration = import_module("prefcenter.migrations.0003_cache_table")
    for _ in range(2):
        migration.make_table(None, SimpleNamespace(connection=connection))
    assert ("another_cache" in connection.introspection.table_names()) is is_made


@pytest.mark.parametrize(
    "typed", ["Ada <Ada@example.com>", "mailto:ada@example.com", "\u200bada@example.com\u200b", "ada@example.com,"]
)
def test_an_address_is_read_here_as_everywhere_else(typed: str, browser: Browser, ada_signs_in: User) -> None:
    browser.send(ASK, email=typed)
    assert [one.to for one in mail.outbox] == [[ADA]]


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("a..b@docomo.ne.jp", "A..B@docomo.ne.jp"),
        ("a..b@docomo.ne.jp", 'Ken <"a..b"@docomo.ne.jp>'),
        ("ab.@ezweb.ne.jp", "ab.@ezweb.ne.jp"),
        (".ab@ezweb.ne.jp", '".ab"@ezweb.ne.jp'),
        ("ada@bücher.example", "ada@bücher.example"),
    ],
)
def test_whoever_can_be_written_to_can_sign_in(name: str, typed: str, browser: Browser) -> None:
    User.objects.create_user(name)
    answer = browser.send(ASK, email=typed)
    assert (answer.status_code, len(mail.outbox)) == (302, 1)
    assert browser.send(CONFIRM, code=code())["Location"] == MINE
    assert browser.is_signed_in()


@pytest.mark.parametrize("typed", ["*@corp.example", "@corp.example", "Corp <*@corp.example>", "ada", "a@b@c.example"])
@pytest.mark.parametrize(("url", "status"), [(ASK, 200), ("/preferences/", 400)])
def test_what_is_no_address_is_said_to_be_none(typed: str, url: str, status: int, browser: Browser) -> None:
    answer = browser.send(url, email=typed)
    assert (answer.status_code, mail.outbox) == (status, [])
    assert "Enter a valid email address, like name@example.com." in answer.content.decode()
