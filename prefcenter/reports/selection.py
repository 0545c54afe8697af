"""What the figures are about: a period, and optionally a category, a campaign and a channel."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

from django.db.models import Q, QuerySet

from prefcenter.models import Feedback
from unsubscribe.choices import Channel, Source
from unsubscribe.models import ConsentEvent, SentCount
from unsubscribe.rules import OWN_VOICE

from .conditions import mail_of, stays_off
from .period import Period, Span


class StayedOff(NamedTuple):
    """An event that conditions.STAYS_OFF leaves out of the opt-outs. `category`, `campaign`: ids, 0 for none."""

    at: datetime
    source: Source
    category: int
    campaign: int


@dataclass(frozen=True)
class Selection:
    """The filters of the overview; None is all."""

    period: Period
    category_id: int | None = None
    campaign_id: int | None = None
    channel: Channel | None = None

    @property
    def is_narrowed(self) -> bool:
        """Whether anything but the period is given."""
        return bool(self.category_id or self.campaign_id or self.channel)

    def events(self) -> QuerySet[ConsentEvent]:
        """The consent events, of all times."""
        channel = Q(channel=self.channel) if self.channel else Q()
        return ConsentEvent.objects.filter(self._mail() & channel)

    def feedback(self) -> QuerySet[Feedback]:
        """The feedback, of all times; its channel is that of the event it is about."""
        channel = Q(event__channel=self.channel) if self.channel else Q()
        return Feedback.objects.order_by().filter(self._mail() & channel)

    def sent(self) -> QuerySet[SentCount]:
        """The sent counts of the period's days."""
        channel = Q(channel=self.channel) if self.channel else Q()
        category = Q(category=self.category_id) if self.category_id else Q()
        campaign = Q(campaign=self.campaign_id) if self.campaign_id else Q()
        rows = SentCount.objects.filter(day__gte=self.period.first, day__lte=self.period.last)
        return rows.filter(channel & category & campaign)

    def stayed_off(self, span: Span) -> Sequence[StayedOff]:
        """The events of conditions.STAYS_OFF in a span within the period or the days before it."""
        lines = self._stayed_off
        return lines[bisect_left(lines, (span.since,)) : bisect_left(lines, (span.until,))]

    @cached_property
    def _stayed_off(self) -> list[StayedOff]:
        """By time; queried once, because finding them takes longer than counting the rest."""
        whole = during(Span(self.period.before.since, self.period.span.until))
        by_source = [
            self.events().filter(stays_off(whole, source)).values_list("at", "source", "category", "campaign")
            for source in sorted(OWN_VOICE)
        ]
        rows = by_source[0].order_by().union(*(one.order_by() for one in by_source[1:]), all=True)
        return sorted(
            StayedOff(at, Source(source), category or 0, campaign or 0) for at, source, category, campaign in rows
        )

    def _mail(self) -> Q:
        category = mail_of(self.category_id) if self.category_id else Q()
        return category & (Q(campaign=self.campaign_id) if self.campaign_id else Q())


def during(span: Span, field: str = "at") -> Q:
    """The condition that a time is in the span."""
    return Q(**{f"{field}__gte": span.since, f"{field}__lt": span.until})
