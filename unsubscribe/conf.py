"""The engine's settings (UNSUBSCRIBE_…) with their defaults, read when they are used, so that tests can override
them."""

import re
from collections.abc import Iterable
from functools import cache
from urllib.parse import urlsplit

from django.conf import settings

from .choices import OneClickScope
from .errors import InsecureBaseUrl

_URI = re.compile(r"[!$-;=@-~]+")  # RFC 3986: printable ASCII without quotes and brackets; no query, no fragment
LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})


def base_url() -> str:
    """The base of every link, without a closing slash.

    Raises InsecureBaseUrl unless it is https, or http on localhost under DEBUG or with
    UNSUBSCRIBE_HTTP_ON_LOCALHOST (RFC 8058, section 3.1).
    """
    url = str(getattr(settings, "UNSUBSCRIBE_BASE_URL", "")).rstrip("/")
    if not is_secure(url):
        raise InsecureBaseUrl
    return url


def is_secure(url: str) -> bool:
    """Whether links may begin with this URL, as base_url says."""
    is_development = settings.DEBUG or getattr(settings, "UNSUBSCRIBE_HTTP_ON_LOCALHOST", False)
    return _is_secure(url, is_development=is_development)


@cache
def _is_secure(url: str, *, is_development: bool) -> bool:
    if not _URI.fullmatch(url):  # a host beyond ASCII is written in its xn-- form
        return False
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  (reading it is what checks it)
    except ValueError:  # half an IPv6 address, or a port that is none
        return False
    if parts.scheme == "https" and parts.hostname:
        return True
    return parts.scheme == "http" and parts.hostname in LOCAL_HOSTS and is_development


def address_key() -> str:
    """The key of every digest, never rotated: with another key no known address is found, and every opt-out is lost."""
    return str(getattr(settings, "UNSUBSCRIBE_ADDRESS_KEY", ""))


def mailto() -> str:
    """The mailbox of the `mailto:` variant, or "" when there is none."""
    return str(getattr(settings, "UNSUBSCRIBE_MAILTO", ""))


def list_domain() -> str:
    """The domain in List-Id, which should stay the same for years (RFC 2919, section 2); the base URL's host if it is
    not set. Raises InsecureBaseUrl then."""
    configured = str(getattr(settings, "UNSUBSCRIBE_LIST_DOMAIN", ""))
    return configured or urlsplit(base_url()).hostname or "localhost"


def one_click_scope() -> OneClickScope:
    """What a one-click stops (requirement E9). Raises ValueError for an unknown value; see checks.one_click_scope."""
    return OneClickScope(getattr(settings, "UNSUBSCRIBE_ONE_CLICK_SCOPE", OneClickScope.CATEGORY))


def gmail_spellings() -> bool:
    """Whether an opt-out of one spelling of a Gmail address covers its other spellings (facts.covering)."""
    return bool(getattr(settings, "UNSUBSCRIBE_GMAIL_SPELLINGS", False))


def wrapped_email_backend() -> str:
    """The backend behind the guard, the one that really sends."""
    return str(getattr(settings, "UNSUBSCRIBE_EMAIL_BACKEND", "django.core.mail.backends.smtp.EmailBackend"))


def transactional() -> tuple[str, ...]:
    """The functions, methods and classes, by their dotted names, whose undeclared messages are transactional.

    The setting is a list, or one text with commas. Anything else comes back as text, for checks.transactional to
    report.
    """
    said = getattr(settings, "UNSUBSCRIBE_TRANSACTIONAL", None) or ()
    if isinstance(said, str):
        return tuple(name for one in said.split(",") if (name := one.strip()))
    return tuple(str(one).strip() for one in (said if isinstance(said, Iterable) else [said]))


def has_pages() -> bool:
    """Whether the pages behind preferences links are served. Without them no email of the outbox links there."""
    return bool(getattr(settings, "UNSUBSCRIBE_HAS_PAGES", True))


def confirmation_delay() -> int:
    """Seconds a confirmation waits for further changes of the same contact."""
    return int(getattr(settings, "UNSUBSCRIBE_CONFIRMATION_DELAY", 60))


def confirmations_per_day() -> int:
    """The most confirmations one address gets in 24 hours (RFC 3834, section 2)."""
    return int(getattr(settings, "UNSUBSCRIBE_CONFIRMATIONS_PER_DAY", 10))


def outbox_lease() -> int:
    """Seconds after which a message whose worker died is sent by another. Longer than any SMTP time-out."""
    return int(getattr(settings, "UNSUBSCRIBE_OUTBOX_LEASE", 300))


def preferences_link_days() -> int:
    """Days for which a link that shows preferences is valid; an unsubscribe link never expires (law 6)."""
    return int(getattr(settings, "UNSUBSCRIBE_PREFERENCES_LINK_DAYS", 60))


def opt_in_link_days() -> int:
    """Days in which a question whether to opt in can be answered."""
    return int(getattr(settings, "UNSUBSCRIBE_OPT_IN_LINK_DAYS", 7))


def erase_link_days() -> int:
    """Days in which a question whether to erase everything can be answered."""
    return int(getattr(settings, "UNSUBSCRIBE_ERASE_LINK_DAYS", 2))


def sender_name() -> str:
    """Who sends, in emails and on pages; the host of the base URL if it is not set. Raises InsecureBaseUrl then."""
    return str(getattr(settings, "UNSUBSCRIBE_SENDER_NAME", "")) or urlsplit(base_url()).hostname or ""


def sender_postal_address() -> str:
    """The sender's postal address, in emails and on pages (requirement B2); "" if it is not set."""
    return str(getattr(settings, "UNSUBSCRIBE_SENDER_POSTAL_ADDRESS", ""))
