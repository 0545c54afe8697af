"""What every test can ask for. The guarded backend stays in place: Django's test runner would take it away."""

import os
from datetime import UTC, datetime
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.cache import cache
from django.test import Client

from tests.factories import ADA, AddressFactory, CategoryFactory
from tests.settings import ON_POSTGRESQL
from unsubscribe import tasks
from unsubscribe.models import Address, Category

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

# What knows no database is not run again on another one.
collect_ignore_glob = (
    [
        "prefcenter/demo/*",
        "prefcenter/message_check/*",
        "prefcenter/pages/test_in_browser.py",
        "prefcenter/test_serve.py",
        "prefcenter/test_tables*",
        "prefcenter/test_supervisor.py",
        "prefcenter/test_settings.py",
        "prefcenter/test_logs.py",
        "test_services.py",
        "test_floors.py",
    ]
    if ON_POSTGRESQL
    else []
)

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _guarded_mail(settings: Any) -> None:
    settings.EMAIL_BACKEND = "unsubscribe.backends.GuardedEmailBackend"
    settings.UNSUBSCRIBE_EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    cache.clear()
    tasks._broker.away_until = 0
    tasks._broker.away_until = 0


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def news(db: None) -> Category:
    return CategoryFactory()


@pytest.fixture
def ada(db: None) -> Address:
    return AddressFactory(text=ADA)


@pytest.fixture
def browser_client() -> Client:
    """A client as a mail program is one: https, no cookies, CSRF checked."""
    return Client(enforce_csrf_checks=True, headers={"host": django_settings.ALLOWED_HOSTS[0]})
