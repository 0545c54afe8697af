"""The reasons that contacts gave in their feedback, the most often named first, and how that changed."""

from collections.abc import Sequence
from typing import NamedTuple

from django.db.models import Count

from prefcenter.models import FeedbackReason

from .period import Span
from .selection import Selection, during

#: In place of a reason's text.
NO_REASON = "No reason, only a comment"


class ReasonCount(NamedTuple):
    """How often one reason was named. `id`: None for feedback without one; `before`: in the span compared with."""

    id: int | None
    text: str
    answers: int
    before: int

    @property
    def change(self) -> int:
        return self.answers - self.before


class Reasons(NamedTuple):
    """All reasons, and how many answers there were in the period and `before`."""

    ranked: Sequence[ReasonCount]
    answers: int
    before: int


def rank(selection: Selection) -> Reasons:
    """The reasons named in the selection's period or in the span before."""
    period = selection.period
    both = Span(period.before.since, period.span.until)
    now, before = during(period.span, "created_at"), during(period.before, "created_at")
    rows = selection.feedback().filter(during(both, "created_at")).values_list("reason")
    counted = rows.annotate(answers=Count("id", filter=now), before=Count("id", filter=before))
    texts = dict(FeedbackReason.objects.values_list("id", "text"))
    found = [ReasonCount(id_, texts.get(id_, NO_REASON), answers, count) for id_, answers, count in counted]
    ranked = sorted((one for one in found if one.answers or one.before), key=_most_named)
    return Reasons(ranked, sum(one.answers for one in ranked), sum(one.before for one in ranked))


def _most_named(one: ReasonCount) -> tuple[int, int, str]:
    return -one.answers, -one.before, one.text
