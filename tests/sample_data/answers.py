"""What follows an event: the confirmation that was owed, and the feedback if somebody gave any."""

import random
import uuid
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from prefcenter.models import Feedback, FeedbackReason, User
from unsubscribe import conf, rules
from unsubscribe.choices import Channel, EventKind, OutboxKind, OutboxStatus, Source
from unsubscribe.models import OutboxMessage

from . import texts
from .acts import Said
from .loading import Sheet
from .person import Line

#: Changes that the page asks about, and how many of those who are asked answer.
ASKED_ABOUT = {EventKind.OPT_OUT, EventKind.OPT_DOWN, EventKind.PAUSE}
ANSWERS = 0.3
IN_WORDS = 0.35
#: Answers older than this were read by somebody, mostly.
READ_AFTER = timedelta(days=21)
REFUSED_ONE_IN = 400
#: With so many of the last hours' confirmations the mail server was away.
AWAY_ONE_IN = 25
AWAY_FOR = timedelta(hours=22)

#: status, attempts, due_at, claimed_at, sent_at, last_error
Outcome = tuple[OutboxStatus, int, datetime, datetime | None, datetime | None, str]


class Confirmations:
    """One for each wish that is answered. Most were sent at once; a few were refused, or wait for their next try."""

    def __init__(self, *, now: datetime, rng: random.Random) -> None:
        self._now, self._rng = now, rng
        self._delay = timedelta(seconds=conf.confirmation_delay())
        self._unsent: list[tuple[tuple[object, ...], list[int], tuple[object, ...]]] = []
        #: What still waits takes in what follows, by address.
        self._open: dict[int, list[int]] = {}
        self._sheet = Sheet(
            OutboxMessage,
            *("uid", "kind", "contact", "address", "event_ids", "status", "attempts", "due_at", "claimed_at"),
            *("sent_at", "last_error", "created_at"),
        )

    def owe(self, contact_id: int, said: Said, event_ids: Sequence[int], *, at: datetime) -> None:
        address_id = next((one.address_id for one in said.lines if _is_answered(one)), None)
        if address_id is None or not rules.confirms(said.source):
            return
        due = at + self._delay
        if said.source == Source.STAFF and all(one.kind == EventKind.LIFT for one in said.lines):
            outcome: Outcome = OutboxStatus.DROPPED, 1, due, due, None, "Nothing had changed by then."
        else:
            outcome = self._outcome(due)
        ids, is_waiting = list(event_ids), outcome[0] == OutboxStatus.QUEUED
        if is_waiting and self._open.setdefault(address_id, ids) is not ids:
            self._open[address_id] += ids
            return
        uid = uuid.UUID(int=self._rng.getrandbits(128), version=4)
        row = (uid, OutboxKind.CONFIRMATION.value, contact_id, address_id)
        rest = (outcome[0].value, *outcome[1:], at)
        if is_waiting or outcome[-1]:
            self._unsent.append((row, ids, rest))
        else:
            self._sheet.add(*row, str(ids), *rest)

    def finish(self, *, erased: Collection[int]) -> None:
        """Of whoever was erased no error stays, and nothing waits."""
        for row, ids, rest in self._unsent:
            if row[2] not in erased:
                self._sheet.add(*row, str(ids), *rest)
        self._sheet.flush()

    def _outcome(self, due: datetime) -> Outcome:
        claimed = due + timedelta(seconds=self._rng.uniform(0, 4))
        if claimed > self._now:
            return OutboxStatus.QUEUED, 0, due, None, None, ""
        if self._rng.randrange(REFUSED_ONE_IN) == 0:
            return OutboxStatus.FAILED, 1, due, claimed, None, texts.REFUSED
        if self._now - due < AWAY_FOR and self._rng.randrange(AWAY_ONE_IN) == 0:
            attempts, due = 1, claimed + timedelta(minutes=rules.RETRY_MINUTES[0])
            while due <= self._now and (wait := rules.retry_after(attempts + 1)):
                attempts, due = attempts + 1, due + wait
            return OutboxStatus.QUEUED, attempts, due, None, None, texts.AWAY
        return OutboxStatus.SENT, 1, due, claimed, claimed, ""


class Answers:
    """Feedback from the pages; given seconds after the change, read by the staff weeks later if there are any."""

    def __init__(self, reasons: Sequence[FeedbackReason], *, now: datetime, rng: random.Random) -> None:
        self._reasons, self._now, self._rng = reasons, now, rng
        self._staff = list(User.objects.filter(is_staff=True, is_active=True).values_list("id", flat=True))
        self._rows: list[tuple[int, tuple[object, ...]]] = []

    @property
    def desk(self) -> int:
        """Who acts for contacts: the first of the staff, if there is anybody."""
        return self._staff[0] if self._staff else 0

    def give(self, contact_id: int, said: Said, event_ids: Sequence[int], *, at: datetime) -> None:
        asked = [(id_, one) for id_, one in zip(event_ids, said.lines, strict=True) if one.kind in ASKED_ABOUT]
        if said.source != Source.PAGE or not asked or self._rng.random() > ANSWERS:
            return
        event_id, line = asked[0]
        place = self._rng.choices(range(len(texts.LEFT_BECAUSE)), (45, 30, 15, 10))[0]
        reason = self._reasons[place % len(self._reasons)] if self._reasons else None
        more = self._rng.choice(texts.MORE) if reason and reason.asks_for_more and self._rng.random() < 0.5 else ""
        text = self._rng.choice(texts.LEFT_BECAUSE[place]) if not reason or self._rng.random() < IN_WORDS else ""
        created = min(at + timedelta(seconds=self._rng.uniform(8, 120)), self._now)
        read = self._read(created)
        row = (event_id, line.category_id, line.campaign_id, reason.pk if reason else None, more, text, created, *read)
        self._rows.append((contact_id, row))

    def finish(self, *, erased: Collection[int]) -> None:
        """Of whoever was erased the words go and the reason stays."""
        names = ("event", "category", "campaign", "reason", "more", "text", "created_at", "reviewed_at", "reviewed_by")
        sheet = Sheet(Feedback, *names)
        for contact_id, row in self._rows:
            sheet.add(*((*row[:4], "", "", *row[6:]) if contact_id in erased else row))
        sheet.flush()

    def __len__(self) -> int:
        return len(self._rows)

    def _read(self, created: datetime) -> tuple[datetime | None, int | None]:
        read = created + READ_AFTER * self._rng.random()
        if not self._staff or read > self._now or self._rng.random() < 0.1:
            return None, None
        return read, self._rng.choice(self._staff)


def _is_answered(line: Line) -> bool:
    unconfirmed = {EventKind.SUPPRESS, EventKind.ERASE, EventKind.ACCESS}
    return line.channel == Channel.EMAIL and line.kind not in unconfirmed
