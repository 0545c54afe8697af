"""What every test can ask for. The guarded backend stays in place: Django's test runner would take it away."""

import os
from collections.abc import Generator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.cache import cache
from django.test import Client
from pytest_django.plugin import blocking_manager_key

from prefcenter.models import FeedbackReason
from tests.factories import ADA, AddressFactory, CategoryFactory
from tests.settings import ON_POSTGRESQL
from tests.staff import make_groups
from unsubscribe import tasks
from unsubscribe.models import Address, Category

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

# What knows no database is not run again on another one; what needs all the services is run where they are.
collect_ignore_glob = (
    [
        "journeys/test_as_links_arrive.py",
        "journeys/test_one_click.py",
        "prefcenter/api/test_one_reading.py",
        "journeys/test_signing_in.py",
        "prefcenter/demo/*",
        "prefcenter/test_brand.py",
        "prefcenter/mail_check/*",
        "prefcenter/pages/test_in_browser.py",
        "prefcenter/pages/test_every_page.py",
        "prefcenter/pages/test_api_page.py",
        "prefcenter/pages/test_overview.py",
        "prefcenter/pages/test_previews.py",
        "prefcenter/pages/test_passkeys.py",
        "prefcenter/pages/test_desk.py",
        "prefcenter/pages/test_languages.py",
        "prefcenter/pages/test_links_as_they_arrive.py",
        "prefcenter/pages/test_forms_and_one_clicks.py",
        "prefcenter/admin/test_groups.py",
        "prefcenter/admin/test_overview.py",
        "prefcenter/admin/test_texts.py",
        "prefcenter/test_accounts.py",
        "prefcenter/test_audience_command.py",
        "prefcenter/test_blank_headings.py",
        "prefcenter/test_cache_away.py",
        "prefcenter/test_charts.py",
        "prefcenter/test_factor_changes.py",
        "prefcenter/test_folder_broker.py",
        "prefcenter/test_import_bare_noes.py",
        "prefcenter/test_import_languages.py",
        "prefcenter/test_import_names_and_columns.py",
        "prefcenter/test_import_questions.py",
        "prefcenter/test_imports_formats.py",
        "prefcenter/test_imports_moments.py",
        "prefcenter/test_imports_systems.py",
        "prefcenter/test_kept_alive.py",
        "prefcenter/test_previews.py",
        "prefcenter/test_sample_year.py",
        "prefcenter/test_second_factor.py",
        "prefcenter/test_staff.py",
        "prefcenter/test_serve.py",
        "prefcenter/test_tables*",
        "prefcenter/test_supervisor.py",
        "prefcenter/test_settings.py",
        "prefcenter/test_logs.py",
        "test_catalogs.py",
        "test_documents.py",
        "test_services.py",
        "test_floors.py",
        "unsubscribe/test_addresses.py",
        "unsubscribe/test_alone.py",
        "unsubscribe/test_backends_anymail.py",
        "unsubscribe/test_backends_recipients.py",
        "unsubscribe/test_headers.py",
        "unsubscribe/test_lenient_links.py",
        "unsubscribe/test_links.py",
        "unsubscribe/test_rules.py",
        "unsubscribe/test_tasks.py",
        "unsubscribe/test_transactional.py",
        "unsubscribe/test_views.py",
    ]
    if ON_POSTGRESQL
    else [
        "journeys/test_another_mailer.py",
        "journeys/test_broker_stopped.py",
        "journeys/test_smtp_failing.py",
        "journeys/test_worker_killed.py",
    ]
)
# What waits more than it computes begins first: the rest fills the time.
_FIRST = ("tests/journeys/", "tests/prefcenter/management/test_serve.py", "tests/prefcenter/pages/test_every_page.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.nodeid.startswith(_FIRST))


def pytest_make_parametrize_id(val: object) -> str | None:
    """The same name in every process, where Python's own would differ: of a function, and of a set."""
    if isinstance(val, set | frozenset):
        return ",".join(sorted(map(str, val))) or "none"
    return getattr(val, "__name__", None) if callable(val) else None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None]:
    """A test that empties the whole database takes along what migrations put there: the groups of the staff."""
    yield
    marker = item.get_closest_marker("django_db")
    if nextitem and marker and marker.kwargs.get("transaction"):
        with item.config.stash[blocking_manager_key].unblock():
            make_groups()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--screenshots", metavar="FOLDER", help="put a picture of every page into this folder")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """Tests name the reasons that they offer; those of a fresh install have a test of their own."""
    with django_db_blocker.unblock():
        FeedbackReason.objects.all().delete()


NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _guarded_mail(settings: Any) -> None:
    settings.EMAIL_BACKEND = "unsubscribe.backends.GuardedEmailBackend"
    settings.UNSUBSCRIBE_EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    cache.clear()
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
