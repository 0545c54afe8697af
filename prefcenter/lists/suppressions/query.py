"""Which opt-outs somebody asks for. It knows the words and the days, and reads nothing."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Q
from django.utils import timezone

from unsubscribe import rules
from unsubscribe.choices import Purpose, SuppressionReason
from unsubscribe.models import Category

#: Reasons that only a category has: it was switched off, or it, or anything, had to be chosen and was not.
LEFT, NOT_CHOSEN = "left", "not_chosen"
OF_A_CATEGORY = frozenset({LEFT, NOT_CHOSEN})
#: Every reason and how it is said; the category's own first.
REASONS: dict[str, str] = {
    LEFT: "Left the category",
    NOT_CHOSEN: "Did not choose the category",
    **{str(value): str(label) for value, label in SuppressionReason.choices},
}


@dataclass(frozen=True)
class SuppressionQuery:
    """Without a category every block; with one, whoever may not be written to about it.

    "" and None ask for any. The days are the site's, and both count in.
    """

    category: Category | None = None
    channel: str = ""
    reasons: frozenset[str] = frozenset(REASONS)
    source: str = ""
    since: date | None = None
    until: date | None = None

    @property
    def blocks(self) -> frozenset[str]:
        """The blocks that are meant: some let what is transactional through (law 7)."""
        is_transactional = self.category is not None and self.category.purpose == Purpose.TRANSACTIONAL
        counts = rules.BLOCKS_EVERYTHING if is_transactional else frozenset(SuppressionReason)
        return self.reasons & {str(reason) for reason in counts}

    @property
    def of_the_category(self) -> frozenset[str]:
        """What is meant beside blocks; what is transactional cannot be switched off."""
        if self.category is None or self.category.purpose == Purpose.TRANSACTIONAL:
            return frozenset()
        return self.reasons & OF_A_CATEGORY

    @property
    def is_of_some_time_or_door(self) -> bool:
        return bool(self.source or self.since or self.until)

    def within(self, column: str) -> Q:
        """The days as a condition on the moments in `column`."""
        condition = Q()
        if self.since:
            condition &= Q(**{f"{column}__gte": _midnight(self.since)})
        if self.until:
            condition &= Q(**{f"{column}__lt": _midnight(self.until + timedelta(days=1))})
        return condition


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
