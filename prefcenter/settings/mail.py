"""The engine's settings, and how its emails are sent."""

from typing import Any
from urllib.parse import urlsplit

from .base import DEMO, IS_LOCAL, SITE_URL, bare, env

UNSUBSCRIBE_BASE_URL = SITE_URL
UNSUBSCRIBE_HTTP_ON_LOCALHOST = env.bool("UNSUBSCRIBE_HTTP_ON_LOCALHOST", default=False)
UNSUBSCRIBE_MAILTO = env.str("UNSUBSCRIBE_MAILTO", default="")
UNSUBSCRIBE_LIST_DOMAIN = env.str("UNSUBSCRIBE_LIST_DOMAIN", default="")
UNSUBSCRIBE_ONE_CLICK_SCOPE = env.str("UNSUBSCRIBE_ONE_CLICK_SCOPE", default="category")
UNSUBSCRIBE_GMAIL_SPELLINGS = env.bool("UNSUBSCRIBE_GMAIL_SPELLINGS", default=False)
UNSUBSCRIBE_CONFIRMATION_DELAY = env.int("UNSUBSCRIBE_CONFIRMATION_DELAY", default=60)
UNSUBSCRIBE_CONFIRMATIONS_PER_DAY = env.int("UNSUBSCRIBE_CONFIRMATIONS_PER_DAY", default=10)
UNSUBSCRIBE_PREFERENCES_LINK_DAYS = env.int("UNSUBSCRIBE_PREFERENCES_LINK_DAYS", default=60)
UNSUBSCRIBE_OPT_IN_LINK_DAYS = env.int("UNSUBSCRIBE_OPT_IN_LINK_DAYS", default=7)
UNSUBSCRIBE_ERASE_LINK_DAYS = env.int("UNSUBSCRIBE_ERASE_LINK_DAYS", default=2)
UNSUBSCRIBE_OUTBOX_LEASE = env.int("UNSUBSCRIBE_OUTBOX_LEASE", default=300)
UNSUBSCRIBE_SENDER_NAME = env.str("SENDER_NAME", default="")
UNSUBSCRIBE_SENDER_POSTAL_ADDRESS = env.str("SENDER_POSTAL_ADDRESS", default="")
UNSUBSCRIBE_TRANSACTIONAL = bare(env.list("UNSUBSCRIBE_TRANSACTIONAL", default=[]))

_email: dict[str, Any] = env.email_url("EMAIL_URL", default="consolemail://" if IS_LOCAL else "smtp://localhost:25")
EMAIL_BACKEND = "unsubscribe.backends.GuardedEmailBackend"
UNSUBSCRIBE_EMAIL_BACKEND = "prefcenter.demo.backends.EmlBackend" if DEMO else _email["EMAIL_BACKEND"]
EMAIL_HOST = _email.get("EMAIL_HOST") or "localhost"
EMAIL_PORT = _email.get("EMAIL_PORT") or 25
EMAIL_HOST_USER = _email.get("EMAIL_HOST_USER") or ""
EMAIL_HOST_PASSWORD = _email.get("EMAIL_HOST_PASSWORD") or ""
EMAIL_FILE_PATH = _email.get("EMAIL_FILE_PATH") or None
EMAIL_USE_TLS = bool(_email.get("EMAIL_USE_TLS"))
EMAIL_USE_SSL = bool(_email.get("EMAIL_USE_SSL"))
EMAIL_TIMEOUT = env.int("EMAIL_TIMEOUT", default=20)
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default=f"no-reply@{urlsplit(SITE_URL).hostname}")
#: To which the hash of every new seal is emailed, to be kept outside the site; none if empty.
SEALS_TO = bare(env.list("SEALS_TO", default=[]))
