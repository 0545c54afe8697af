"""The folder as a broker: what is half there kills no worker and is lost to nobody but the sweep."""

import json
import os
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kombu import Connection, Exchange, Queue

from prefcenter.broker.folder import Transport

pytestmark = pytest.mark.sqlite_only

ROOT = Path(__file__).resolve().parents[3]
QUEUE = Queue("celery", Exchange("celery"), routing_key="celery")


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    options = {"data_folder_in": str(tmp_path), "data_folder_out": str(tmp_path)}
    with Connection("filesystem://", transport_options=options) as connection:
        assert isinstance(connection.transport, Transport)
        yield connection


def put(connection: Connection, said: str) -> None:
    connection.Producer().publish(said, exchange=QUEUE.exchange, routing_key="celery", declare=[QUEUE])


def read(connection: Connection) -> list[Any]:
    """What a worker gets, the oldest first."""
    got, queue = [], QUEUE(connection.default_channel)
    queue.declare()
    while message := queue.get():
        got.append(message.payload)
        message.ack()
    return got


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"{",
        b'{"body": "W10',
        b"null",
        b"5",
        b"[]",
        b"{}",
        b'{"body": "x", "properties": {}}',
        b"\xff\xfe\x00",
        b"[" * 9,
    ],
)
def test_a_broken_message_is_set_aside_and_the_others_are_read(
    broken: bytes, connection: Connection, tmp_path: Path
) -> None:
    put(connection, "one")
    (tmp_path / "0_x.celery.msg").write_bytes(broken)
    put(connection, "two")
    assert read(connection) == ["one", "two"]
    assert [one.read_bytes() for one in (tmp_path / "broken").iterdir()] == [broken]
    assert not list((tmp_path / "taken").iterdir())
    assert read(connection) == []


def test_a_message_is_there_whole_or_not_at_all(
    connection: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(connection, "one")

    def full(path: Path, text: str, **kwargs: Any) -> int:
        path.write_bytes(text[:10].encode())
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_text", full)
        with pytest.raises(connection.channel_errors):
            put(connection, "two")
    assert len([one for one in tmp_path.iterdir() if one.is_file()]) == 1
    assert read(connection) == ["one"]


def test_who_sends_and_who_reads_share_nothing_but_the_messages(connection: Connection, tmp_path: Path) -> None:
    put(connection, "one")
    assert [one.name.partition(".")[2] for one in tmp_path.iterdir()] == ["celery.msg"]
    assert read(connection) == ["one"]


def test_what_is_larger_than_any_message_is_set_aside_unread(connection: Connection, tmp_path: Path) -> None:
    put(connection, "one")
    with (tmp_path / "0_x.celery.msg").open("wb") as file:
        file.truncate(2**40)  # a terabyte that takes no room
    assert read(connection) == ["one"]
    [aside] = (tmp_path / "broken").iterdir()
    assert aside.stat().st_size == 2**40


def message(**said: Any) -> dict[str, Any]:
    """One as Celery writes it, but for what is said of its headers, its properties and itself."""
    headers = {"task": "unsubscribe.tasks.deliver", "id": "1", "lang": "py", "timelimit": [None, None], "retries": 0}
    properties = {"delivery_tag": "1", "delivery_info": {"exchange": "", "routing_key": "celery"}}
    properties |= {"body_encoding": "base64", "correlation_id": "1"}
    whole = {
        "body": b64encode(b"[[[]], {}, {}]").decode(),
        "content-type": "application/json",
        "content-encoding": "utf-8",
        "headers": headers,
        "properties": properties,
    }
    for name, value in said.items():
        place = next((one for one in (headers, properties) if name in one), whole)
        place[name.replace("_", "-") if place is whole else name] = value
    return whole


EMPTY: dict[str, Any] = {}
UNREADABLE: list[dict[str, Any]] = [
    *({"body": body} for body in (None, 7, "!!!", [1], b64encode(b"nonsense").decode(), b64encode(b"[]").decode())),
    {"body": b64encode(b"[" * 100_000).decode()},
    *({"content_type": kind} for kind in (None, 7, "application/x-python-serialize")),
    *({"content_encoding": encoding} for encoding in ("nonsense", 7)),
    *({"headers": headers} for headers in (None, [1], "x", EMPTY)),
    *({"task": task} for task in ("no.such.task", None, 7, [1], EMPTY)),
    *({"id": id_} for id_ in (None, 7, EMPTY)),
    *({"timelimit": limit} for limit in ("x", 7)),
    *({"delivery_tag": tag} for tag in (None, EMPTY, [1])),
    *({"delivery_info": info} for info in (None, "x")),
    *({"body_encoding": encoding} for encoding in ("rot13", 7)),
    {"properties": []},
    {"retries": "x"},
]


def test_no_worker_dies_of_a_message_that_it_cannot_read(tmp_path: Path) -> None:
    """A real one, and a message of each kind: had it died of one, it would have given that back, and the next worker
    would die of it too."""
    queue = tmp_path / "queue"
    queue.mkdir()
    unreadable = [json.dumps(message(**said)) for said in UNREADABLE] + ["[" * 100_000, '{"a":' * 100_000]
    for number, text in enumerate([*unreadable, json.dumps(message())]):
        (queue / f"{number:04}.celery.msg").write_text(text)
    environment = os.environ | {"DATA_DIR": str(tmp_path), "CELERY_BROKER_URL": "filesystem://localhost"}
    command = [sys.executable, "-m", "celery", "--app", "prefcenter", "--quiet", "worker", "--pool", "solo"]
    with (tmp_path / "said").open("w+") as said:
        worker = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=said, stderr=said)
        try:
            while worker.poll() is None and list(queue.glob("*.msg")):
                time.sleep(0.1)
        finally:
            worker.terminate()
            worker.wait()
        said.seek(0)
        text = said.read()
    assert not list(queue.glob("*.msg")), text
    assert "Unrecoverable" not in text
