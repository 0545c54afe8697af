"""Puts our columns behind those of the input, as text: the input's fields may hold anything, ours hold little."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence

#: csv puts a field into quotes if it holds a character of the line's end.
_END = "\r\n"
_SPECIAL = re.compile(r'[",\r\n]')


class _Written(list[str]):
    """Takes what a csv.writer writes, line by line."""

    write = list.append


def as_lines(rows: Sequence[Sequence[str]], ours: Iterable[str]) -> Iterator[str]:
    """`ours`: our columns of each row, as CSV has them."""
    theirs = _plain(rows) or _by_csv(rows)
    return (f"{line},{more}\n" for line, more in zip(theirs, ours, strict=True))


def _plain(rows: Sequence[Sequence[str]]) -> list[str] | None:
    """The rows simply put together, if there is no field among them that csv would put into quotes."""
    text = "\n".join(map(",".join, rows))
    if '"' in text or "\r" in text or text.count("\n") >= len(rows):
        return None
    return text.split("\n") if text.count(",") == sum(map(len, rows)) - len(rows) else None


def _by_csv(rows: Iterable[Sequence[str]]) -> list[str]:
    written = _Written()
    csv.writer(written, lineterminator=_END).writerows(rows)
    return [line[: -len(_END)] for line in written]


def quoted(text: str) -> str:
    """One field as CSV has it."""
    return '"' + text.replace('"', '""') + '"' if _SPECIAL.search(text) else text


def column(values: Sequence[str]) -> Sequence[str]:
    """Each value as CSV has it. They differ in nothing but a token, so that the first speaks for all."""
    return list(map(quoted, values)) if values and quoted(values[0]) != values[0] else values
