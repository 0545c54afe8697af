"""One round: what is owed goes to several endpoints at the same time, so that none waits for a slow one.

To each of them one line after the other, over one connection: `webhooks.send`.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from django.db import connection
from django.utils import timezone

from . import delivery

#: So many endpoints; each takes a connection to the database.
AT_ONCE = 8


def send(*, must_stop: Callable[[], bool]) -> None:
    """What goes wrong with one endpoint stops no other, and is raised in the end. SQLite lets one write at a time:
    there they have their turns one after the other."""

    def send_to(endpoint_id: int) -> None:
        try:
            if not must_stop():
                delivery.send(endpoint_id, now=timezone.now())
        finally:
            connection.close()

    with ThreadPoolExecutor(1 if connection.vendor == "sqlite" else AT_ONCE) as pool:
        sent = [pool.submit(send_to, endpoint_id) for endpoint_id in delivery.waiting(now=timezone.now())]
    for one in sent:
        one.result()
