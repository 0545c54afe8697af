"""Opting out while the broker is away, or hangs: always 200, always stored, confirmed in the end (requirement E10)."""

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

import pytest

from tests.journeys.clicks import Answer, burst
from tests.journeys.mailserver import PostOffice, silence
from tests.journeys.site import FIGURES, Running, Site, new_site
from tests.services import RedisService, ServiceMissing, free_port, missing, start_redis, wait_until

pytestmark = [pytest.mark.postgresql_only, pytest.mark.starts_first]

MANY = 500
LATE = 20
READERS = [f"reader{number}@broker.example" for number in range(MANY)]
#: Seconds that a broker may cost an answer, beside what answers take anyway on this machine.
TOO_LONG = 6.0
#: How many times as long as most an answer may take, on a machine that others use too.
NOISE = 10


def slowest(answers: Sequence[Answer]) -> float:
    return max(answer.seconds for answer in answers)


def usual(answers: Sequence[Answer]) -> float:
    return median(answer.seconds for answer in answers)


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
            before = list(answers)
            broker.stop()
            posting.result()
        # What the worker holds it can still send, but not acknowledge. Of the last ones nobody tells it.
        wait_until(lambda: "consumer: Cannot connect" in running.said, what="that the worker looks for the broker")
        burst(links[-LATE:], answers)
        after = answers[len(before) :]
        FIGURES.info("Before, POSTs took %.2f s, and then at most %.2f s.", usual(before), slowest(after))
        assert {answer.status for answer in answers} == {200}
        assert slowest(after) < TOO_LONG + NOISE * usual(before)
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
        readers = READERS[:12]
        answers = burst([row["unsubscribe_url"] for row in site.audience(readers).values()], [], threads=1)
        FIGURES.info("POSTs took %s s.", ", ".join(f"{answer.seconds:.2f}" for answer in answers))
        assert [answer.status for answer in answers] == [200] * len(readers)
        assert {row["verdict"] for row in site.audience(readers).values()} == {"unsubscribed"}
        assert slowest(answers) < TOO_LONG + NOISE * usual(answers)
        # Each of the two web server processes finds it out once.
        assert 1 <= running.said.count("No broker (") <= 2
