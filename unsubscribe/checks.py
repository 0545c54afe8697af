"""System checks (E001 to E007, W001, W002) of the settings on which opt-outs and the Unsubscribe button depend."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.utils.module_loading import import_string

from . import addresses, conf, headers
from .backends import GuardedEmailBackend, TransactionalEmailBackend
from .backends.declaring import codes
from .choices import OneClickScope
from .errors import InvalidAddress

_TOKEN = "x" * 40
SHORTEST_KEY = 32


@register("unsubscribe")
def base_url(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    url = str(getattr(settings, "UNSUBSCRIBE_BASE_URL", ""))
    if not conf.is_secure(url):
        return [
            Error(
                "UNSUBSCRIBE_BASE_URL is not an https URL, so no List-Unsubscribe headers can be created.",
                hint="Set SITE_URL to https://…; plain http is for localhost under DEBUG (RFC 8058, section 3.1).",
                id="unsubscribe.E001",
            )
        ]
    return [
        Warning(
            f"A <URI> in List-Unsubscribe has {len(uri)} characters; more than {headers.LONGEST_URI} are encoded by "
            "some mail generators, and email clients then hide the Unsubscribe button.",
            hint="Use a shorter host name for SITE_URL, and a shorter UNSUBSCRIBE_MAILTO.",
            id="unsubscribe.W001",
        )
        for uri in headers.list_unsubscribe(_TOKEN).split(", ")
        if len(uri) > headers.LONGEST_URI
    ]


@register("unsubscribe")
def address_key(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    key = conf.address_key()
    if not key:
        return [
            Error(
                "UNSUBSCRIBE_ADDRESS_KEY is missing, so no opt-outs can be stored.",
                hint="Create one and keep it permanently: with another key, every opt-out is lost.",
                id="unsubscribe.E002",
            )
        ]
    if key in {settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS}:
        return [
            Error(
                "UNSUBSCRIBE_ADDRESS_KEY is the same as SECRET_KEY.",
                hint="SECRET_KEY may be rotated, the address key never is. Give each its own value.",
                id="unsubscribe.E003",
            )
        ]
    if len(key) < SHORTEST_KEY:
        return [
            Warning(
                f"UNSUBSCRIBE_ADDRESS_KEY has fewer than {SHORTEST_KEY} characters.",
                hint="With a short key, anyone who sees the database can guess addresses.",
                id="unsubscribe.W002",
            )
        ]
    return []


@register("unsubscribe")
def email_backend(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    if _is_guard(settings.EMAIL_BACKEND, for_all=True) and not _is_guard(conf.wrapped_email_backend()):
        return []
    return [
        Error(
            "EMAIL_BACKEND is not the guarded backend, so email could be sent to people who opted out.",
            hint="EMAIL_BACKEND = 'unsubscribe.backends.GuardedEmailBackend'; name the backend that really sends "
            "in UNSUBSCRIBE_EMAIL_BACKEND.",
            id="unsubscribe.E004",
        )
    ]


def _is_guard(path: str, *, for_all: bool = False) -> bool:
    """Whether this dotted path names a guarded backend; `for_all`: one that takes undeclared messages as marketing
    (law 7)."""
    try:
        backend = import_string(path)
        return issubclass(backend, GuardedEmailBackend) and not (
            for_all and issubclass(backend, TransactionalEmailBackend)
        )
    except (ImportError, TypeError):
        return False


@register("unsubscribe")
def transactional(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    return [
        Error(
            f"UNSUBSCRIBE_TRANSACTIONAL names {path!r}, which is not a function, a method or a class with methods "
            "of its own, or which other messages go through as well.",
            hint="Name code that sends only these messages: 'django.contrib.auth.forms.PasswordResetForm.send_mail'.",
            id="unsubscribe.E007",
        )
        for path in conf.transactional()
        if not _names_code(path)
    ]


def _names_code(path: str) -> bool:
    try:
        return bool(codes(path))
    except Exception:  # a module raises whatever it likes as it is imported; the error says which name it is
        return False


@register("unsubscribe")
def mailto(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    if not conf.mailto():
        return []
    mailbox = headers.mailto_address(_TOKEN)
    if _is_mailbox(conf.mailto()) and mailbox.index("@") <= headers.LONGEST_LOCAL_PART:
        return []
    return [
        Error(
            "UNSUBSCRIBE_MAILTO is not a mailbox whose name leaves room for a token of 40 characters.",
            hint="The local part may have 23 characters at most (RFC 5321, section 4.5.3.1.1).",
            id="unsubscribe.E005",
        )
    ]


def _is_mailbox(text: str) -> bool:
    try:
        return addresses.normalise(text).value == text.lower() and text.isascii()
    except InvalidAddress:
        return False


@register("unsubscribe")
def one_click_scope(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    try:
        conf.one_click_scope()
    except ValueError:
        allowed = " or ".join(repr(one.value) for one in OneClickScope)
        return [Error(f"UNSUBSCRIBE_ONE_CLICK_SCOPE must be {allowed}.", id="unsubscribe.E006")]
    return []
