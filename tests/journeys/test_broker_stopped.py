"""Opting out while the broker is away, or hangs: always 200, always stored, confirmed in the end (requirement E10)."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.journeys.clicks import Answer, burst
from tests.journeys.mailserver import PostOffice, silence
from tests.journeys.site import FIGURES, Running, Site, new_site
from tests.services import RedisService, ServiceMissing, free_port, missing, start_redis, wait_until

pytestmark = [pytest.mark.postgresql_only, pytest.mark.starts_first]

MANY = 500
LATE = 20
READERS = [f"reader{number}@broker.example" for number in range(MANY)]
TOO_LONG = 10.0


@pytest.fixture
def broker() -> Iterator[RedisService]:
    try:
        service = start_redis()
    except ServiceMissing as reason:
        missing(reason)
    yield service
    service.stop()


@pytest.fixture
def site(tmp_path: Path, post_office: PostOffice, broker_url: str) -> Iterator[Site]:
    with new_site(tmp_path, EMAIL_URL=post_office.url, CELERY_BROKER_URL=broker_url) as site:
        yield site


@pytest.fixture
def running(site: Site) -> Iterator[Running]:
    running = site.start()
    yield running
    running.stop()


class TestABrokerThatStops:
    @pytest.fixture
    def broker_url(self, broker: RedisService) -> str:
        return broker.url

    def test_it_costs_nobody_their_opt_out_or_their_confirmation(
        self, site: Site, running: Running, post_office: PostOffice, broker: RedisService
    ) -> None:
        links = [row["unsubscribe_url"] for row in site.audience(READERS).values()]
        answers: list[Answer] = []
        with ThreadPoolExecutor(1) as pool:
            posting = pool.submit(burst, links[:-LATE], answers)
            wait_until(lambda: len(answers) >= MANY // 2, what="half of the POSTs")
            broker.stop()
            posting.result()
        # What the worker holds it can still send, but not acknowledge. Of the last ones nobody tells it.
        wait_until(lambda: "consumer: Cannot connect" in running.said, what="that the worker looks for the broker")
        burst(links[-LATE:], answers)
        slowest = max(answer.seconds for answer in answers)
        FIGURES.info("%d POSTs answered in time, the slowest in %.2f s.", len(answers), slowest)
        assert {answer.status for answer in answers} == {200}
        assert slowest < TOO_LONG
        assert site.count("preference", state="unsubscribed") == site.count("outboxmessage") == len(answers)
        assert len(answers) == MANY

        broker.start()
        wait_until(lambda: site.count("outboxmessage", status="sent") == MANY, what="all rows are sent")
        assert Counter(letter.to for letter in post_office.letters) == dict.fromkeys(READERS, 1)


class TestABrokerThatHangs:
    @pytest.fixture
    def broker_url(self) -> Iterator[str]:
        port = free_port()
        with silence(port):
            yield f"redis://127.0.0.1:{port}/0"

    def test_it_costs_nobody_their_opt_out_and_only_the_first_their_time(self, site: Site, running: Running) -> None:
        readers = READERS[:6]
        answers = burst([row["unsubscribe_url"] for row in site.audience(readers).values()], [], threads=1)
        FIGURES.info("POSTs took %s s.", ", ".join(f"{answer.seconds:.2f}" for answer in answers))
        assert [answer.status for answer in answers] == [200] * len(readers)
        assert {row["verdict"] for row in site.audience(readers).values()} == {"unsubscribed"}
        assert max(answer.seconds for answer in answers) < TOO_LONG
        # Each of the two web server processes finds it out once.
        assert 1 <= running.said.count("No broker (") <= 2
