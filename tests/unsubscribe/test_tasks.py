"""A broker that is away, or that nobody could speak to, costs an opt-out nothing but a moment (law 4)."""

import socket
import threading
from collections.abc import Iterator
from datetime import datetime

import pytest
from celery import Celery, Task, current_app

from unsubscribe import actions, tasks
from unsubscribe.actions import Origin
from unsubscribe.choices import Source
from unsubscribe.links import Target
from unsubscribe.models import Address, Category, OutboxMessage, Preference

pytestmark = pytest.mark.sqlite_only


class HangsUp:
    """A port on which every caller is hung up on; `calls` counts them."""

    def __init__(self) -> None:
        self.calls = 0
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            self.calls += 1
            connection.close()

    def stop(self) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._thread.join()


@pytest.fixture
def broker() -> Iterator[HangsUp]:
    broker = HangsUp()
    yield broker
    broker.stop()


@pytest.fixture
def task(broker: HangsUp, monkeypatch: pytest.MonkeyPatch) -> Task:
    monkeypatch.setenv("CELERY_BROKER_URL", f"redis://127.0.0.1:{broker.port}/0")  # Celery asks it first
    app = Celery("away", set_as_current=False)
    app.conf.broker_transport_options = {"max_retries": 0}

    @app.task
    def hello() -> None:
        """Never runs: its broker takes nothing."""

    return hello


def test_a_broker_that_is_away_is_asked_once_and_then_left_in_peace_for_half_a_minute(
    broker: HangsUp, task: Task, caplog: pytest.LogCaptureFixture
) -> None:
    tasks.publish(task)
    calls = broker.calls
    assert calls >= 1
    for _ in range(3):
        tasks.publish(task)
    assert broker.calls == calls
    assert [record.levelname for record in caplog.records if record.name == "unsubscribe.tasks"] == ["WARNING"]

    tasks._broker.away_until -= tasks.AWAY_SECONDS  # as if they had passed
    tasks.publish(task)
    assert broker.calls > calls


def test_whoever_sees_to_what_is_owed_themselves_asks_no_worker(broker: HangsUp, task: Task) -> None:
    with tasks.without_nudges():
        tasks.publish(task)
    assert broker.calls == 0
    tasks.publish(task)
    assert broker.calls >= 1


@pytest.mark.django_db(transaction=True)
def test_an_error_in_the_nudge_after_the_commit_does_not_reach_who_opts_out(
    ada: Address, news: Category, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = current_app._get_current_object()
    monkeypatch.setattr(app.amqp, "_producer_pool", None)
    monkeypatch.setenv("CELERY_BROKER_URL", "no-such-transport://")
    with pytest.raises(KeyError, match="No such transport"):
        tasks.nudge([1], delay=0)
    events = actions.opt_out([Target(ada.pk, news.pk)], Origin(Source.ONE_CLICK, now))
    assert len(events) == 1
    assert Preference.objects.get(contact=ada.contact).state == "unsubscribed"
    assert OutboxMessage.objects.count() == 1
