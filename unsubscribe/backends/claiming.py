"""Claims the letters to contacts who chose a frequency, so that each gets one, however many processes send at once.

They are claimed before the first letter of a batch is sent and settled after the last (actions.claim, record_sent,
give_back). Letters to all other contacts are only recorded.

If a process is killed in between, its claims hold for rules.CLAIM_HOLDS, so that a retry at once sends no second copy.
Then they lapse and the next try sends them all: some of that batch may get a second copy, but none is left out.
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
    """Letters of one mailing that this process may send. `claimed_at`: aware."""

    letters: Sequence[Letter]
    mailing: Mailing
    claimed_at: datetime

    def is_ours(self, letter: Letter) -> bool:
        """Whether the letter's claim still holds. Claims are used for the first half of CLAIM_HOLDS only, because
        sending may take long and the clocks of two machines differ."""
        is_ours = letter.last_day is None or timezone.now() - self.claimed_at < CLAIM_HOLDS / 2
        if not is_ours:
            logger.warning("Not sent to address %s: the letters before it took too long", letter.address_id)
        return is_ours

    def settle(self, sent: Sequence[Letter]) -> None:
        """Records the letters that were sent, and gives back the claims of the others."""
        if not _is_noted(self.mailing):
            return
        reached = [letter.contact_id for letter in sent if letter.contact_id]
        missed = _paced(self.letters).keys() - set(reached)
        if reached:
            actions.record_sent(reached, self.mailing, by_us=True, now=timezone.now())
        if missed:
            actions.give_back(sorted(missed), self.mailing, claimed_at=self.claimed_at)


def claimed(letters: Sequence[Letter], mailing: Mailing) -> ClaimedLetters:
    """These letters of one mailing, without those that another process has sent or claimed."""
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
