"""What the other settings need: the environment, the site's URL, its data folder, and its secrets.

Raises ImproperlyConfigured without secrets, except under DEBUG.
"""

import os
from pathlib import Path
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

from .files import umask

BASE_DIR = Path(__file__).resolve().parent.parent.parent
env = environ.Env()
if (BASE_DIR / ".env").is_file():
    env.read_env(BASE_DIR / ".env")

#: DEBUG in the environment: http, made-up secrets, and static files that need not be collected.
IS_LOCAL = env.bool("DEBUG", default=False)
#: Run by `manage.py demo`.
DEMO = IS_LOCAL and env.bool("PREFCENTER_DEMO", default=False)
#: Django's own pages for errors and unknown URLs; the demo shows the site's.
DEBUG = IS_LOCAL and not DEMO
#: The umask of this process and those it starts: which permissions the site's files do not give to other accounts.
DATA_UMASK = umask(env.str("DATA_UMASK", default="077"))
os.umask(DATA_UMASK)
DATA_DIR = Path(env.str("DATA_DIR", default=str(BASE_DIR / "var"))).resolve()
DATA_DIR.mkdir(parents=True, exist_ok=True)

_missing: list[str] = []


def _secret(name: str) -> str:
    value = env.str(name, default="")
    if not value and not IS_LOCAL:
        _missing.append(name)
    return value or f"development-only-{name.lower()}-which-protects-nothing"


def bare(some: list[str]) -> list[str]:
    """The entries of a list from the environment, without spaces around them and without empty ones."""
    return [one.strip() for one in some if one.strip()]


SECRET_KEY = _secret("SECRET_KEY")
SECRET_KEY_FALLBACKS = bare(env.list("SECRET_KEY_FALLBACKS", default=[]))
UNSUBSCRIBE_ADDRESS_KEY = _secret("UNSUBSCRIBE_ADDRESS_KEY")

if _missing:
    raise ImproperlyConfigured(
        f"Set {' and '.join(_missing)} in the environment or in .env: without DEBUG, the site doesn’t start with "
        "generated secrets. To try it out, run 'manage.py demo'; for development, set DEBUG=true."
    )

SITE_URL = env.str("SITE_URL", default="http://localhost:8000").rstrip("/")
ALLOWED_HOSTS = [urlsplit(SITE_URL).hostname or "localhost", *bare(env.list("ALLOWED_HOSTS", default=[]))]
if IS_LOCAL:
    ALLOWED_HOSTS = [*ALLOWED_HOSTS, "localhost", "127.0.0.1", "[::1]"]
CSRF_TRUSTED_ORIGINS = [SITE_URL]
TRUST_PROXY_HEADERS = env.bool("TRUST_PROXY_HEADERS", default=False)
if TRUST_PROXY_HEADERS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
