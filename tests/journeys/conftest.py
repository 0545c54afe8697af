"""What every journey starts with: a mail server that listens."""

import sys
from collections.abc import Iterator

import pytest

from tests.journeys.mailserver import PostOffice


@pytest.fixture(scope="session", autouse=True)
def _only_where_proc_is() -> None:
    if not sys.platform.startswith("linux"):
        pytest.skip("A journey looks for its processes in /proc.")


@pytest.fixture(scope="module")
def post_office() -> Iterator[PostOffice]:
    office = PostOffice()
    office.start()
    yield office
    office.stop()
