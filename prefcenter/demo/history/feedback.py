"""The history's feedback: given a minute after a change, and reviewed by staff some days later."""

import random
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from prefcenter.models import Feedback, FeedbackReason, FeedbackTag, User
from unsubscribe.choices import EventKind, Source
from unsubscribe.models import ConsentEvent

from . import texts

#: The kinds of events after which the page asks for a reason.
ASKED_ABOUT = {EventKind.OPT_OUT, EventKind.OPT_DOWN, EventKind.PAUSE}
#: The part of those asked who answer, and the part of these who write a comment.
ANSWERS, IN_WORDS = 0.6, 0.75
#: How often each reason is ticked, by its place.
REASONS_WEIGH = (38, 25, 19, 18)
#: Within which time feedback is reviewed, if it is.
READ_WITHIN = timedelta(days=21)
#: The part that is never reviewed; of the reviewed the parts with tags and with notes.
UNREAD, TAGGED, NOTED = 0.1, 0.4, 0.2


class FeedbackOfThePast:
    """Writes feedback. `staff`: the ids of those who review it; if empty, none is reviewed. `now`: when the history
    ends."""

    def __init__(self, rng: random.Random, *, staff: Sequence[int], now: datetime) -> None:
        self._rng, self._staff, self._now = rng, staff, now
        self._reasons = list(FeedbackReason.objects.filter(is_active=True))
        self._tags = [FeedbackTag.objects.get_or_create(name=name)[0] for name in texts.TAGS] if staff else []
        self._unused: dict[int, list[str]] = {}

    def give(self, events: Iterable[ConsentEvent]) -> None:
        """Some contacts who chose less or nothing on a page say why."""
        asked = {one.contact_id: one for one in events if one.kind in ASKED_ABOUT and one.source == Source.PAGE}
        rows = [self._row(one) for one in asked.values() if self._rng.random() < ANSWERS]
        made = Feedback.objects.bulk_create(rows)
        tagged = [one for one in made if one.reviewed_at and one.text and self._rng.random() < TAGGED]
        tag = Feedback.tags.through
        tag.objects.bulk_create([tag(feedback=one, feedbacktag=self._rng.choice(self._tags)) for one in tagged])

    def _row(self, event: ConsentEvent) -> Feedback:
        [place] = self._rng.choices(range(len(texts.LEFT_BECAUSE)), REASONS_WEIGH)
        reason = self._reasons[place % len(self._reasons)] if self._reasons else None
        has_more = reason is not None and reason.asks_for_more and self._rng.random() < 0.5
        created_at = min(event.at + timedelta(seconds=self._rng.uniform(8, 120)), self._now)
        return Feedback(
            event=event,
            category_id=event.category_id,
            campaign_id=event.campaign_id,
            reason=reason,
            more=self._rng.choice(texts.MORE) if has_more else "",
            text=self._text(place) if reason is None or self._rng.random() < IN_WORDS else "",
            created_at=created_at,
            **self._review(created_at),
        )

    def _text(self, place: int) -> str:
        """A comment; each is used once before one is repeated."""
        if not self._unused.get(place):
            self._unused[place] = self._rng.sample(texts.LEFT_BECAUSE[place], len(texts.LEFT_BECAUSE[place]))
        return self._unused[place].pop()

    def _review(self, created_at: datetime) -> dict[str, Any]:
        at = created_at + READ_WITHIN * self._rng.random()
        if not self._staff or at > self._now or self._rng.random() < UNREAD:
            return {}
        note = self._rng.choice(texts.NOTES) if self._rng.random() < NOTED else ""
        return {"reviewed_at": at, "reviewed_by_id": self._rng.choice(self._staff), "note": note}


def staff() -> list[int]:
    """The ids of active staff."""
    return list(User.objects.filter(is_staff=True, is_active=True).order_by("id").values_list("id", flat=True))
