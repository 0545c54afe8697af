"""What every test can ask for. The guarded backend stays in place: Django's test runner would take it away."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.conf import settings as django_settings
from django.core.cache import cache
from django.test import Client

from prefcenter.models import FeedbackReason
from tests.emptying import keep_what_migrations_made
from tests.factories import ADA, AddressFactory, CategoryFactory
from tests.settings import ON_POSTGRESQL
from tests.shared_rows import GUARDED_MAIL
from unsubscribe import tasks
from unsubscribe.models import Address, Category

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
# The same examples in every run, and however long each takes; `--hypothesis-profile=default` looks for others.
hypothesis.settings.load_profile("ci")

#: pyproject.toml says what these markers mean.
ONE_DATABASE = ("postgresql_only", "sqlite_only")
ELSEWHERE = ONE_DATABASE[ON_POSTGRESQL]


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """With `-m postgresql_only` a file that does not speak of it is not even imported."""
    if config.getoption("markexpr") != "postgresql_only" or collection_path.suffix != ".py":
        return None
    return "postgresql" not in collection_path.read_text() or None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if nowhere := [item.nodeid for item in items if all(map(item.get_closest_marker, ONE_DATABASE))]:
        raise pytest.UsageError(f"No database would run {', '.join(nowhere)}: each is for one, and for the other.")
    here = [item for item in items if not item.get_closest_marker(ELSEWHERE)]
    config.hook.pytest_deselected(items=[item for item in items if item.get_closest_marker(ELSEWHERE)])
    items[:] = sorted(here, key=lambda item: not item.get_closest_marker("starts_first"))


def pytest_make_parametrize_id(val: object) -> str | None:
    """The same name in every process, where Python's own would differ: of a function, and of a set."""
    if isinstance(val, set | frozenset):
        return ",".join(sorted(map(str, val))) or "none"
    return getattr(val, "__name__", None) if callable(val) else None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Adds how many passed, failed and were skipped to the file TEST_TALLY, from which .ci/run makes its last line."""
    path = os.environ.get("TEST_TALLY")
    if path and "PYTEST_XDIST_WORKER" not in os.environ:
        passed, failed, error, skipped = (
            len(terminalreporter.stats.get(name, [])) for name in ("passed", "failed", "error", "skipped")
        )
        with Path(path).open("a") as file:
            file.write(f"{passed} {failed + error} {skipped}\n")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--screenshots", metavar="FOLDER", help="put a picture of every page into this folder")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """Tests name the reasons that they offer; those of a fresh install have a test of their own."""
    with django_db_blocker.unblock():
        FeedbackReason.objects.all().delete()
        keep_what_migrations_made()


NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _guarded_mail(settings: Any) -> None:
    for name, value in GUARDED_MAIL.items():
        setattr(settings, name, value)
    cache.clear()
    tasks._broker.away_until = 0


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def news(db: None) -> Category:
    return CategoryFactory.create()


@pytest.fixture
def ada(db: None) -> Address:
    return AddressFactory.create(text=ADA)


@pytest.fixture
def browser_client() -> Client:
    """A client as a mail program is one: https, no cookies, CSRF checked."""
    return Client(enforce_csrf_checks=True, headers={"host": django_settings.ALLOWED_HOSTS[0]})
