"""The site's settings under test: on SQLite, or with TEST_ON=postgresql on a private PostgreSQL and Redis."""

import os
import sys
import tempfile

if "TEST_FOLDER" not in os.environ:
    # pytest's further processes find it here.
    os.environ["TEST_FOLDER"] = tempfile.mkdtemp(prefix="prefcenter-tests-")
os.environ.setdefault("DATA_DIR", os.environ["TEST_FOLDER"])
# What one of the many processes has compiled, the next need not compile again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
os.environ |= {
    "DEBUG": "false",
    "SECRET_KEY": "a-key-for-tests-of-more-than-fifty-characters-0123456789",
    "UNSUBSCRIBE_ADDRESS_KEY": "an-address-key-for-tests-0123456789abcdef",
    "SITE_URL": "https://mail.example.com",
    "CACHE_URL": "locmemcache://",
    "SENDER_NAME": "Example Post",
    "SENDER_POSTAL_ADDRESS": "1 Main Street, Springfield",
    "DEFAULT_FROM_EMAIL": "Example Post <hello@example.com>",
}

ON_POSTGRESQL = os.environ.get("TEST_ON", "sqlite") == "postgresql"

if ON_POSTGRESQL and "TEST_DATABASE_URL" not in os.environ:
    from tests.services import ServiceMissing, start_postgresql, start_redis

    try:
        os.environ |= {"TEST_DATABASE_URL": start_postgresql(), "TEST_BROKER_URL": start_redis().url}
    except ServiceMissing as reason:
        # Before any test is collected there is nothing to skip but the whole run.
        print(f"Skipped on PostgreSQL: {reason}")  # noqa: T201
        raise SystemExit(1 if os.environ.get("TEST_REQUIRE_SERVICES") else 0) from reason

if ON_POSTGRESQL:
    os.environ |= {
        "DATABASE_URL": os.environ["TEST_DATABASE_URL"],
        "CELERY_BROKER_URL": os.environ["TEST_BROKER_URL"],
    }
else:
    os.environ |= {
        "DATABASE_URL": f"sqlite:///{os.environ['DATA_DIR']}/db.sqlite3",
        "CELERY_BROKER_URL": "filesystem://localhost",
    }

from prefcenter.settings import *  # noqa: E402, F403

STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"  # noqa: F405
# Django's own way of hashing passwords takes a third of a second for each.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
