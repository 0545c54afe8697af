"""The supervisor against real processes, small ones that are easy to kill; mocks cannot be orphaned."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from prefcenter.management import supervisor
from tests.services import PATIENCE, is_running, wait_until

pytestmark = pytest.mark.sqlite_only

ROOT = Path(supervisor.__file__).resolve().parents[2]
Process = subprocess.Popen[str]
Start = Callable[..., Process]
linux_only = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs prctl and /proc")

SUPERVISE = """
import json, logging, sys
from pathlib import Path
from prefcenter.management.supervisor import Child, Supervisor
logging.basicConfig(level="INFO", format="%(message)s")
children, options = json.loads(sys.argv[1])
if "probe" in options:
    place = Path(options["probe"])
    options["probe"] = lambda: place.exists() and not print("The probe said yes.", flush=True)
sys.exit(Supervisor([Child(cwd=Path.cwd(), **child) for child in children], **options).run())
"""
WRITE_DOWN = """
import os, signal, subprocess, sys, time
def write_down(word):
    with open(sys.argv[1], "a") as diary:
        diary.write(f"{word}\\n")
write_down(os.getpid())
"""
SLEEP = "time.sleep(600)"
FAIL = "sys.exit(3)"
HAVE_A_CHILD = """
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
def leave(number, frame):
    child.terminate()
    child.wait()
    write_down("goodbye")
    sys.exit(0)
signal.signal(signal.SIGTERM, {answer})
write_down(child.pid)
time.sleep(600)
"""
CARE_FOR_A_CHILD = HAVE_A_CHILD.format(answer="leave")  # as granian does when it is asked to end
IGNORE_THE_QUESTION = HAVE_A_CHILD.format(answer="signal.SIG_IGN")


class Diary:
    """What the children of one name wrote, in order."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def child(self, source: str, **options: Any) -> dict[str, Any]:
        command = [sys.executable, "-c", WRITE_DOWN + source, str(self.path)]
        return {"name": self.path.name, "command": command, **options}

    def words(self) -> list[str]:
        return self.path.read_text().split() if self.path.exists() else []

    def wait_for(self, count: int) -> list[str]:
        wait_until(lambda: len(self.words()) >= count, what=f"{count} words in {self.path}")
        return self.words()

    def pids(self, count: int) -> list[int]:
        return [int(word) for word in self.wait_for(count)]


@pytest.fixture
def web(tmp_path: Path) -> Diary:
    return Diary(tmp_path / "web")


@pytest.fixture
def worker(tmp_path: Path) -> Diary:
    return Diary(tmp_path / "worker")


@pytest.fixture
def supervise() -> Iterator[Start]:
    started: list[Process] = []

    def start(*children: dict[str, Any], on_hangup: signal.Handlers = signal.SIG_DFL, **options: Any) -> Process:
        """A hangup has its ordinary meaning, or none as under nohup, whatever these tests were started with."""
        command = [sys.executable, "-W", "error", "-c", SUPERVISE, json.dumps([children, options])]
        pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        hears = partial(signal.signal, signal.SIGHUP, on_hangup)
        started.append(subprocess.Popen(command, cwd=ROOT, preexec_fn=hears, **pipes))  # noqa: PLW1509 - no threads here
        return started[-1]

    yield start
    for process in started:
        process.terminate()
        process.communicate(timeout=PATIENCE)


def gone(*pids: int) -> None:
    wait_until(lambda: not any(map(is_running, pids)), what=f"the end of {pids}")


def stop(process: Process, number: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
    process.send_signal(number)
    _, log = process.communicate(timeout=PATIENCE)
    return process.returncode, log


def test_a_dead_child_is_started_again(supervise: Start, worker: Diary) -> None:
    process = supervise(worker.child(SLEEP), first_delay=0.1)
    os.kill(worker.pids(1)[0], signal.SIGKILL)
    assert is_running(worker.pids(2)[1])
    status, log = stop(process)
    assert status == 0
    assert "The worker was ended by signal 9; starting it again in 0.1 s." in log


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_asks_all_children_to_end_and_is_no_error(
    supervise: Start, web: Diary, worker: Diary, number: signal.Signals
) -> None:
    process = supervise(web.child(CARE_FOR_A_CHILD), worker.child(SLEEP))
    pids = web.pids(2) + worker.pids(1)
    assert stop(process, number)[0] == 0
    assert web.words()[-1] == "goodbye"
    gone(*pids)


def test_under_nohup_a_hangup_ends_nothing(supervise: Start, worker: Diary) -> None:
    process = supervise(worker.child(SLEEP), on_hangup=signal.SIG_IGN)
    pid = worker.pids(1)[0]
    process.send_signal(signal.SIGHUP)
    os.kill(pid, signal.SIGHUP)
    os.kill(pid, signal.SIGUSR1)
    wait_until(lambda: not is_running(pid), what="the end of the worker, by the later signal")
    worker.wait_for(2)
    status, log = stop(process)
    assert status == 0
    assert re.findall(r"ended by signal (\d+)", log) == [str(signal.SIGUSR1.value)]


def test_a_signal_that_comes_while_children_are_being_started_is_not_lost(supervise: Start, worker: Diary) -> None:
    process = supervise(*[worker.child(SLEEP)] * 20)
    worker.wait_for(1)
    assert stop(process)[0] == 0
    gone(*worker.pids(1))


def test_a_child_that_ignores_the_question_is_killed_with_its_children_after_the_grace(
    supervise: Start, web: Diary, worker: Diary
) -> None:
    process = supervise(web.child(SLEEP), worker.child(IGNORE_THE_QUESTION), grace=0.5)
    pids = web.pids(1) + worker.pids(2)
    status, log = stop(process)
    assert status == 0
    assert "The worker did not stop in time and is killed." in log
    assert "The web did not stop" not in log
    gone(*pids)


def test_a_second_ctrl_c_does_not_wait_for_the_grace(supervise: Start, worker: Diary) -> None:
    process = supervise(worker.child(IGNORE_THE_QUESTION), grace=600)
    pids = worker.pids(2)
    process.send_signal(signal.SIGINT)
    assert process.stderr is not None
    assert process.stderr.readline() == "Stopping.\n"
    assert stop(process, signal.SIGINT)[0] == 0
    gone(*pids)


def test_a_ctrl_c_in_the_terminal_is_heard_by_the_supervisor_alone(supervise: Start, worker: Diary) -> None:
    supervise(worker.child(SLEEP))
    pid = worker.pids(1)[0]
    assert os.getsid(pid) == os.getpgid(pid) == pid


@linux_only
def test_children_and_grandchildren_die_when_the_supervisor_is_killed(
    supervise: Start, web: Diary, worker: Diary
) -> None:
    process = supervise(web.child(CARE_FOR_A_CHILD), worker.child(SLEEP), first_delay=0.05)
    os.kill(worker.pids(1)[0], signal.SIGKILL)  # one that was started again must die as well
    pids = web.pids(2) + worker.pids(2)
    process.kill()
    process.wait()
    gone(*pids)


def test_what_a_dead_child_left_behind_does_not_live_on_beside_its_successor(supervise: Start, web: Diary) -> None:
    supervise(web.child(CARE_FOR_A_CHILD), first_delay=0.05)
    parent, child = web.pids(2)
    os.kill(parent, signal.SIGKILL)
    gone(child)
    web.wait_for(4)


def test_an_essential_child_that_cannot_be_kept_up_stops_everything(
    supervise: Start, web: Diary, worker: Diary
) -> None:
    process = supervise(web.child(FAIL, essential=True), worker.child(SLEEP), first_delay=0.05)
    _, log = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert "The web ended with status 3, too often within a minute: giving up." in log
    assert len(web.words()) == 5
    gone(*worker.pids(1))


def test_another_child_may_die_for_ever_and_takes_nobody_with_it(supervise: Start, web: Diary, worker: Diary) -> None:
    process = supervise(web.child(SLEEP, essential=True), worker.child(FAIL), first_delay=0.01)
    worker.wait_for(7)
    assert is_running(*web.pids(1))
    status, log = stop(process)
    assert status == 0
    assert re.findall(r"again in (\S+) s", log)[:4] == ["0.01", "0.02", "0.04", "0.08"]


def test_the_delay_grows_to_half_a_minute_and_begins_anew_after_a_steady_minute(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    now = 1000.0
    monkeypatch.setattr(supervisor, "monotonic", lambda: now)
    life = supervisor._Life(supervisor.Child("worker", ["none"], tmp_path), first_delay=1.0)
    delays = []
    for lived in [0.0] * 7 + [61.0, 0.0]:
        life._started_at = now
        now += lived
        life._died("ended")
        delays.append(life.start_at - now)
    assert delays == [1, 2, 4, 8, 16, 30, 30, 1, 2]


def test_a_program_that_is_not_there_is_a_death_like_any_other(supervise: Start, web: Diary) -> None:
    process = supervise({"name": "absent", "command": ["/nowhere"]}, web.child(SLEEP), first_delay=0.05)
    web.wait_for(1)
    status, log = stop(process)
    assert status == 0
    assert "The absent could not be started (No such file or directory); starting it again" in log


@linux_only
def test_the_probe_is_asked_until_it_says_yes_and_then_waiting_costs_nothing(
    supervise: Start, worker: Diary, tmp_path: Path
) -> None:
    process = supervise(worker.child(SLEEP), probe=str(tmp_path / "ready"))
    worker.wait_for(1)
    (tmp_path / "ready").touch()
    assert process.stdout is not None
    assert process.stdout.readline() == "The probe said yes.\n"
    status = Path(f"/proc/{process.pid}/status")

    def sleeps_through() -> bool:
        """The time in which it would have asked three times."""
        before = re.findall(r"ctxt_switches:\s*(\d+)", status.read_text())
        time.sleep(3 * supervisor.PROBE_EVERY)
        return re.findall(r"ctxt_switches:\s*(\d+)", status.read_text()) == before

    wait_until(sleeps_through, what="that it asks no more")
    process.terminate()
    assert process.stdout.read() == ""
