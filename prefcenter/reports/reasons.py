"""Why people left: the reasons of the feedback, most often named first, and how that changed."""

from collections.abc import Sequence
from typing import NamedTuple

from django.db.models import Count

from prefcenter.models import FeedbackReason

from .period import Span
from .selection import Selection, during

NO_REASON = "No reason, only a comment"


class ReasonCount(NamedTuple):
    """`id` is None for answers without a reason; `before` the number in the span that it is compared with."""

    id: int | None
    text: str
    answers: int
    before: int

    @property
    def change(self) -> int:
        return self.answers - self.before


class Reasons(NamedTuple):
    ranked: Sequence[ReasonCount]
    answers: int
    before: int


def rank(selection: Selection) -> Reasons:
    """Also those that nobody named any more."""
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
