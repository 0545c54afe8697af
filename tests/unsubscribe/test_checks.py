"""A mistake in the settings is said at start-up, under an id of its own, with what to do about it."""

from typing import Any

import pytest
from django.core import checks
from django.core.checks import ERROR, WARNING

from unsubscribe.backends import GuardedEmailBackend

KEY = "an-address-key-of-some-forty-characters-0123"
GUARD = "unsubscribe.backends.GuardedEmailBackend"
CONSOLE = "django.core.mail.backends.console.EmailBackend"


class OurOwnGuard(GuardedEmailBackend):
    """A project may derive from it."""


OUR_OWN = f"{__name__}.OurOwnGuard"


def found() -> list[checks.CheckMessage]:
    return checks.run_checks(tags=["unsubscribe"])


def test_a_clean_house_hears_nothing() -> None:
    assert found() == []


@pytest.mark.parametrize(
    "changed",
    [
        {"UNSUBSCRIBE_BASE_URL": "https://" + "h" * 20 + ".com"},  # its <URI> has 77 characters
        {"UNSUBSCRIBE_BASE_URL": "http://localhost:8000", "DEBUG": True},
        {"UNSUBSCRIBE_ADDRESS_KEY": "k" * 32},
        {"UNSUBSCRIBE_EMAIL_BACKEND": CONSOLE},
        {"UNSUBSCRIBE_EMAIL_BACKEND": "not.installed.Backend"},
        {"EMAIL_BACKEND": OUR_OWN},
        {"UNSUBSCRIBE_TRANSACTIONAL": ["django.core.mail.mail_admins", "django.contrib.auth.forms.PasswordResetForm"]},
        {"UNSUBSCRIBE_MAILTO": "u@post.mail.example.com"},
        {"UNSUBSCRIBE_MAILTO": "u" * 15 + "@example.com"},  # its <URI> has 77 characters
        {"UNSUBSCRIBE_ONE_CLICK_SCOPE": "category"},
        {"UNSUBSCRIBE_ONE_CLICK_SCOPE": "everything"},
    ],
    ids=str,
)
def test_what_is_right_is_not_complained_about(changed: dict[str, Any], settings: Any) -> None:
    for name, value in changed.items():
        setattr(settings, name, value)
    assert found() == []


@pytest.mark.parametrize(
    ("id_", "changed"),
    [
        ("E001", {"UNSUBSCRIBE_BASE_URL": "http://mail.example.com"}),
        ("E001", {"UNSUBSCRIBE_BASE_URL": "http://localhost:8000"}),
        ("E001", {"UNSUBSCRIBE_BASE_URL": ""}),
        ("W001", {"UNSUBSCRIBE_BASE_URL": "https://" + "h" * 21 + ".com"}),
        ("W001", {"UNSUBSCRIBE_BASE_URL": "https://preferences.a-rather-long-company-name.example.co.uk/"}),
        ("E002", {"UNSUBSCRIBE_ADDRESS_KEY": ""}),
        ("E003", {"UNSUBSCRIBE_ADDRESS_KEY": KEY, "SECRET_KEY": KEY}),
        ("E003", {"UNSUBSCRIBE_ADDRESS_KEY": KEY, "SECRET_KEY_FALLBACKS": [KEY]}),
        ("W002", {"UNSUBSCRIBE_ADDRESS_KEY": "k" * 31}),
        ("E004", {"EMAIL_BACKEND": CONSOLE}),
        ("E004", {"EMAIL_BACKEND": "not.installed.Backend"}),
        ("E004", {"EMAIL_BACKEND": "django.core.mail.send_mail"}),
        ("E004", {"UNSUBSCRIBE_EMAIL_BACKEND": GUARD}),
        ("E004", {"UNSUBSCRIBE_EMAIL_BACKEND": OUR_OWN}),
        ("E005", {"UNSUBSCRIBE_MAILTO": "nonsense"}),
        ("E005", {"UNSUBSCRIBE_MAILTO": "u@"}),
        ("E004", {"EMAIL_BACKEND": "unsubscribe.backends.TransactionalEmailBackend"}),
        ("E007", {"UNSUBSCRIBE_TRANSACTIONAL": ["django.core.mail.mail_admins", "django.core.mail.mail_admin"]}),
        ("E007", {"UNSUBSCRIBE_TRANSACTIONAL": ["no.such.module"]}),
        ("E007", {"UNSUBSCRIBE_TRANSACTIONAL": ["django.core.mail"]}),
        ("E007", {"UNSUBSCRIBE_TRANSACTIONAL": [""]}),
        ("E007", {"UNSUBSCRIBE_TRANSACTIONAL": 7}),
        ("E007", {"UNSUBSCRIBE_TRANSACTIONAL": [None]}),
        ("E007", {"UNSUBSCRIBE_TRANSACTIONAL": "django.core.mail.mail_admins, django.core.mail.send_mail"}),
        ("E007", {"UNSUBSCRIBE_TRANSACTIONAL": ["django.core.mail.message.EmailMessage.send"]}),
        ("E007", {"UNSUBSCRIBE_TRANSACTIONAL": ["unsubscribe.backends.GuardedEmailBackend"]}),
        ("E006", {"UNSUBSCRIBE_ONE_CLICK_SCOPE": "nothing"}),
    ],
    ids=str,
)
def test_a_mistake_has_its_id(id_: str, changed: dict[str, Any], settings: Any) -> None:
    for name, value in changed.items():
        setattr(settings, name, value)
    [one] = found()
    assert one.id == f"unsubscribe.{id_}"
    assert one.level == (ERROR if id_.startswith("E") else WARNING)


@pytest.mark.parametrize("setting", ["UNSUBSCRIBE_BASE_URL", "UNSUBSCRIBE_ADDRESS_KEY"])
def test_a_missing_setting_is_said_too(setting: str, settings: Any) -> None:
    delattr(settings, setting)
    assert len(found()) == 1


def test_a_key_is_never_repeated(settings: Any) -> None:
    settings.UNSUBSCRIBE_ADDRESS_KEY = settings.SECRET_KEY = "short-secret"
    assert "short-secret" not in "".join(map(str, found()))


# H7 allows no white space or brackets in a URI, H8 nothing beyond ASCII: the whole header would become an encoded-word.
@pytest.mark.parametrize(
    "mailbox",
    ["@example.com", "Us <u@example.com>", "u u@example.com", "ü@example.com", "u@b@example.com", "u@example.com "],
)
def test_e005_a_mailto_that_is_no_mailbox(mailbox: str, settings: Any) -> None:
    settings.UNSUBSCRIBE_MAILTO = mailbox
    assert [one.id for one in found()] == ["unsubscribe.E005"]


@pytest.mark.parametrize(("length", "is_fine"), [(23, True), (24, False)])
def test_e005_a_mailto_leaves_room_for_the_token(length: int, is_fine: bool, settings: Any) -> None:
    settings.UNSUBSCRIBE_MAILTO = "u" * length + "@example.com"
    assert ("unsubscribe.E005" in [one.id for one in found()]) is not is_fine


@pytest.mark.parametrize(
    "url", ["https://mail .example", "https://mail.example.com ", "https://[::1", "https://bücher.example"]
)
def test_e001_a_base_url_that_is_no_uri(url: str, settings: Any) -> None:
    settings.UNSUBSCRIBE_BASE_URL = url
    assert [one.id for one in found()] == ["unsubscribe.E001"]


def test_w001_counts_the_mailto_variant_too(settings: Any) -> None:
    """The audience's senders have mail generators of their own, and H8 is about each <URI>."""
    settings.UNSUBSCRIBE_MAILTO = "u" * 16 + "@example.com"
    [one] = found()
    assert (one.id, "78 characters" in one.msg) == ("unsubscribe.W001", True)
