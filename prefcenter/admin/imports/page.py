"""An import in words and figures, as its page shows it. It names lines of the file, never an address."""

from collections.abc import Mapping
from datetime import timedelta

from django.utils import timezone
from django.utils.functional import cached_property

from prefcenter.lists import imports
from prefcenter.lists.imports import report, wording
from prefcenter.lists.imports.columns import answers
from prefcenter.lists.imports.progress import SAID_YES
from prefcenter.models import ImportKind, ImportRun, ImportState
from unsubscribe.choices import Source, SuppressionReason

#: Longer than the sweep needs to come by.
_PATIENCE = timedelta(minutes=3)


class RunPage:
    """What a template asks of a run."""

    def __init__(self, run: ImportRun) -> None:
        self.run = run

    @property
    def recognised(self) -> str:
        return imports.label(self.run)

    @property
    def encoding(self) -> str:
        return wording.encoding(self.run.encoding)

    @property
    def figures(self) -> list[tuple[str, int, int | None]]:
        """Name, number, and for what is under way or over the number that was foreseen."""
        foreseen = self.run.foreseen
        return [
            (label, number, foreseen.get(name, 0) if foreseen else None)
            for name, label, number in wording.figures(ImportKind(self.run.kind), self.run.counts)
        ]

    @property
    def in_words(self) -> str:
        return wording.in_words(ImportKind(self.run.kind), self.run.counts)

    @property
    def new(self) -> int:
        return int(self.run.counts.get("new", 0))

    @property
    def not_taken(self) -> int:
        return int(self.run.counts.get("refused", 0) + self.run.counts.get("invalid", 0))

    @property
    def other_addresses(self) -> list[str]:
        return wording.other_addresses(self.run.counts)

    @property
    def lost(self) -> list[str]:
        return [] if self.run.is_working else wording.lost(self.run.counts)

    @property
    def reasons(self) -> list[tuple[str, int]]:
        """What was said, of the lines that can be taken."""
        found: Mapping[str, int] = self.run.counts.get("reasons", {})
        named = [(str(one.label), found[one]) for one in SuppressionReason if one in found]
        if SAID_YES in found:
            named.append(("Subscribed (not an opt-out)", found[SAID_YES]))
        return named if self.run.kind == ImportKind.OPT_OUTS else []

    @cached_property
    def is_asking(self) -> bool:
        """Whether something about its columns has to be answered first."""
        return any(one.is_open for one in imports.questions(self.run))

    @property
    def columns(self) -> list[tuple[str, str]]:
        """Those of which somebody said what they mean, and how they were read."""
        return [(name, answers.in_words(means)) for name, means in (self.run.answers or {}).items()]

    @property
    def state(self) -> str:
        return "Waiting for answers" if self.is_asking else self.run.get_state_display()

    @property
    def what(self) -> str:
        """As the button says it."""
        noun = "opt-out" if self.run.kind == ImportKind.OPT_OUTS else "contact"
        return f"{self.new:,} {noun}{'' if self.new == 1 else 's'}"

    @property
    def checked(self) -> str:
        return self.run.checked_at.isoformat() if self.run.checked_at else ""

    @property
    def is_waiting(self) -> bool:
        return self.run.is_working and self.run.claimed_by is None

    @property
    def is_waiting_long(self) -> bool:
        """So that somebody should look whether the worker runs."""
        since = self.run.taken_back_at or self.run.confirmed_at or self.run.created_at
        return self.is_waiting and timezone.now() - since > _PATIENCE

    @cached_property
    def can_be_taken_back(self) -> bool:
        return imports.can_be_taken_back(self.run, now=timezone.now())

    @property
    def percent(self) -> int:
        return min(100, 100 * self.run.bytes_read // max(1, self.run.size))

    @cached_property
    def earlier(self) -> ImportRun | None:
        return imports.earlier(self.run)

    @property
    def is_report_whole(self) -> bool:
        return report.is_whole(self.run)

    @property
    def has_stopped_midway(self) -> bool:
        return self.run.state in {ImportState.STOPPED, ImportState.FAILED} and self.run.confirmed_at is not None


class TakeBackPreview:
    """What taking an import back would do, and what stays and why."""

    def __init__(self, found: imports.ImportStanding, run: ImportRun) -> None:
        self._found = found
        self.already = run.counts.get("already", 0)

    @property
    def is_shared(self) -> bool:
        """Whether another import says some of the same, so that there is something to do even if nothing is lifted."""
        return Source.IMPORT in self._found.said_again

    @property
    def lifted(self) -> int:
        return self._found.suppressions + self._found.choices + self._found.domains

    @property
    def lifts(self) -> list[tuple[str, int]]:
        return wording.lifts(self._found)

    @property
    def stays(self) -> list[tuple[str, int]]:
        rest = [("Lifted since", self._found.ended), ("Contact erased", self._found.erased)]
        return [(why, number) for why, number in (*wording.said_again(self._found), *rest) if number]
