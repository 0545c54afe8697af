"""Which part of it all the reader asks about: a period, and perhaps a category, a campaign, a channel."""

from dataclasses import dataclass

from django.db.models import Q, QuerySet

from prefcenter.models import Feedback
from unsubscribe.choices import Channel
from unsubscribe.models import ConsentEvent, SentCount

from .meanings import mail_of
from .period import Period, Span


@dataclass(frozen=True)
class Selection:
    period: Period
    category_id: int | None = None
    campaign_id: int | None = None
    channel: Channel | None = None

    @property
    def is_narrowed(self) -> bool:
        return bool(self.category_id or self.campaign_id or self.channel)

    def events(self) -> QuerySet[ConsentEvent]:
        """Of all times."""
        channel = Q(channel=self.channel) if self.channel else Q()
        return ConsentEvent.objects.filter(self._mail() & channel)

    def feedback(self) -> QuerySet[Feedback]:
        """Of all times; the channel is that of the change it is about."""
        channel = Q(event__channel=self.channel) if self.channel else Q()
        return Feedback.objects.order_by().filter(self._mail() & channel)

    def sent(self) -> QuerySet[SentCount]:
        """Of the period, on its whole days."""
        channel = Q(channel=self.channel) if self.channel else Q()
        category = Q(category=self.category_id) if self.category_id else Q()
        campaign = Q(campaign=self.campaign_id) if self.campaign_id else Q()
        rows = SentCount.objects.filter(day__gte=self.period.first, day__lte=self.period.last)
        return rows.filter(channel & category & campaign)

    def _mail(self) -> Q:
        category = mail_of(self.category_id) if self.category_id else Q()
        return category & (Q(campaign=self.campaign_id) if self.campaign_id else Q())


def during(span: Span, field: str = "at") -> Q:
    return Q(**{f"{field}__gte": span.since, f"{field}__lt": span.until})
