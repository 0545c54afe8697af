"""Whether confirmations go out, how long a wish takes to be confirmed, and whether the ledger is being sealed.

The wish itself waits for nothing: the gate refuses from the commit on. So what is measured is the confirmation, of
whatever category, because the outbox does not know which.
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

WAITING = (OutboxStatus.QUEUED, OutboxStatus.SENDING)
#: A wait this long is no retry any more, or the worker is not running.
LATE = timedelta(hours=1)


class Limit(NamedTuple):
    """A business day counts as a day, so that we measure ourselves by less than is allowed."""

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
    """Of the confirmations sent in the period. Both None if there were none; of an even number the lower median."""

    sent: int
    median: timedelta | None
    longest: timedelta | None


class Outbox(NamedTuple):
    """`oldest`: how long the oldest of those waiting has waited. `failed` and `sent` are of what was due in the last 24
    hours, `failed_in_all` since ever, `waits` in the period."""

    waiting: int
    oldest: timedelta | None
    failed: int
    failed_in_all: int
    sent: int
    waits: Waits

    @property
    def is_late(self) -> bool:
        return self.oldest is not None and self.oldest > LATE


class Seals(NamedTuple):
    """`latest`: when the newest seal was made. `is_behind`: a line of the ledger is overdue, as for `verify_ledger`."""

    latest: datetime | None
    is_behind: bool


def outbox(period: Period) -> Outbox:
    """What is due is in the index; when a message was sent is only in a far larger one."""
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
    latest = Seal.objects.order_by("-number").values_list("at", flat=True).first()
    return Seals(latest, overdue(now=now).exists())


def day_ago(now: datetime) -> datetime:
    return now - timedelta(days=1)


def waits(period: Period) -> Waits:
    """In the order of the index outbox_waits: half of it is walked, and nothing is sorted."""
    confirmed = OutboxMessage.objects.filter(during(period.span, "sent_at"), kind=OutboxKind.CONFIRMATION)
    number = confirmed.count()
    if not number:
        return Waits(0, None, None)
    seconds = confirmed.order_by(Waited()).values_list(Waited(), flat=True)
    median, longest = seconds[(number - 1) // 2], seconds.order_by(Waited().desc())[0]
    return Waits(number, _length(median), _length(longest))


def _length(seconds: float) -> timedelta:
    """Never below nothing, whatever the clocks said, and no finer than SQLite's arithmetic of days."""
    return timedelta(milliseconds=round(max(0.0, seconds) * 1000))
