"""The outcomes of the history's confirmations, most sent seconds after they were due. No email is composed or sent."""

import random
import smtplib
from collections.abc import Collection
from datetime import datetime, timedelta

from django.db.models import F, Max

from unsubscribe.choices import EventKind, OutboxStatus
from unsubscribe.models import ConsentEvent, OutboxMessage
from unsubscribe.outbox import claims, compose
from unsubscribe.outbox.claims import RowUpdate

from . import texts

#: One in so many is refused for good.
REFUSED_ONE_IN = 150
#: If some are to wait at the end, the mail server is away for one in so many of the last hours.
AWAY_ONE_IN, AWAY_FOR = 8, timedelta(hours=22)
#: Seconds until a worker takes one up.
SOON = (0.2, 4.0)


class Confirmations:
    """Delivers the messages queued since it was made. `are_left`: at the end those of the last minutes, and some of the
    last hours, still wait; otherwise none does, so that no worker sends one later."""

    def __init__(self, rng: random.Random, *, now: datetime, are_left: bool) -> None:
        self._rng, self._now, self._are_left = rng, now, are_left
        self._mine = OutboxMessage.objects.filter(id__gt=OutboxMessage.objects.aggregate(last=Max("id"))["last"] or 0)
        self._lifts: set[int] = set()

    def remember(self, events: Collection[ConsentEvent]) -> None:
        """Notes events that were just written."""
        self._lifts |= {one.pk for one in events if one.kind == EventKind.LIFT}

    def deliver(self, *, until: datetime) -> None:
        """Delivers what is due by then, tries again included."""
        due = self._mine.filter(status=OutboxStatus.QUEUED, due_at__lte=until).order_by("due_at", "id")
        alone, together = [], []
        for one in due.only("id", "event_ids", "due_at", "attempts"):
            is_away, is_refused = self._is_away(one), self._rng.randrange(REFUSED_ONE_IN) == 0
            if is_away or is_refused or self._is_doubtful(one):
                alone.append((one, is_away, is_refused))
            else:
                together.append(one.pk)
        if together:
            soon = timedelta(seconds=self._rng.uniform(*SOON))
            sent = claims.sent(now=until) | {"sent_at": F("due_at") + soon, "claimed_at": F("due_at") + soon}
            self._mine.filter(id__any_of=together).update(attempts=1, **sent)
        statuses = [self._deliver(one, is_away=is_away, is_refused=refused) for one, is_away, refused in alone]
        if OutboxStatus.QUEUED in statuses:
            self.deliver(until=until)

    def finish(self) -> None:
        """Delivers what is due at the end of the history."""
        self.deliver(until=self._now if self._are_left else self._now + timedelta(days=1))

    def _is_away(self, one: OutboxMessage) -> bool:
        is_late = self._are_left and self._now - one.due_at < AWAY_FOR
        return is_late and (one.attempts > 0 or self._rng.randrange(AWAY_ONE_IN) == 0)

    def _is_doubtful(self, one: OutboxMessage) -> bool:
        """Whether its changes may have been undone, so that compose.why_unneeded has to be asked."""
        return len(one.event_ids) > 1 or not self._lifts.isdisjoint(one.event_ids)

    def _deliver(self, one: OutboxMessage, *, is_away: bool, is_refused: bool) -> OutboxStatus | None:
        at = one.due_at + timedelta(seconds=self._rng.uniform(*SOON))

        def send(message: OutboxMessage) -> RowUpdate:
            if is_away:
                raise ConnectionRefusedError(111, "Connection refused")
            if unneeded := compose.why_unneeded(message):
                return claims.dropped(unneeded)
            if is_refused:
                raise smtplib.SMTPRecipientsRefused({message.address.value: (550, texts.REFUSED)})
            return claims.sent(now=at)

        rows = OutboxMessage.objects.select_related("contact", "address")
        return claims.deliver(rows, one.pk, send, now=at)
