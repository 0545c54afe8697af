"""All settings, read from the environment (or a .env file). Without DEBUG it refuses to start without secrets."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
if (BASE_DIR / ".env").is_file():
    env.read_env(BASE_DIR / ".env")

DEBUG = env.bool("DEBUG", default=False)
DEMO = DEBUG and env.bool("PREFCENTER_DEMO", default=False)
DATA_DIR = Path(env.str("DATA_DIR", default=str(BASE_DIR / "var"))).resolve()
DATA_DIR.mkdir(parents=True, exist_ok=True)

# --- secrets -----------------------------------------------------------------------------------------------

_missing: list[str] = []


def _secret(name: str) -> str:
    value = env.str(name, default="")
    if not value and not DEBUG:
        _missing.append(name)
    return value or f"development-only-{name.lower()}-which-protects-nothing"


SECRET_KEY = _secret("SECRET_KEY")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
UNSUBSCRIBE_ADDRESS_KEY = _secret("UNSUBSCRIBE_ADDRESS_KEY")

if _missing:
    raise ImproperlyConfigured(
        f"Please set {' and '.join(_missing)} in the environment or in .env: without DEBUG the site does not "
        "start with made-up secrets. For a first look run 'manage.py demo'; for development set DEBUG=true."
    )

# --- where it is reached -----------------------------------------------------------------------------------

SITE_URL = env.str("SITE_URL", default="http://localhost:8000").rstrip("/")
ALLOWED_HOSTS = [urlsplit(SITE_URL).hostname or "localhost", *env.list("ALLOWED_HOSTS", default=[])]
if DEBUG:
    ALLOWED_HOSTS = [*ALLOWED_HOSTS, "localhost", "127.0.0.1", "[::1]"]
CSRF_TRUSTED_ORIGINS = [SITE_URL]
if env.bool("TRUST_PROXY_HEADERS", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# --- the engine --------------------------------------------------------------------------------------------

UNSUBSCRIBE_BASE_URL = SITE_URL
UNSUBSCRIBE_MAILTO = env.str("UNSUBSCRIBE_MAILTO", default="")
UNSUBSCRIBE_LIST_DOMAIN = env.str("UNSUBSCRIBE_LIST_DOMAIN", default="")
UNSUBSCRIBE_ONE_CLICK_SCOPE = env.str("UNSUBSCRIBE_ONE_CLICK_SCOPE", default="category")
UNSUBSCRIBE_CONFIRMATION_DELAY = env.int("UNSUBSCRIBE_CONFIRMATION_DELAY", default=60)
UNSUBSCRIBE_OUTBOX_LEASE = env.int("UNSUBSCRIBE_OUTBOX_LEASE", default=300)
UNSUBSCRIBE_SENDER_NAME = env.str("SENDER_NAME", default="")
UNSUBSCRIBE_SENDER_POSTAL_ADDRESS = env.str("SENDER_POSTAL_ADDRESS", default="")

# --- mail --------------------------------------------------------------------------------------------------

_email: dict[str, Any] = env.email_url("EMAIL_URL", default="consolemail://" if DEBUG else "smtp://localhost:25")
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

# --- storage -----------------------------------------------------------------------------------------------

_database: dict[str, Any] = env.db_url("DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'db.sqlite3'}")
if _database["ENGINE"].endswith("sqlite3"):
    # DELETE and not WAL: Debian 12's SQLite 3.40.1 can corrupt a WAL file that two processes share.
    _database["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=DELETE;",
    }
else:
    _database |= {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
    _database.setdefault("OPTIONS", {}).setdefault("connect_timeout", 5)
DATABASES = {"default": _database}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {"default": env.cache_url("CACHE_URL", default="locmemcache://")}

# --- Celery ------------------------------------------------------------------------------------------------

CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", default="filesystem://localhost")
_queue = DATA_DIR / "queue"
if CELERY_BROKER_URL.startswith("filesystem:"):
    _queue.mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {
        "data_folder_in": str(_queue),
        "data_folder_out": str(_queue),
        "control_folder": str(_queue / "control"),
        "polling_interval": 0.25,
    }
elif CELERY_BROKER_URL.startswith("redis"):
    # Somebody waits for the answer to their click: a broker that hangs may cost one of them three seconds.
    CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_connect_timeout": 1, "socket_timeout": 3, "max_retries": 0}
CELERY_BROKER_CONNECTION_TIMEOUT = 1
# No limit: a worker whose acknowledgements fail while the broker restarts would count them against it for ever,
# and never read again. What it prefetches is a handful of ids.
CELERY_WORKER_PREFETCH_MULTIPLIER = 0
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
_every = env.float("UNSUBSCRIBE_SWEEP_SECONDS", default=60.0)
CELERY_BEAT_SCHEDULE = {"sweep the outbox": {"task": "unsubscribe.tasks.sweep", "schedule": _every}}

# --- Django ------------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "unsubscribe",
    "prefcenter",
    "allauth",
    "allauth.account",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "csp",
]
MIDDLEWARE = [
    "prefcenter.middleware.AnyHostForLinks",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "prefcenter.middleware.CalmErrors",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]
ROOT_URLCONF = "prefcenter.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
LANGUAGE_CODE = "en"
TIME_ZONE = env.str("TIME_ZONE", default="UTC")
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATIC_ROOT.mkdir(exist_ok=True)
STATICFILES_DIRS = [BASE_DIR / "static"]
_static_files = "whitenoise.storage.CompressedManifestStaticFilesStorage"
if DEBUG:
    _static_files = "django.contrib.staticfiles.storage.StaticFilesStorage"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": _static_files},
}

# --- accounts: staff today, subscribers' sign-in next --------------------------------------------------------

AUTH_USER_MODEL = "prefcenter.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_ADAPTER = "prefcenter.accounts.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
LOGIN_REDIRECT_URL = "/"

# --- security ------------------------------------------------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
SECURE_SSL_REDIRECT = not DEBUG
# RFC 8058, section 3.1: a link never answers with a redirect, not even from http to https.
SECURE_REDIRECT_EXEMPT = [r"^[up](/|$)"]
SECURE_HSTS_SECONDS = 0 if DEBUG else 365 * 24 * 3600
SESSION_COOKIE_SECURE = not DEBUG
CSRF_COOKIE_SECURE = not DEBUG
SILENCED_SYSTEM_CHECKS = [
    "security.W005",  # the other names below this host are not ours to promise https for
    "security.W021",  # nor to put on the browsers' preload list
]

# --- logs ----------------------------------------------------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "redacted": {
            "()": "prefcenter.logs.RedactingFormatter",
            "format": "{asctime} {levelname} {name} {message}",
            "style": "{",
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "redacted"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {
        # Every sweep would be a line.
        "celery": {"level": env.str("CELERY_LOG_LEVEL", default="WARNING")},
        "django": {"handlers": [], "propagate": True},
        "django.server": {"handlers": [], "propagate": True},
    },
}
