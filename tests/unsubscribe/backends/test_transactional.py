"""What people ask for reaches them though they left a newsletter; declared in one place, for code that is not ours."""

import logging
import os
import subprocess
import sys
from contextlib import suppress
from functools import partial, wraps
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMessage, get_connection, mail_admins, send_mail

from tests.factories import ADA, BOB, CLEO, DAN
from tests.unsubscribe.backends.test_backends import TRANSACTIONAL, about, block, message, recipients, send
from unsubscribe import actions
from unsubscribe.actions import Origin
from unsubscribe.backends import declaring
from unsubscribe.choices import Source, SuppressionReason
from unsubscribe.errors import ContradictoryPurpose
from unsubscribe.links import Target
from unsubscribe.models import Address, Category

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_only]
ROOT = Path(__file__).resolve().parents[3]
TRANSACTIONAL_BACKEND = "unsubscribe.backends.TransactionalEmailBackend"


def reset_password(*to: str, **said: Any) -> int:
    return message(*to, **said).send()


def announce(*to: str) -> int:
    return message(*to).send()


def decorated(function: Any) -> Any:
    @wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return wrapper


def plainly(function: Any) -> Any:
    """A decorator without functools.wraps: all that it decorates has the same code."""

    def wrapper(*args: Any) -> Any:
        return function(*args)

    return wrapper


@plainly
def invite(to: str) -> int:
    return message(to).send()


@plainly
def promote(to: str) -> int:
    return message(to).send()


def sender() -> Any:
    def post(to: str) -> int:
        return message(to).send()

    return post


remind, advertise = sender(), sender()


class Shop:
    def receipt(self, to: str) -> int:
        return self._post(to)

    def _post(self, to: str) -> int:
        return message(to).send()

    @staticmethod
    def invoice(to: str) -> int:
        return message(to).send()

    @classmethod
    def parcel(cls, to: str) -> int:
        return message(to).send()

    @decorated
    def reminder(self, to: str) -> int:
        return message(to).send()


class BookShop(Shop):
    """It sends nothing of its own making."""


@pytest.fixture
def left(ada: Address, news: Category, now: Any) -> Address:
    """Ada left a newsletter."""
    actions.opt_out([Target(ada.pk, news.pk)], Origin(Source.PAGE, now))
    return ada


@pytest.fixture
def names(settings: Any) -> Any:
    """Names code of this module in the setting."""

    def name(*paths: str) -> None:
        settings.UNSUBSCRIBE_TRANSACTIONAL = [f"{__name__}.{path}" for path in paths]

    return name


class TestTheSetting:
    def test_what_a_named_function_sends_is_transactional_and_what_others_send_is_not(
        self, names: Any, left: Address
    ) -> None:
        assert (reset_password(ADA), announce(ADA)) == (0, 0)
        names("reset_password")
        assert (reset_password(ADA), announce(ADA)) == (1, 0)
        assert "List-Unsubscribe" not in mail.outbox[0].extra_headers

    @pytest.mark.parametrize("path", ["Shop", "Shop.receipt", "Shop._post"])
    def test_a_method_or_a_class_can_be_named_and_holds_for_those_derived_from_it(
        self, path: str, names: Any, left: Address
    ) -> None:
        names(path)
        assert (Shop().receipt(ADA), BookShop().receipt(ADA)) == (1, 1)
        assert Shop.invoice(ADA) == Shop.parcel(ADA) == BookShop().reminder(ADA) == (path == "Shop")

    @pytest.mark.parametrize("path", ["invoice", "parcel", "reminder"])
    def test_however_the_method_is_made(self, path: str, names: Any, left: Address) -> None:
        names(f"Shop.{path}")
        assert getattr(BookShop(), path)(ADA) == 1
        assert BookShop().receipt(ADA) == 0

    def test_a_name_that_leads_nowhere_makes_nothing_transactional(self, names: Any, left: Address) -> None:
        names("nothing", "BookShop", "ROOT", "reset_password.nothing")
        assert (reset_password(ADA), BookShop().receipt(ADA)) == (0, 0)

    @pytest.mark.parametrize("path", ["invite", "promote", "remind", "advertise"])
    def test_code_that_another_function_shares_declares_neither(self, path: str, names: Any, left: Address) -> None:
        names(path)
        assert [send(ADA) for send in (invite, promote, remind, advertise)] == [0] * 4
        assert not declaring.codes(f"{__name__}.{path}")

    @pytest.mark.parametrize(
        "path",
        [
            "django.core.mail.send_mail",
            "django.core.mail.send_mass_mail",
            "django.core.mail.get_connection",
            "django.core.mail.EmailMessage",
            "django.core.mail.EmailMessage.send",
            "django.core.mail.message.EmailMultiAlternatives",
            "django.core.mail.backends.base.BaseEmailBackend",
            "unsubscribe.backends.GuardedEmailBackend",
            "unsubscribe.backends.GuardedEmailBackend.send_messages",
        ],
    )
    def test_nor_does_what_every_message_goes_through(self, path: str, settings: Any, left: Address) -> None:
        settings.UNSUBSCRIBE_TRANSACTIONAL = [path]
        assert (announce(ADA), send_mail("News", "Hello.", None, [ADA]), send(message(ADA))) == (0, 0, 0)
        assert not declaring.codes(path)

    @pytest.mark.parametrize(
        "setting",
        [
            f"{__name__}.reset_password",
            f" {__name__}.reset_password , django.core.mail.mail_admins,",
            [f" {__name__}.reset_password "],
            {f"{__name__}.reset_password"},
        ],
    )
    def test_it_is_a_list_or_a_text_with_commas(self, setting: Any, settings: Any, left: Address) -> None:
        settings.UNSUBSCRIBE_TRANSACTIONAL = setting
        assert (reset_password(ADA), announce(ADA)) == (1, 0)

    @pytest.mark.parametrize("setting", [None, "", 7, True, b"x", [None], [reset_password], [["a"]], {"a": 1}])
    def test_what_is_none_makes_nothing_transactional_and_stops_nothing(self, setting: Any, settings: Any) -> None:
        block(BOB, SuppressionReason.COMPLAINT)
        settings.UNSUBSCRIBE_TRANSACTIONAL = setting
        assert (reset_password(BOB), reset_password(ADA)) == (0, 1)

    def test_a_module_that_cannot_be_imported_stops_nothing_either(
        self, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        (tmp_path / "fails_as_it_is_imported.py").write_text("raise RuntimeError('no')")
        monkeypatch.syspath_prepend(tmp_path)
        settings.UNSUBSCRIBE_TRANSACTIONAL = ["fails_as_it_is_imported.send"]
        assert (reset_password(ADA), reset_password(ADA)) == (1, 1)
        assert caplog.text.count("names 'fails_as_it_is_imported.send', which leads nowhere: RuntimeError") == 1

    def test_what_a_message_says_of_itself_counts_for_more(self, names: Any, left: Address, news: Category) -> None:
        names("reset_password")
        assert reset_password(ADA, headers=about("news")) == 0
        assert reset_password(ADA, headers={"X-Unsubscribe-Purpose": "marketing"}) == 0

    def test_hard_bounces_and_the_erased_get_nothing_all_the_same(self, names: Any) -> None:
        names("reset_password")
        for text, reason in [(BOB, SuppressionReason.HARD_BOUNCE), (CLEO, SuppressionReason.ERASED)]:
            block(text, reason)
            assert reset_password(text) == 0
        block(DAN, SuppressionReason.COMPLAINT)
        assert reset_password(DAN) == 1

    def test_what_is_sent_together_goes_together(self, names: Any, left: Address) -> None:
        names("reset_password")
        reset_password(ADA, BOB)
        assert recipients() == [[ADA, BOB]]

    def test_mail_to_the_admins(self, settings: Any, left: Address) -> None:
        settings.ADMINS = [("Ada", ADA)]
        settings.UNSUBSCRIBE_TRANSACTIONAL = ["django.core.mail.mail_admins"]
        mail_admins("Something broke", "Look.")
        assert recipients() == [[ADA]]

    @pytest.mark.parametrize(
        "path", ["no.such.module", "tests", f"{__name__}.ROOT", f"{__name__}.BookShop", "", "a..b"]
    )
    def test_nothing_that_can_send_has_no_code(self, path: str) -> None:
        with suppress(ImportError, AttributeError, ValueError):
            assert not declaring.codes(path)


class TestTheBackend:
    def test_what_goes_through_it_is_transactional_unless_it_says_otherwise(
        self, left: Address, news: Category
    ) -> None:
        connection = get_connection(TRANSACTIONAL_BACKEND)
        assert send_mail("Your password", "Hello.", None, [ADA], connection=connection) == 1
        assert connection.send_messages([message(ADA, headers=about("news"))]) == 0
        assert connection.send_messages([message(ADA, headers={"X-Unsubscribe-Purpose": "marketing"})]) == 0
        with pytest.raises(ContradictoryPurpose):
            connection.send_messages([message(ADA, headers=about("news", **TRANSACTIONAL))])

    def test_hard_bounces_get_nothing_all_the_same(self) -> None:
        block(BOB, SuppressionReason.HARD_BOUNCE)
        assert get_connection(TRANSACTIONAL_BACKEND).send_messages([message(BOB)]) == 0


class TestTheWarning:
    def warnings(self, caplog: pytest.LogCaptureFixture, *messages: EmailMessage) -> list[str]:
        caplog.clear()
        with caplog.at_level(logging.INFO, logger="unsubscribe.backends"):
            send(*messages)
        return [one.getMessage() for one in caplog.records if one.levelno == logging.WARNING]

    def test_what_may_have_been_a_receipt_is_named_with_what_to_do(
        self, left: Address, caplog: pytest.LogCaptureFixture
    ) -> None:
        [line] = self.warnings(caplog, message(ADA, BOB))
        assert "X-Unsubscribe-Purpose: transactional" in line
        assert "UNSUBSCRIBE_TRANSACTIONAL" in line
        assert str(left.pk) in line
        assert "@" not in line

    def test_it_is_one_line_a_message(self, left: Address, now: Any, caplog: pytest.LogCaptureFixture) -> None:
        bob = block(BOB, SuppressionReason.COMPLAINT)
        lines = self.warnings(caplog, message(ADA, BOB), message(CLEO), message(ADA))
        assert [line.rpartition("addresses ")[2] for line in lines] == [f"{left.pk}, {bob.pk}", f"{left.pk}"]

    def test_but_not_where_the_message_says_what_it_is_or_has_a_link(
        self, left: Address, news: Category, caplog: pytest.LogCaptureFixture
    ) -> None:
        of_its_own = {"LIST-unsubscribe": "<https://example.com/leave>"}
        silent = [
            message(ADA, headers=about("news")),
            message(ADA, headers={"X-Unsubscribe-Purpose": "marketing"}),
            message(ADA, headers=of_its_own),
            EmailMessage("News", "Leave here: https://example.com/UNSUBSCRIBE?id=7", to=[ADA]),
            EmailMessage("News", "To unsubscribe, follow\nhttps://example.com/?id=7", to=[ADA]),
            EmailMessage("News", '<a href="https://example.com/7">Unsubscribe here</a>', to=[ADA]),
            EmailMessage("News", "Leave here: %%unsubscribe_url%%", to=[ADA]),
        ]
        assert self.warnings(caplog, *silent) == []

    @pytest.mark.parametrize("reason", [SuppressionReason.HARD_BOUNCE, SuppressionReason.MANUAL])
    def test_nor_where_a_receipt_would_not_be_sent_either(
        self, reason: SuppressionReason, caplog: pytest.LogCaptureFixture
    ) -> None:
        block(BOB, reason)
        assert self.warnings(caplog, message(BOB), message("nonsense")) == []


SETTINGS = """
from pathlib import Path
SECRET_KEY = "a-key-for-tests-of-more-than-fifty-characters-0123456789"
UNSUBSCRIBE_ADDRESS_KEY = "an-address-key-for-tests-0123456789abcdef"
UNSUBSCRIBE_BASE_URL = "https://shop.example"
ALLOWED_HOSTS = ["shop.example"]
INSTALLED_APPS = ["unsubscribe", "allauth", "allauth.account", "django.contrib.admin", "django.contrib.auth",
                  "django.contrib.contenttypes", "django.contrib.sessions", "django.contrib.messages"]
ROOT_URLCONF = "urls"
MIDDLEWARE = ["django.contrib.sessions.middleware.SessionMiddleware", "django.middleware.common.CommonMiddleware",
              "django.contrib.auth.middleware.AuthenticationMiddleware",
              "django.contrib.messages.middleware.MessageMiddleware", "allauth.account.middleware.AccountMiddleware"]
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True, "OPTIONS": {
    "context_processors": ["django.template.context_processors.request", "django.contrib.auth.context_processors.auth",
                           "django.contrib.messages.context_processors.messages"]}}]
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend",
                           "allauth.account.auth_backends.AuthenticationBackend"]
ACCOUNT_EMAIL_VERIFICATION = "none"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "db.sqlite3"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ADMINS = [("Ada", "ada@example.com")]
EMAIL_BACKEND = "unsubscribe.backends.GuardedEmailBackend"
UNSUBSCRIBE_EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
USE_TZ = True
LOGGING = {"version": 1, "disable_existing_loggers": False,
           "handlers": {"mail": {"class": "django.utils.log.AdminEmailHandler", "level": "ERROR"}},
           "loggers": {"shop": {"handlers": ["mail"]}}}
UNSUBSCRIBE_TRANSACTIONAL = NAMED
"""

NAMED = [
    "django.contrib.auth.forms.PasswordResetForm.send_mail",
    "allauth.account.adapter.DefaultAccountAdapter.send_mail",
    "django.core.mail.mail_admins",
]

URLS = """
from django.contrib import admin
from django.contrib.auth import views
from django.urls import include, path
urlpatterns = [
    path("", include("unsubscribe.urls")),
    path("admin/password_reset/", views.PasswordResetView.as_view(), name="admin_password_reset"),
    path("accounts/", include("allauth.urls")),
    path("", include("django.contrib.auth.urls")),
    path("admin/", admin.site.urls),
]
"""

SENDS = """
import logging
import django
django.setup()
from django.contrib.auth.models import User
from django.core import mail
from django.core.mail import send_mail
from django.test import Client
from django.utils import timezone
from unsubscribe import actions
from unsubscribe.links import Target
from unsubscribe.models import Address, Category
from unsubscribe.addresses import normalise

mail.outbox = []
User.objects.create_user("ada", "ada@example.com", "a-password-for-tests")
[ada] = actions.learn([normalise("ada@example.com")], now=timezone.now()).values()
news = Category.objects.create(slug="news", name="News")
actions.opt_out([Target(ada.address_id, news.pk)], actions.Origin("page", timezone.now()))
client = Client(headers={"host": "shop.example"})
for path in ("/admin/password_reset/", "/password_reset/", "/accounts/password/reset/"):
    answer = client.post(path, {"email": "ada@example.com"})
    assert answer.status_code == 302, answer.content
logging.getLogger("shop").error("Something broke")
print([one.subject for one in mail.outbox])
mail.outbox.clear()
send_mail("What is new", "Hello.", None, ["ada@example.com"])
print(len(mail.outbox))
"""


def run(named: list[str], folder: Path) -> list[str]:
    (folder / "shop.py").write_text(SETTINGS.replace("NAMED", repr(named)))
    (folder / "urls.py").write_text(URLS)
    (folder / "sends.py").write_text(SENDS)
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": f"{ROOT}:{folder}", "DJANGO_SETTINGS_MODULE": "shop"}
    start = partial(subprocess.run, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    for command in (["-m", "django", "migrate", "-v", "0"], ["-m", "django", "check"], ["sends.py"]):
        done = start([sys.executable, *command])
        assert done.returncode == 0, done.stderr
    return [*done.stdout.splitlines(), done.stderr]


def test_a_project_with_djangos_and_allauths_own_forms_declares_them_in_one_place(tmp_path: Path) -> None:
    subjects, newsletters, _ = run(NAMED, tmp_path)
    assert subjects == str(
        [
            *["Password reset on shop.example"] * 2,
            "[shop.example] Password Reset Email",
            "[Django] ERROR: Something broke",
        ]
    )
    assert newsletters == "0"


def test_and_is_told_what_to_do_as_long_as_it_does_not(tmp_path: Path) -> None:
    subjects, newsletters, said = run([], tmp_path)
    assert (subjects, newsletters) == ("[]", "0")
    assert said.count("UNSUBSCRIBE_TRANSACTIONAL") == 5
