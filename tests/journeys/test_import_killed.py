"""Forty thousand opt-outs are imported, and the worker is killed among them (law 4)."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.site import LONG_AGO, Running, Site, new_site
from tests.services import is_running, wait_until
from tests.settings import ON_POSTGRESQL

pytestmark = pytest.mark.starts_first

MANY = 40_000
#: So many rows are imported when the worker is killed: two batches, and the third is under way.
DONE = 20_000
HAND_IN = """
from django.utils import timezone
from prefcenter.lists import imports
from prefcenter.models import ImportKind
options = imports.ImportOptions(ImportKind.OPT_OUTS)
people = (b"person%d@killed.example\\n" % number for number in range({many}))
imports.hand_in(people, options, file_name="people.txt", user_id=None, now=timezone.now())
"""
CONFIRM = """
from django.utils import timezone
from prefcenter.lists import imports
from prefcenter.models import ImportRun, User
boss = User.objects.create_user("boss@example.org")
imports.confirm(ImportRun.objects.get(), user_id=boss.pk, now=timezone.now())
"""
# Whatever the machine's speed: the database holds the worker in the middle of its third batch until it is killed. In
# PostgreSQL when all of the batch is written. In SQLite at its first write, because later ones may lock readers out.
HOLD = (
    [
        """CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS
        $$BEGIN PERFORM pg_sleep(3600); RETURN NEW; END$$""",
        f"""CREATE TRIGGER hold BEFORE UPDATE OF position ON prefcenter_importrun FOR EACH ROW
        WHEN (OLD.position = {DONE} AND NEW.state = 'running') EXECUTE FUNCTION hold()""",
    ]
    if ON_POSTGRESQL
    else [
        f"""CREATE TRIGGER hold BEFORE UPDATE OF claimed_at ON prefcenter_importrun
        WHEN OLD.position = {DONE} AND NEW.state = 'running'
        BEGIN SELECT count(*) FROM unsubscribe_address AS a, unsubscribe_address AS b, unsubscribe_address AS c; END"""  # noqa: S608 - a number of our own
    ]
)
# Nor does its successor take the import up, however long the test takes for what it looks at before.
NOT_AGAIN = (
    [
        """CREATE FUNCTION ignore() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NULL; END$$""",
        f"""CREATE TRIGGER not_again BEFORE UPDATE OF claimed_by ON prefcenter_importrun FOR EACH ROW
        WHEN (OLD.position = {DONE}) EXECUTE FUNCTION ignore()""",
    ]
    if ON_POSTGRESQL
    else [
        f"""CREATE TRIGGER not_again BEFORE UPDATE OF claimed_by ON prefcenter_importrun
        WHEN OLD.position = {DONE} BEGIN SELECT RAISE(IGNORE); END"""
    ]
)
AGAIN = f"DROP TRIGGER not_again{' ON prefcenter_importrun' if ON_POSTGRESQL else ''}"
# A killed client's session sleeps on, and keeps its locks.
LET_GO = (
    [
        """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE wait_event = 'PgSleep' AND datname = current_database()"""
    ]
    if ON_POSTGRESQL
    else []
) + [f"DROP TRIGGER hold{' ON prefcenter_importrun' if ON_POSTGRESQL else ''}"]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with new_site(tmp_path) as site:
        yield site


@pytest.fixture
def running(site: Site) -> Iterator[Running]:
    running = site.start()
    yield running
    running.stop()


def run(site: Site) -> tuple[str, int]:
    """State and position."""
    [(state, position)] = site.database.query("SELECT state, position FROM prefcenter_importrun")
    return state, position


def another(running: Running, old: int) -> bool:
    try:
        return running.worker_pid() != old
    except StopIteration:
        return False


def test_what_a_killed_worker_left_is_imported_by_the_next_and_nothing_twice(site: Site, running: Running) -> None:
    site.shell(HAND_IN.format(many=MANY))
    wait_until(lambda: run(site)[0] == "ready", what="the check")
    for sql in HOLD + NOT_AGAIN:
        site.database.query(sql)
    site.shell(CONFIRM)
    wait_until(lambda: run(site)[1] == DONE, what="two batches")
    worker = running.worker_pid()
    os.kill(worker, signal.SIGKILL)
    wait_until(lambda: not is_running(worker) and another(running, worker), what="a new worker")
    for sql in LET_GO:
        site.database.query(sql)
    assert run(site) == ("running", DONE)
    assert site.count("suppression") == DONE, "what is written and how far it got are one transaction"

    site.database.query(AGAIN)
    # As if the minute had passed after which a worker counts as dead.
    site.database.query("UPDATE prefcenter_importrun SET claimed_at = %s", LONG_AGO)
    wait_until(lambda: run(site) == ("done", MANY), what="the end of the import")
    assert site.count("suppression") == site.count("consentevent") == site.count("address") == MANY
    figures = site.shell(
        "from prefcenter.models import ImportRun; one = ImportRun.objects.get();"
        "print(one.counts['new'], one.counts == one.foreseen, one.stored_as or 'deleted')"
    )
    assert figures.split() == [str(MANY), "True", "deleted"]
    assert list((site.folder / "imports").iterdir()) == []
