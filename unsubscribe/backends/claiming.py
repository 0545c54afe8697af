"""Who chose a frequency gets a message once, however many processes send it at the same moment.

Their letters are claimed before the first of a batch is sent, and what became of each is noted after the last. The
letters of everybody else are noted alone.

Of a process that is killed in between nobody knows which letters it had sent. Its claims hold for rules.CLAIM_HOLDS, so
that a retry at once doubles nothing; then they lapse, and the next try sends them all. Some of one batch may so get a
second copy, which is better than a monthly letter that never comes.
"""

import logging
from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from django.utils import timezone

from .. import actions
from ..choices import Purpose
from ..mailing import Mailing
from ..rules import CLAIM_HOLDS
from .letters import Letter

logger = logging.getLogger(__package__)


class ClaimedLetters(NamedTuple):
    """Letters of one kind that are ours to send."""

    letters: Sequence[Letter]
    mailing: Mailing
    claimed_at: datetime

    def is_ours(self, letter: Letter) -> bool:
        """Whether it is still. A claim that has lapsed may be somebody else's by now, so none is used in its second
        half: a letter may take long, and the clocks of two machines differ."""
        is_ours = letter.last_day is None or timezone.now() - self.claimed_at < CLAIM_HOLDS / 2
        if not is_ours:
            logger.warning("Not sent to address %s: the letters before it took too long", letter.address_id)
        return is_ours

    def settle(self, sent: Sequence[Letter]) -> None:
        """Notes whom they went to; of the others nothing stays but what was noted before."""
        if not _is_noted(self.mailing):
            return
        reached = [letter.contact_id for letter in sent if letter.contact_id]
        missed = _paced(self.letters).keys() - set(reached)
        if reached:
            actions.record_sent(reached, self.mailing, by_us=True, now=timezone.now())
        if missed:
            actions.give_back(sorted(missed), self.mailing, claimed_at=self.claimed_at)


def claimed(letters: Sequence[Letter], mailing: Mailing) -> ClaimedLetters:
    """These letters without those that somebody else has sent, or is about to send."""
    now, paced = timezone.now(), _paced(letters)
    if not paced or not _is_noted(mailing):
        return ClaimedLetters(letters, mailing, now)
    not_ours = paced.keys() - actions.claim(paced, mailing, now=now)
    for one in letters:
        if one.contact_id in not_ours:
            logger.info("Not sent to address %s: too_soon since the gate was asked", one.address_id)
    return ClaimedLetters([one for one in letters if one.contact_id not in not_ours], mailing, now)


def _paced(letters: Sequence[Letter]) -> dict[int, date]:
    return {one.contact_id: one.last_day for one in letters if one.contact_id and one.last_day}


def _is_noted(mailing: Mailing) -> bool:
    return mailing.category is not None and mailing.purpose == Purpose.MARKETING
