"""HTTP as mail programs speak it: no cookies, no proxies, no redirects followed, one connection for each request."""

import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import requests

from tests.services import PATIENCE


class Answer(NamedTuple):
    status: int
    seconds: float
    headers: "requests.structures.CaseInsensitiveDict[str]"
    text: str


def request(method: str, url: str, **options: Any) -> Answer:
    """As a mail program does it: a connection of its own, no cookies, no proxies, no redirects followed."""
    with requests.Session() as session:
        session.trust_env = False
        started = time.monotonic()
        response = session.request(method, url, allow_redirects=False, timeout=PATIENCE, **options)
        return Answer(response.status_code, time.monotonic() - started, response.headers, response.text)


def one_click(url: str) -> Answer:
    return request("POST", url, data={"List-Unsubscribe": "One-Click"})


def burst(
    urls: Iterable[str], answers: list[Answer], *, threads: int = 4, seconds: float = 2 * PATIENCE
) -> list[Answer]:
    """One-clicks as a provider sends them, several at a time; what is not sent by then is not sent at all."""
    stop_at = time.monotonic() + seconds

    def post(url: str) -> None:
        if time.monotonic() < stop_at:
            answers.append(one_click(url))

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(post, urls))
    return answers
