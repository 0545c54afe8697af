"""How far a file was read and what became of its rows; `figures` is the stored shape of ImportRun.counts."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .columns.consent import SUBSCRIBED
from .reading import ELSEWHERE, Bad, RowBatch

#: How many problems a run keeps; further ones are only counted (and listed by report.py).
PROBLEMS_KEPT = 1000
#: A key of "reasons": the rows of an import of opt-outs that say yes. They are refused.
SAID_YES = "subscribed"
#: What can become of a row, each row counted once: see Progress.figures.
OUTCOMES = ("new", "domains", "already", "overtaken", "blocked", "refused", "invalid")
#: What is counted beside them.
BESIDES = ("hashed", "covered", "elsewhere")
#: Keys for further addresses of the rows: those that became rows, and those that were passed over.
TAKEN, PASSED_OVER = "addresses_taken", "addresses_passed_over"
#: The key for rows that say no to what is not known here; how many problems it tells apart; under what the others are.
UNPLACED, REASONS_KEPT, OTHERS = "unplaced", 20, "other unknown categories or channels"


def not_taken(figures: Mapping[str, int]) -> int:
    """How many rows were not taken. `figures`: Progress.figures, or `counts`."""
    return figures.get("refused", 0) + figures.get("invalid", 0)


@dataclass
class Progress:
    """What was found so far; `add` is called for each batch."""

    #: Rows read.
    position: int = 0
    #: The number of the last of them.
    last_line: int = 0
    #: By OUTCOMES and BESIDES.
    counts: Counter[str] = field(default_factory=Counter)
    #: Of rows that could be taken, by SuppressionReason; and SAID_YES.
    reasons: Counter[str] = field(default_factory=Counter)
    #: Line and problem of the first PROBLEMS_KEPT rows that were not taken.
    problems: list[tuple[int, str]] = field(default_factory=list)
    #: All such rows of the last batch.
    last_bad: list[Bad] = field(default_factory=list)
    #: Further addresses by the headings of their columns.
    taken: Counter[str] = field(default_factory=Counter)
    #: The same for those that were passed over.
    passed_over: Counter[str] = field(default_factory=Counter)
    #: Rows by why it is not known to what they say no.
    unplaced: Counter[str] = field(default_factory=Counter)

    def add(self, batch: RowBatch, outcome: Mapping[str, int]) -> None:
        """Counts a batch. `outcome`: of its lines that could be taken, from batches.take or foresee."""
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
        """How many rows were not taken."""
        return not_taken(self.counts)

    @property
    def figures(self) -> dict[str, Any]:
        """As JSON; a key may be added and none taken out, because runs of earlier versions are shown too.

        rows:       all that were read
        new:        something was written (or would be)
        domains:    a whole domain was suppressed
        already:    it was so already
        overtaken:  the contact said yes later, or it was lifted later
        blocked:    of contacts: the address is suppressed
        refused:    understood, and not taken
        invalid:    not understood, or a no to what is not known here
        hashed:     of those that could be taken, with a hash in place of an address
        covered:    in a check: known contacts at the domains that would be suppressed
        elsewhere:  of the refused, those for another channel
        reasons:    {reason: rows}, see `reasons`
        addresses_taken, addresses_passed_over: {heading: addresses}, see TAKEN; left out if empty
        unplaced:   {problem: rows}, see UNPLACED; left out if empty
        """
        named = {name: self.counts[name] for name in (*OUTCOMES, *BESIDES)}
        others = {TAKEN: dict(self.taken), PASSED_OVER: dict(self.passed_over), UNPLACED: dict(self.unplaced)}
        found = {name: counts for name, counts in others.items() if counts}
        return {"rows": self.position, **named, "reasons": dict(self.reasons), **found}

    @classmethod
    def of(cls, *, position: int, last_line: int, figures: Mapping[str, Any], problems: Iterable[Any]) -> "Progress":
        """The progress that was stored in a run: `figures` as above, `problems` as pairs of line and problem."""
        counts = Counter({name: figures.get(name, 0) for name in (*OUTCOMES, *BESIDES)})
        found = cls(position, last_line, counts, Counter(figures.get("reasons", {})))
        found.problems.extend((line, problem) for line, problem in problems)
        found.taken.update(figures.get(TAKEN, {}))
        found.passed_over.update(figures.get(PASSED_OVER, {}))
        found.unplaced.update(figures.get(UNPLACED, {}))
        return found
