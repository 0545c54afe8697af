"""Whether confirmations go out, how long an opt-out takes to be confirmed, and whether the ledger is being sealed.

An opt-out itself holds from its commit on. So the confirmation is measured, for all categories together, because the
outbox does not know them.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import Min

from unsubscribe.choices import OutboxKind, OutboxStatus
from unsubscribe.ledger.seals import overdue
from unsubscribe.models import OutboxMessage, Seal
from unsubscribe.models.outbox import Waited

from .period import Period
from .selection import during

#: The statuses of messages that are still owed.
WAITING = (OutboxStatus.QUEUED, OutboxStatus.SENDING)
#: A message that waits longer than this is failing again and again, or the worker is not running.
LATE = timedelta(hours=1)


class Limit(NamedTuple):
    """A time limit for opt-outs, and who sets it. A business day counts as a day, which is stricter."""

    who: str
    said: str
    longest: timedelta


#: What others set, from the table "Time limits" in docs/requirements.md.
LIMITS: Sequence[Limit] = [
    Limit("Gmail, Yahoo", "2 days", timedelta(days=2)),
    Limit("Australia (Spam Act)", "5 business days", timedelta(days=5)),
    Limit("CAN-SPAM, CASL, TCPA", "10 business days", timedelta(days=10)),
    Limit("CCPA, sale or share", "15 business days", timedelta(days=15)),
]


class Waits(NamedTuple):
    """How many confirmations were sent in the period, and the median (of an even number the lower one) and longest time
    from the change to sending; both None if there were none."""

    sent: int
    median: timedelta | None
    longest: timedelta | None


class Outbox(NamedTuple):
    """The state of the outbox.

    waiting:       how many messages are owed
    oldest:        how long the oldest of them has waited; None if there are none
    failed:        of those due in the last 24 hours; `sent` likewise
    failed_in_all: of all that are stored
    waits:         in the period
    """

    waiting: int
    oldest: timedelta | None
    failed: int
    failed_in_all: int
    sent: int
    waits: Waits

    @property
    def is_late(self) -> bool:
        """Whether the oldest has waited longer than LATE."""
        return self.oldest is not None and self.oldest > LATE


class Seals(NamedTuple):
    """latest:    when the newest seal was made; None without one
    is_behind: whether an event should have been sealed by now (ledger.seals.overdue)
    """

    latest: datetime | None
    is_behind: bool


def outbox(period: Period) -> Outbox:
    """The state of the outbox at period.now. "Lately" is by `due_at`, whose index is far smaller than that of
    `sent_at`."""
    now, rows = period.now, OutboxMessage.objects.order_by()
    lately = rows.filter(due_at__gte=day_ago(now))
    waiting = rows.filter(status__in=WAITING)
    oldest = waiting.aggregate(oldest=Min("created_at"))["oldest"]
    return Outbox(
        waiting.count(),
        now - oldest if oldest else None,
        lately.filter(status=OutboxStatus.FAILED).count(),
        rows.filter(status=OutboxStatus.FAILED).count(),
        lately.filter(status=OutboxStatus.SENT).count(),
        waits(period),
    )


def seals(*, now: datetime) -> Seals:
    """Whether the ledger is being sealed. `now`: aware."""
    latest = Seal.objects.order_by("-number").values_list("at", flat=True).first()
    return Seals(latest, overdue(now=now).exists())


def day_ago(now: datetime) -> datetime:
    return now - timedelta(days=1)


def waits(period: Period) -> Waits:
    """How long the confirmations sent in the period took; read from the index outbox_waits, without sorting."""
    confirmed = OutboxMessage.objects.filter(during(period.span, "sent_at"), kind=OutboxKind.CONFIRMATION)
    number = confirmed.count()
    if not number:
        return Waits(0, None, None)
    seconds = confirmed.order_by(Waited()).values_list(Waited(), flat=True)
    median, longest = seconds[(number - 1) // 2], seconds.order_by(Waited().desc())[0]
    return Waits(number, _length(median), _length(longest))


def _length(seconds: float) -> timedelta:
    """At least 0, even if a clock went back, and in milliseconds, as SQLite's arithmetic of days is no finer."""
    return timedelta(milliseconds=round(max(0.0, seconds) * 1000))
