"""Which opt-outs are asked for: the filters of the admin's list and of the export."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Q
from django.utils import timezone

from unsubscribe import rules
from unsubscribe.choices import Purpose, SuppressionReason
from unsubscribe.models import Category

#: Reasons that only opt-outs of a category have: the contact left it, or it counts as no because it was not chosen (it
#: needs an opt-in, or the contact gets only what they chose).
LEFT, NOT_CHOSEN = "left", "not_chosen"
OF_A_CATEGORY = frozenset({LEFT, NOT_CHOSEN})
#: Every reason with its label, those of a category first.
REASONS: dict[str, str] = {
    LEFT: "Left the category",
    NOT_CHOSEN: "Did not choose the category",
    **{str(value): str(label) for value, label in SuppressionReason.choices},
}


@dataclass(frozen=True)
class SuppressionQuery:
    """Without a category, the suppressions; with one, everything that keeps its messages from an address."""

    category: Category | None = None
    #: A Channel; "" is any.
    channel: str = ""
    #: Keys of REASONS.
    reasons: frozenset[str] = frozenset(REASONS)
    #: A Source; "" is any.
    source: str = ""
    #: The first day, in the site's time zone; None is any.
    since: date | None = None
    #: The last day, which counts too; None is any.
    until: date | None = None
    #: Suppressions that were lifted, by the day of that, in place of what is in force.
    is_lifted: bool = False

    @property
    def suppression_reasons(self) -> frozenset[str]:
        """The SuppressionReasons that are asked for, and that hold for the category's purpose (law 7)."""
        purpose = Purpose(self.category.purpose) if self.category else Purpose.MARKETING
        return self.reasons & {str(reason) for reason in rules.held_back_by(purpose)}

    @property
    def of_the_category(self) -> frozenset[str]:
        """Which of LEFT and NOT_CHOSEN are asked for; neither of a transactional category, which can't be left."""
        if self.is_lifted or self.category is None or self.category.purpose == Purpose.TRANSACTIONAL:
            return frozenset()
        return self.reasons & OF_A_CATEGORY

    @property
    def is_of_some_time_or_source(self) -> bool:
        """Whether it asks for a source or a day, which NOT_CHOSEN doesn't have."""
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
