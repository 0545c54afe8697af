"""The folder as a broker: what is half there kills no worker and is lost to nobody but the sweep."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kombu import Connection, Exchange, Queue

from prefcenter.folder_broker import Transport

QUEUE = Queue("celery", Exchange("celery"), routing_key="celery")


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    options = {"data_folder_in": str(tmp_path), "data_folder_out": str(tmp_path)}
    options["control_folder"] = str(tmp_path / "control")
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


@pytest.mark.parametrize("broken", [b"", b"[[", b"5", b'[["celery"]]'])
def test_a_broken_list_of_queues_is_made_anew(broken: bytes, connection: Connection, tmp_path: Path) -> None:
    put(connection, "one")
    [table] = (tmp_path / "control").glob("*.exchange")
    table.write_bytes(broken)
    put(connection, "two")
    assert read(connection) == ["one", "two"]
    assert json.loads(table.read_text()) == [["celery", "", "celery"]]
