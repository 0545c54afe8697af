"""How much work something is, whatever the speed of the machine and whoever else uses it."""

import time
from collections.abc import Callable

TRIES = 3


def work(do: Callable[[], object]) -> float:
    """The processor time of `do`, counted in that of adding up a million numbers, here and in the same moment. The
    least of three tries."""
    tries = [(_seconds(do), _seconds(_add_up)) for _ in range(TRIES)]
    return min(one for one, _ in tries) / min(unit for _, unit in tries)


def _add_up() -> int:
    return sum(range(1_000_000))


def _seconds(do: Callable[[], object]) -> float:
    started = time.thread_time()
    do()
    return time.thread_time() - started
