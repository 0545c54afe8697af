"""Who may be written to, and what a change means. Pure: no Django model, no clock, no input or output."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Any, NamedTuple

from .addresses import Normalised
from .choices import EventKind, Frequency, Outcome, PreferenceState, Purpose, Source, SuppressionReason

#: They let nothing through, not even a receipt (law 7).
BLOCKS_EVERYTHING = frozenset({SuppressionReason.HARD_BOUNCE, SuppressionReason.ERASED, SuppressionReason.MANUAL})
#: The person's own no, which only the person takes back (law 8).
OWN_NO = frozenset({SuppressionReason.UNSUBSCRIBED_ALL, SuppressionReason.COMPLAINT})
#: The sources by which contacts speak for themselves.
OWN_VOICE = frozenset({Source.ONE_CLICK, Source.PAGE, Source.MAILTO, Source.SMS})
#: The sources whose wishes are confirmed by email (requirements C1 to C4).
CONFIRMED = frozenset({Source.ONE_CLICK, Source.PAGE, Source.MAILTO, Source.SMS, Source.STAFF, Source.API})

#: How long after it was first recorded for a contact a campaign counts as one mailing, however often it is asked about.
CAMPAIGN_RUNS = timedelta(hours=48)
#: How long a claim keeps other processes from sending the same campaign to a contact; a batch takes less.
CLAIM_HOLDS = timedelta(hours=1)
#: How long to wait after the first, second, … failed attempt.
RETRY_MINUTES = (1, 5, 15, 60, 180, 360, 720)


class Chosen(NamedTuple):
    """What a contact chose for one category on one channel.

    paused_until: the first day without a pause; None is no pause
    """

    state: PreferenceState = PreferenceState.UNSPECIFIED
    frequency: Frequency = Frequency.AS_SENT
    paused_until: date | None = None


class Facts(NamedTuple):
    """All that counts for one address and one message; facts.own and facts.covering gather it. Days are in the site's
    time zone.

    purpose:      of the message
    suppressed:   the reasons of the suppressions in force
    chosen:       for the message's category and channel; the defaults where nothing was chosen
    needs_opt_in: an unspecified preference counts as unsubscribed
    contact_paused_until: the first day without a pause of everything
    last_sent_on: the day of the latest message of the category, for a contact who chose a frequency
    had_until:    the first day on which a contact who chose a frequency may get this campaign again; None if they have
                  not had it
    """

    purpose: Purpose = Purpose.MARKETING
    suppressed: frozenset[SuppressionReason] = frozenset()
    chosen: Chosen = Chosen()
    needs_opt_in: bool = False
    contact_paused_until: date | None = None
    last_sent_on: date | None = None
    had_until: date | None = None


class Rule(Enum):
    """Which row of the table in may_send gave a verdict, from the top. The values are for developers."""

    BLOCKED = "a block that holds for every message"
    TRANSACTIONAL = "a transactional message, which no other row holds back"
    SAID_NO = "the person's own no to every marketing message"
    UNSUBSCRIBED = "unsubscribed from the category, or not subscribed to one that needs opt-in"
    PAUSED = "a pause"
    TOO_SOON = "the chosen frequency"
    NOTHING = "nothing stands in the way"
    INVALID = "no address: the table was not asked"


class Verdict(NamedTuple):
    """Whether one message may be sent to one address.

    outcome:    what it comes to, and
    rule:       by which row of the table
    until:      the first day on which that may change by itself; None where it does not
    next_day:   once this is sent, the first day on which the contact's frequency allows another; None is "any day"
    last_day:   the last day on which another may have been sent for the frequency to allow this one, likewise
    address:    the address as it was read; None where it is none, and where the rules alone were asked
    address_id: None for an address that is not known; contact_id likewise
    """

    outcome: Outcome
    rule: Rule
    until: date | None = None
    next_day: date | None = None
    last_day: date | None = None
    address: Normalised | None = None
    address_id: int | None = None
    contact_id: int | None = None

    @property
    def may_send(self) -> bool:
        return self.outcome == Outcome.SEND


def may_send(facts: Facts, *, now: datetime) -> Verdict:
    """The table of law 7: the first match from the top wins. `now` is in the site's time zone."""
    if facts.suppressed & BLOCKS_EVERYTHING:
        return Verdict(Outcome.SUPPRESSED, Rule.BLOCKED)
    if facts.purpose == Purpose.TRANSACTIONAL:
        return Verdict(Outcome.SEND, Rule.TRANSACTIONAL)
    if facts.suppressed:
        return Verdict(Outcome.SUPPRESSED, Rule.SAID_NO)
    if not is_subscribed(facts.chosen.state, needs_opt_in=facts.needs_opt_in):
        return Verdict(Outcome.UNSUBSCRIBED, Rule.UNSUBSCRIBED)
    paused_until = max(filter(None, (facts.chosen.paused_until, facts.contact_paused_until)), default=None)
    if paused_until and now.date() < paused_until:
        return Verdict(Outcome.PAUSED, Rule.PAUSED, paused_until)
    next_day = next_sending_day(facts.chosen.frequency, facts.last_sent_on)
    if next_day and facts.had_until:
        next_day = max(next_day, facts.had_until)
    if next_day and now.date() < next_day:
        return Verdict(Outcome.TOO_SOON, Rule.TOO_SOON, next_day)
    return Verdict(Outcome.SEND, Rule.NOTHING)


def held_back_by(purpose: Purpose) -> frozenset[SuppressionReason]:
    """The suppressions that hold back a message of this purpose (law 7)."""
    return BLOCKS_EVERYTHING if purpose == Purpose.TRANSACTIONAL else frozenset(SuppressionReason)


def is_subscribed(state: PreferenceState, *, needs_opt_in: bool) -> bool:
    """Whether this state is a yes; where nothing was chosen the category's default decides."""
    if state == PreferenceState.UNSPECIFIED:
        return not needs_opt_in
    return state == PreferenceState.SUBSCRIBED


def state_beside(state: PreferenceState | str) -> PreferenceState:
    """What a contact's state counts as for a pending address beside another one (law 11): a no holds for both, a yes
    was said for the other and counts as unsubscribed here."""
    return PreferenceState.UNSUBSCRIBED if state == PreferenceState.SUBSCRIBED else PreferenceState(state)


def next_sending_day(frequency: Frequency, last_sent_on: date | None) -> date | None:
    """The first day on which the chosen frequency allows another message; None is "any day"."""
    if last_sent_on is None or frequency == Frequency.AS_SENT:
        return None
    if frequency == Frequency.DAILY:
        return last_sent_on + timedelta(days=1)
    if frequency == Frequency.WEEKLY:
        return last_sent_on + timedelta(days=7)
    # At most one in a calendar month, and never two within four weeks: the 1st and the "first Monday" both pass.
    next_month = (last_sent_on.replace(day=1) + timedelta(days=32)).replace(day=1)
    return max(next_month, last_sent_on + timedelta(days=28))


def last_day_before(frequency: Frequency, today: date) -> date | None:
    """The last day on which a message may have gone out for next_sending_day to allow another `today`; None is "any
    day"."""
    if frequency == Frequency.AS_SENT:
        return None
    if frequency == Frequency.DAILY:
        return today - timedelta(days=1)
    if frequency == Frequency.WEEKLY:
        return today - timedelta(days=7)
    return min(today.replace(day=1) - timedelta(days=1), today - timedelta(days=28))


def changes(before: Chosen, after: Chosen) -> EventKind | None:
    """The kind of event for the step from `before` to `after`: by the state if it changed, else the frequency, else the
    pause; None when nothing changed."""
    if after.state != before.state:
        return EventKind.OPT_OUT if _willing(after.state) < _willing(before.state) else EventKind.OPT_IN
    if after.frequency != before.frequency:
        is_slower = Frequency(after.frequency).pace > Frequency(before.frequency).pace
        return EventKind.OPT_DOWN if is_slower else EventKind.OPT_UP
    if after.paused_until != before.paused_until:
        return EventKind.PAUSE if after.paused_until else EventKind.RESUME
    return None


def _willing(state: PreferenceState) -> int:
    return [PreferenceState.UNSUBSCRIBED, PreferenceState.UNSPECIFIED, PreferenceState.SUBSCRIBED].index(state)


def may_lift(reason: SuppressionReason, *, source: Source, is_its_own: bool = False) -> bool:
    """Whether a suppression for `reason` may be lifted by this source (law 8, requirement S3).

    A contact's own no (OWN_NO) is lifted by OWN_VOICE alone; a hard bounce by staff and the API; a manual one by staff;
    an erasure by nobody.

    is_its_own: for an import that is taken back: it set this suppression, and no other source has said it since. An
                import lifts nothing else
    """
    if source == Source.IMPORT:
        return is_its_own and reason != SuppressionReason.ERASED
    if reason in OWN_NO:
        return source in OWN_VOICE
    if reason == SuppressionReason.HARD_BOUNCE:
        return source in {Source.STAFF, Source.API}
    return reason == SuppressionReason.MANUAL and source == Source.STAFF


def may_lift_domain(set_by: Source, *, source: Source, is_its_own: bool = False) -> bool:
    """Whether a domain block set by one source may be lifted by another: staff lift any, the API what the API set, and
    an import that is taken back what it set itself (`is_its_own`: as in may_lift)."""
    if source == Source.IMPORT:
        return is_its_own and set_by == Source.IMPORT
    return source == Source.STAFF or source == set_by == Source.API


def may_change(before: Chosen, after: Chosen, *, source: Source, has_said_no: bool) -> bool:
    """Whether a source may make this step (law 8): OWN_VOICE any; all others none that ends a no or a pause, allows
    more messages or, if `has_said_no` (they once opted out of everything), says yes."""
    if source in OWN_VOICE:
        return True
    is_yes = _willing(after.state) > _willing(before.state)
    if is_yes and (has_said_no or before.state == PreferenceState.UNSUBSCRIBED):
        return False
    return not is_faster(before, after) and not ends_sooner(before.paused_until, after.paused_until)


def is_more(before: Chosen, after: Chosen) -> bool:
    """Whether any part of the step brings more messages: a yes, a faster frequency, or an earlier end of a pause."""
    is_yes = _willing(after.state) > _willing(before.state)
    return is_yes or is_faster(before, after) or ends_sooner(before.paused_until, after.paused_until)


def less(one: Chosen, other: Chosen) -> Chosen:
    """The choice with the less willing state, the slower frequency and the later end of a pause of the two."""
    return Chosen(
        min(PreferenceState(one.state), PreferenceState(other.state), key=_willing),
        max(Frequency(one.frequency), Frequency(other.frequency), key=lambda frequency: frequency.pace),
        max(filter(None, (one.paused_until, other.paused_until)), default=None),
    )


def asks_less(stands: Chosen, change: Mapping[str, Any]) -> bool:
    """Whether a change that changes nothing repeats a slower frequency or a pause, so that its time moves on (law 12).
    `change` has the fields of Chosen that were asked for."""
    is_slow = stands.frequency != Frequency.AS_SENT and "frequency" in change
    return is_slow or (stands.paused_until is not None and "paused_until" in change)


def is_faster(before: Chosen, after: Chosen) -> bool:
    """Whether the frequency after the step allows more messages than the one before."""
    return Frequency(after.frequency).pace < Frequency(before.frequency).pace


def ends_sooner(before: date | None, after: date | None) -> bool:
    """Whether a pause until `before` would end earlier; None is no pause."""
    return before is not None and (after is None or after < before)


def confirms(source: Source) -> bool:
    """Whether a wish by this source is answered with a confirmation."""
    return source in CONFIRMED


def retry_after(attempts: int) -> timedelta | None:
    """How long to wait after this many failed attempts, from 1; None is "give up"."""
    if attempts > len(RETRY_MINUTES):
        return None
    return timedelta(minutes=RETRY_MINUTES[attempts - 1])
