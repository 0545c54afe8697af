"""How fast the command `audience` answers a file, with and without links. The floor reads the file and digests it."""

import csv
import hmac
from datetime import datetime
from functools import partial
from hashlib import sha256
from pathlib import Path

from django.db import connection

from prefcenter.lists import audience
from prefcenter.lists.reader import open_table
from unsubscribe import conf
from unsubscribe.choices import Channel

from .filling import Filled
from .measuring import Figure, by_turns
from .minting import bare_hmacs

AT_MOST = {"postgresql": 3.0, "sqlite": 4.0}
AT_MOST_WITH_LINKS = 3.0
MEGABYTES = 100


def without_links(filled: Filled, *, now: datetime, rounds: int) -> Figure:
    done = by_turns(partial(_answer, filled, now, with_links=False), partial(_read, filled.file), rounds=rounds)
    return Figure(
        "audience, without links",
        "reading the file and digesting each address",
        filled.contacts,
        done.seconds,
        done.floor_seconds,
        most=AT_MOST[connection.vendor],
        megabytes=done.megabytes,
        most_megabytes=MEGABYTES,
    )


def with_links(filled: Filled, *, now: datetime, rounds: int) -> Figure:
    def floor() -> None:
        _read(filled.file)
        bare_hmacs(filled.contacts)

    done = by_turns(partial(_answer, filled, now, with_links=True), floor, rounds=rounds)
    return Figure(
        "audience, with links and headers",
        "the same and the bare HMACs",
        filled.contacts,
        done.seconds,
        done.floor_seconds,
        most=AT_MOST_WITH_LINKS,
        megabytes=done.megabytes,
        most_megabytes=MEGABYTES,
    )


def _read(path: Path) -> None:
    key = conf.address_key().encode()
    with path.open(newline="") as file:
        rows = csv.reader(file)
        next(rows)
        for row in rows:
            hmac.digest(key, sha256(row[0].strip().lower().encode()).digest(), "sha256")


def _answer(filled: Filled, now: datetime, *, with_links: bool) -> None:
    request = audience.request(
        filled.category, channel=Channel.EMAIL, campaign="", now=now, is_recorded=False, with_links=with_links
    )
    answered = filled.file.with_suffix(".answered")
    with filled.file.open("rb") as source, answered.open("w", newline="") as out:
        counts = audience.write_answers(open_table(source), request, out, on_problem=lambda line, problem: None)
    if sum(counts.values()) != filled.contacts or not 0 < counts["send"] < filled.contacts:
        raise AssertionError("The file was not answered as it should be.")
