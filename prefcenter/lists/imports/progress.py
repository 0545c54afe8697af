"""How far a file was read and what became of its rows. It keeps the first thousand problems and counts the rest."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .columns.consent import SUBSCRIBED
from .reading import ELSEWHERE, Bad, RowBatch

#: The row of a run lists so many lines.
PROBLEMS_KEPT = 1000
#: Beside the reasons of those that were taken: the rows of an import of opt-outs that say yes. They are refused.
SAID_YES = "subscribed"
#: What can become of a row; the reasons of those that were taken are counted beside them.
OUTCOMES = ("new", "domains", "already", "overtaken", "blocked", "refused", "invalid")
#: What is counted beside them.
BESIDES = ("hashed", "covered", "elsewhere")
#: Further addresses of the rows by the headings of their columns: each of them is a row, or was passed over.
TAKEN, PASSED_OVER = "addresses_taken", "addresses_passed_over"
#: Rows that say no, and to what is not known here, by the reason why; of so many reasons, and then of others together.
UNPLACED, REASONS_KEPT, OTHERS = "unplaced", 20, "other unknown categories or channels"


@dataclass
class Progress:
    position: int = 0
    last_line: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    problems: list[tuple[int, str]] = field(default_factory=list)
    last_bad: list[Bad] = field(default_factory=list)
    taken: Counter[str] = field(default_factory=Counter)
    passed_over: Counter[str] = field(default_factory=Counter)
    unplaced: Counter[str] = field(default_factory=Counter)

    def add(self, batch: RowBatch, outcome: Mapping[str, int]) -> None:
        """`outcome`: how many of the lines that could be taken were new, and so on."""
        self.position += batch.rows
        self.last_line, self.last_bad = batch.last_line, batch.bad
        self.counts.update(outcome)
        self.taken.update(batch.others.taken)
        self.passed_over.update(batch.others.passed_over)
        self.counts["elsewhere"] += sum(bad.problem == ELSEWHERE for bad in batch.bad)
        self.counts["hashed"] += sum(not line.value for line in batch.lines)
        self.counts["refused"] += sum(bad.is_refused for bad in batch.bad)
        self.counts["invalid"] += sum(not bad.is_refused for bad in batch.bad)
        for problem in (bad.problem for bad in batch.bad if bad.is_unplaced):
            is_kept = problem in self.unplaced or len(self.unplaced) < REASONS_KEPT
            self.unplaced[problem if is_kept else OTHERS] += 1
        self.reasons.update(str(line.reason) for line in batch.lines)
        if said_yes := sum(bad.problem == SUBSCRIBED.refusal for bad in batch.bad):
            self.reasons[SAID_YES] += said_yes
        room = PROBLEMS_KEPT - len(self.problems)
        self.problems.extend((bad.line, bad.problem) for bad in batch.bad[:room])

    @property
    def problem_count(self) -> int:
        return self.counts["refused"] + self.counts["invalid"]

    @property
    def figures(self) -> dict[str, Any]:
        """As JSON: every outcome, the rows of all of them together, and the reasons; further addresses, and rows that
        cannot be placed, if there are."""
        named = {name: self.counts[name] for name in (*OUTCOMES, *BESIDES)}
        others = {TAKEN: dict(self.taken), PASSED_OVER: dict(self.passed_over), UNPLACED: dict(self.unplaced)}
        found = {name: counts for name, counts in others.items() if counts}
        return {"rows": self.position, **named, "reasons": dict(self.reasons), **found}

    @classmethod
    def of(cls, *, position: int, last_line: int, figures: Mapping[str, Any], problems: Iterable[Any]) -> "Progress":
        """Goes on from what was written down."""
        counts = Counter({name: figures.get(name, 0) for name in (*OUTCOMES, *BESIDES)})
        found = cls(position, last_line, counts, Counter(figures.get("reasons", {})))
        found.problems.extend((line, problem) for line, problem in problems)
        found.taken.update(figures.get(TAKEN, {}))
        found.passed_over.update(figures.get(PASSED_OVER, {}))
        found.unplaced.update(figures.get(UNPLACED, {}))
        return found
