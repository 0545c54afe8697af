"""Five hundred people opt out, and the worker is killed while it confirms it to them (law 4)."""

import os
import signal
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.journeys.clicks import burst
from tests.journeys.mailserver import PostOffice
from tests.journeys.site import FIGURES, Running, Site, new_site
from tests.services import is_running, wait_until

pytestmark = [pytest.mark.postgresql_only, pytest.mark.starts_first]

MANY = 500
READERS = [f"reader{number}@killed.example" for number in range(MANY)]


@pytest.fixture
def site(tmp_path: Path, post_office: PostOffice) -> Iterator[Site]:
    with new_site(tmp_path, EMAIL_URL=post_office.url, UNSUBSCRIBE_OUTBOX_LEASE="5") as site:
        yield site


@pytest.fixture
def running(site: Site) -> Iterator[Running]:
    running = site.start()
    yield running
    running.stop()


def new_worker(running: Running, old: int) -> bool:
    try:
        return running.worker_pid() != old
    except StopIteration:
        return False


def test_every_confirmation_arrives_although_the_worker_is_killed_among_them(
    site: Site, running: Running, post_office: PostOffice
) -> None:
    links = [row["unsubscribe_url"] for row in site.audience(READERS).values()]
    post_office.seconds_per_letter = 0.1
    with ThreadPoolExecutor(1) as pool:
        posting = pool.submit(burst, links, [])
        wait_until(lambda: len(post_office.letters) >= 100, what="the first hundred confirmations")
        worker = running.worker_pid()
        os.kill(worker, signal.SIGKILL)
        arrived_before = len(post_office.letters)
        answers = posting.result()
    assert [answer.status for answer in answers] == [200] * MANY
    assert arrived_before < MANY - 100

    post_office.seconds_per_letter = 0.0
    wait_until(lambda: not is_running(worker) and new_worker(running, worker), what="a new worker")
    wait_until(lambda: site.count("outboxmessage", status="sent") == MANY, what="all outbox rows are sent")

    copies = Counter(letter.to for letter in post_office.letters)
    assert set(copies) == set(READERS)
    ids = defaultdict(set)
    for letter in post_office.letters:
        ids[letter.to].add(letter.id)
    assert {len(one) for one in ids.values()} == {1}, "a second copy must be recognisable as one"
    assert site.count("outboxmessage") == site.count("preference", state="unsubscribed") == MANY
    FIGURES.info("%d of %d confirmations came twice.", len(post_office.letters) - MANY, MANY)
