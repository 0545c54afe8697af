"""Settings have defaults, are read at the moment of use, and an insecure base URL is refused."""

from typing import Any

import pytest

from unsubscribe import conf
from unsubscribe.choices import OneClickScope
from unsubscribe.errors import InsecureBaseUrl


@pytest.mark.parametrize(
    ("setting", "default", "value", "read"),
    [
        ("UNSUBSCRIBE_ADDRESS_KEY", "", "key", conf.address_key),
        ("UNSUBSCRIBE_MAILTO", "", "u@example.com", conf.mailto),
        ("UNSUBSCRIBE_LIST_DOMAIN", "mail.example.com", "lists.example.com", conf.list_domain),
        ("UNSUBSCRIBE_ONE_CLICK_SCOPE", OneClickScope.CATEGORY, "everything", conf.one_click_scope),
        ("UNSUBSCRIBE_CONFIRMATION_DELAY", 60, 5, conf.confirmation_delay),
        ("UNSUBSCRIBE_CONFIRMATIONS_PER_DAY", 10, 3, conf.confirmations_per_day),
        ("UNSUBSCRIBE_OUTBOX_LEASE", 300, 600, conf.outbox_lease),
        ("UNSUBSCRIBE_PREFERENCES_LINK_DAYS", 60, 7, conf.preferences_link_days),
        ("UNSUBSCRIBE_SENDER_NAME", "mail.example.com", "Example", conf.sender_name),
        ("UNSUBSCRIBE_SENDER_POSTAL_ADDRESS", "", "1 Main Street", conf.sender_postal_address),
        (
            "UNSUBSCRIBE_EMAIL_BACKEND",
            "django.core.mail.backends.smtp.EmailBackend",
            "django.core.mail.backends.console.EmailBackend",
            conf.wrapped_email_backend,
        ),
    ],
)
def test_a_setting_has_a_default_and_is_read_when_it_is_used(
    setting: str, default: object, value: object, read: Any, settings: Any
) -> None:
    if hasattr(settings, setting):
        delattr(settings, setting)
    assert read() == default
    setattr(settings, setting, value)
    assert read() == value


@pytest.mark.parametrize(
    ("url", "debug", "is_secure"),
    [
        ("https://mail.example.com", False, True),
        ("https://mail.example.com:8443/mail", False, True),
        ("https://[::1]:8443", False, True),
        ("http://mail.example.com", True, False),
        ("http://localhost", True, True),
        ("http://LOCALHOST:8000", True, True),
        ("http://127.0.0.1:8000", True, True),
        ("http://localhost", False, False),
        ("http://localhost@example.com", True, False),
        ("https://", False, False),
        ("https:///path", False, False),
        ("javascript:alert(1)", True, False),
        ("", True, False),
    ],
)
def test_a_base_url_is_https_or_local(url: str, debug: bool, is_secure: bool, settings: Any) -> None:
    settings.DEBUG, settings.UNSUBSCRIBE_BASE_URL = debug, url
    if is_secure:
        assert conf.base_url() == url
    else:
        with pytest.raises(InsecureBaseUrl):
            conf.base_url()


@pytest.mark.parametrize(
    "url", ["https://[", "https://[::1", "https://exa\u2100mple.com", "https://mail .example", "https://bücher.example"]
)
def test_a_base_url_that_is_no_uri_is_refused(url: str, settings: Any) -> None:
    settings.UNSUBSCRIBE_BASE_URL = url
    with pytest.raises(InsecureBaseUrl):
        conf.base_url()


# Behind a query or a fragment the token is no path, and nobody can follow a link with a port that is none.
@pytest.mark.parametrize(
    "url",
    [
        "https://mail.example.com/?a=1",
        "https://mail.example.com/#a",
        "https://mail.example.com:port",
        "https://mail.example.com:99999",
    ],
)
def test_a_base_url_that_no_token_can_follow_is_refused(url: str, settings: Any) -> None:
    settings.UNSUBSCRIBE_BASE_URL = url
    with pytest.raises(InsecureBaseUrl):
        conf.base_url()


def test_the_closing_slash_is_taken_off(settings: Any) -> None:
    settings.UNSUBSCRIBE_BASE_URL = "https://mail.example.com/mail//"
    assert conf.base_url() == "https://mail.example.com/mail"


def test_without_a_base_url_there_is_none(settings: Any) -> None:
    del settings.UNSUBSCRIBE_BASE_URL
    with pytest.raises(InsecureBaseUrl):
        conf.base_url()


def test_an_unknown_scope_is_an_error(settings: Any) -> None:
    settings.UNSUBSCRIBE_ONE_CLICK_SCOPE = "nothing"
    with pytest.raises(ValueError, match="nothing"):
        conf.one_click_scope()
