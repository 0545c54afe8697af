"""Benchmarks: figures beside their floors, from a database of its own that is gone afterwards."""

import json
import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from tests.benchmarks import suite
from tests.benchmarks.measuring import Figure, by_turns
from tests.settings import ON_POSTGRESQL

ROOT = Path(__file__).resolve().parent.parent
HELD = Figure("this", "that", rows=1000, seconds=0.002, floor_seconds=0.001, most=3)


def run(tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    own = {"DEBUG": "true", "DATA_DIR": str(tmp_path), "TMPDIR": str(tmp_path), "PATH": "/usr/bin:/bin"}
    url = os.environ["TEST_DATABASE_URL"] if ON_POSTGRESQL else f"sqlite:///{tmp_path}/own.sqlite3"
    return subprocess.run(
        [sys.executable, "-m", "tests.benchmarks", "--contacts", "200", *arguments],
        cwd=ROOT,
        env=own | {"DATABASE_URL": url},
        capture_output=True,
        text=True,
        check=False,
        timeout=480,
    )


def test_it_measures_everything_and_leaves_nothing(tmp_path: Path) -> None:
    # Whether bars are held says nothing with two hundred contacts.
    done = run(tmp_path, "--json")
    assert done.returncode in {0, 1}, done.stderr
    said = json.loads(done.stdout)
    assert said["database"] == ("postgresql" if ON_POSTGRESQL else "sqlite")
    assert [(one["name"], one["rows"]) for one in said["figures"]] == [
        ("minting links and headers", 200),
        ("audience, without links", 200),
        ("audience, with links and headers", 200),
        ("POST /audience", 200),
        *([("one-click POST, 16 connections", 200)] if ON_POSTGRESQL else []),
        ("import of opt-outs", 200),
    ]
    assert all(one["seconds"] > 0 and one["floor_seconds"] > 0 for one in said["figures"])
    assert done.returncode == (0 if all(one["is_held"] for one in said["figures"]) else 1)
    assert not [path.name for path in tmp_path.iterdir() if "bench" in path.name]
    assert not (tmp_path / "own.sqlite3").exists()
    if ON_POSTGRESQL:
        with psycopg.connect(os.environ["TEST_DATABASE_URL"].replace("postgres://", "postgresql://")) as connection:
            names = connection.execute("SELECT datname FROM pg_database").fetchall()
        assert not [name for [name] in names if name.startswith("prefcenter_bench")]


@pytest.mark.parametrize(
    ("figure", "is_held"),
    [
        (HELD, True),
        (HELD._replace(seconds=0.0031), False),
        (HELD._replace(seconds=9, most=None), True),
        (HELD._replace(megabytes=99, most_megabytes=100), True),
        (HELD._replace(megabytes=101, most_megabytes=100), False),
        (HELD._replace(megabytes=None, most_megabytes=100), True),
        (HELD._replace(also=("the other", 0.011, 5)), True),
        (HELD._replace(also=("the other", 0.009, 5)), False),
    ],
)
def test_a_figure_holds_when_all_its_bars_are_held(figure: Figure, is_held: bool) -> None:
    assert figure.is_held is is_held
    [shown] = json.loads(suite.as_json([figure], about={}))["figures"]
    assert shown["is_held"] is is_held


def test_the_table_says_what_was_missed_and_what_the_floor_is() -> None:
    missed = HELD._replace(name="slow", seconds=0.02, also=("the other", 0.01, 5))
    shown = HELD._replace(name="shown", most=None)
    table = suite.as_table([HELD, missed, shown]).splitlines()
    assert table[1].split() == ["this", "1,000", "2.00", "1.00", "2.00", "3", "holds"]
    assert table[2].split()[-1] == "MISSED"
    assert table[3].split()[-1] == "-"
    assert "  slow: the floor is that. It is 0.5 times as fast as the other (at least 5)." in table


def test_turns_are_taken_and_the_best_of_each_counts() -> None:
    turns: list[str] = []
    done = by_turns(lambda: turns.append("work"), lambda: turns.append("floor"), rounds=3)
    assert turns == ["floor", "work"] * 3
    assert done.seconds > 0
    assert done.floor_seconds > 0


def test_memory_is_measured_at_its_peak() -> None:
    done = by_turns(lambda: len(bytearray(50_000_000).strip(b"x")), lambda: None, rounds=1)
    assert done.megabytes is None or done.megabytes > 40
