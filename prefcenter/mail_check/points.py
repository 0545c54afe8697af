"""The points that a check returns, and the sentence that sums them up."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

#: Where each requirement comes from, by its id (docs/requirements.md).
SOURCES: Mapping[str, str] = MappingProxyType(
    {
        "H1": "RFC 8058 s.3.1, RFC 2369 s.3",
        "H2": "RFC 8058 s.3.1",
        "H3": "RFC 8058 s.5",
        "H4": "RFC 8058 s.4, RFC 6376",
        "H5": "RFC 8058 s.3.1",
        "H7": "RFC 2369 s.2",
        "H8": "RFC 2047 s.5",
        "H9": "RFC 5322 s.2.1.1",
        "H10": "RFC 2919",
        "E3": "RFC 8058 s.3.1",
        "E4": "RFC 8058 s.3.1",
        "E7": "RFC 8058 s.6",
        "B1": "15 U.S.C. s.7704(a)(3), Gmail help 81126",
        "B2": "15 U.S.C. s.7704(a)(5)",
    }
)


class Level(StrEnum):
    """How much a point matters."""

    #: One-click unsubscribe depends on it.
    MUST = "must"
    #: One-click unsubscribe works without it.
    SHOULD = "should"


class PointStatus(StrEnum):
    """The result of one point."""

    PASS = "pass"  # noqa: S105 (no password)
    FAIL = "fail"
    #: Nothing is wrong yet, or nobody can say.
    WARN = "warn"
    #: It was not checked; `Point.text` says why.
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Point:
    """One requirement and its result."""

    #: Of docs/requirements.md.
    id: str
    level: Level
    outcome: PointStatus
    #: One sentence: what was found and, if it failed, what to do.
    text: str

    @property
    def source(self) -> str:
        """The standard that the requirement comes from."""
        return SOURCES[self.id]


def passed(id_: str, text: str, *, level: Level = Level.MUST) -> Point:
    """The message does what the requirement asks."""
    return Point(id_, level, PointStatus.PASS, text)


def failed(id_: str, text: str, *, level: Level = Level.MUST) -> Point:
    """The message does not do what the requirement asks."""
    return Point(id_, level, PointStatus.FAIL, text)


def warned(id_: str, text: str, *, level: Level = Level.MUST) -> Point:
    """Nothing is wrong yet, or nobody can say."""
    return Point(id_, level, PointStatus.WARN, text)


def skipped(id_: str, text: str, *, level: Level = Level.MUST) -> Point:
    """This was not looked at, and the sentence says why."""
    return Point(id_, level, PointStatus.SKIPPED, text)


def must_fails(points: Iterable[Point]) -> list[Point]:
    """The points of level MUST that failed."""
    return [point for point in points if point.level is Level.MUST and point.outcome is PointStatus.FAIL]


def summary(points: Iterable[Point]) -> str:
    """One sentence: whether mail clients will offer one-click unsubscribe, by the points of `check` and, where they are
    among them, of `check_for_us`."""
    found = list(points)
    broken = list(dict.fromkeys(point.id for point in must_fails(found)))
    if any(id_.startswith("H") for id_ in broken):
        return f"No: email clients won’t offer one-click unsubscribe for this message; see {_listed(broken)}."
    if broken:
        return f"No: one-click is offered, but its link doesn’t work correctly; see {_listed(broken)}."
    outcomes = {(point.id, point.outcome) for point in found}
    if ("H2", PointStatus.WARN) in outcomes:
        return "Not yet: email clients don’t offer one-click unsubscribe for a plain http link to this machine."
    is_verified = not outcomes & {("H4", PointStatus.WARN), ("H4", PointStatus.SKIPPED)}
    if ("H5", PointStatus.WARN) in outcomes:
        return "Yes, " + ("" if is_verified else "provided that the DKIM signature is valid, ") + _NOT_OURS
    if not is_verified:
        return "Yes, provided that the DKIM signature is valid, which was not verified here."
    return "Yes: email clients that support RFC 8058 and trust the sender will offer one-click unsubscribe."


_NOT_OURS = "but the link doesn’t lead to this site; see H5."


def _listed(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
