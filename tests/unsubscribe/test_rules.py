"""The table of law 7, and the rest of what is decided without a database."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from unsubscribe import rules
from unsubscribe.choices import EventKind, Frequency, Outcome, PreferenceState, Purpose, Source, SuppressionReason
from unsubscribe.rules import Chosen, Facts, Rule

pytestmark = pytest.mark.sqlite_only

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
TODAY = NOW.date()
TOMORROW = TODAY + timedelta(days=1)
YESTERDAY = TODAY - timedelta(days=1)
SEND, SUPPRESSED, UNSUBSCRIBED, PAUSED, TOO_SOON = (
    Outcome.SEND,
    Outcome.SUPPRESSED,
    Outcome.UNSUBSCRIBED,
    Outcome.PAUSED,
    Outcome.TOO_SOON,
)
NO = Chosen(PreferenceState.UNSUBSCRIBED)
YES = Chosen(PreferenceState.SUBSCRIBED)
OPEN = Chosen()
DAILY = Chosen(frequency=Frequency.DAILY)
WEEKLY = Chosen(frequency=Frequency.WEEKLY)


def blocked(*reasons: SuppressionReason, **facts: Any) -> Facts:
    return Facts(suppressed=frozenset(reasons), **facts)


TABLE = [
    # fact                                                        marketing      transactional
    (blocked(SuppressionReason.HARD_BOUNCE),                      SUPPRESSED,    SUPPRESSED),
    (blocked(SuppressionReason.ERASED),                           SUPPRESSED,    SUPPRESSED),
    (blocked(SuppressionReason.MANUAL),                           SUPPRESSED,    SUPPRESSED),
    (blocked(SuppressionReason.COMPLAINT),                        SUPPRESSED,    SEND),
    (blocked(SuppressionReason.UNSUBSCRIBED_ALL),                 SUPPRESSED,    SEND),
    (blocked(SuppressionReason.COMPLAINT, SuppressionReason.MANUAL), SUPPRESSED, SUPPRESSED),
    (blocked(SuppressionReason.UNSUBSCRIBED_ALL, chosen=YES),     SUPPRESSED,    SEND),
    (Facts(chosen=NO),                                            UNSUBSCRIBED,  SEND),
    (Facts(chosen=OPEN, needs_opt_in=True),                       UNSUBSCRIBED,  SEND),
    (Facts(chosen=NO, contact_paused_until=TOMORROW),             UNSUBSCRIBED,  SEND),
    (Facts(contact_paused_until=TOMORROW),                        PAUSED,        SEND),
    (Facts(chosen=Chosen(paused_until=TOMORROW)),                 PAUSED,        SEND),
    (Facts(chosen=WEEKLY._replace(paused_until=TOMORROW), last_sent_on=TODAY), PAUSED, SEND),
    (Facts(contact_paused_until=TODAY),                           SEND,          SEND),
    (Facts(contact_paused_until=YESTERDAY),                       SEND,          SEND),
    (Facts(chosen=WEEKLY, last_sent_on=TODAY),                    TOO_SOON,      SEND),
    (Facts(chosen=WEEKLY, last_sent_on=TODAY - timedelta(days=7)), SEND,         SEND),
    (Facts(chosen=WEEKLY, last_sent_on=TODAY - timedelta(days=8)), SEND,         SEND),
    (Facts(chosen=OPEN, last_sent_on=TODAY),                      SEND,          SEND),
    (Facts(chosen=OPEN, last_sent_on=TODAY, had_until=TOMORROW),  SEND,          SEND),
    (Facts(chosen=DAILY, last_sent_on=YESTERDAY),                 SEND,          SEND),
    (Facts(chosen=DAILY, last_sent_on=YESTERDAY, had_until=TOMORROW), TOO_SOON,  SEND),
    (Facts(chosen=DAILY, last_sent_on=YESTERDAY, had_until=TODAY), SEND,         SEND),
    (Facts(chosen=YES, needs_opt_in=True),                        SEND,          SEND),
    (Facts(),                                                     SEND,          SEND),
]  # fmt: skip


@pytest.mark.parametrize(("facts", "marketing", "transactional"), TABLE)
def test_the_first_match_from_the_top_wins(facts: Facts, marketing: Outcome, transactional: Outcome) -> None:
    assert rules.may_send(facts, now=NOW).outcome == marketing
    assert rules.may_send(facts._replace(purpose=Purpose.TRANSACTIONAL), now=NOW).outcome == transactional


@pytest.mark.parametrize(
    ("facts", "rule"),
    [
        (blocked(SuppressionReason.MANUAL, chosen=NO), Rule.BLOCKED),
        (blocked(SuppressionReason.COMPLAINT, chosen=NO), Rule.SAID_NO),
        (Facts(purpose=Purpose.TRANSACTIONAL, suppressed=frozenset({SuppressionReason.COMPLAINT})), Rule.TRANSACTIONAL),
        (Facts(chosen=NO, contact_paused_until=TOMORROW), Rule.UNSUBSCRIBED),
        (Facts(chosen=WEEKLY, contact_paused_until=TOMORROW, last_sent_on=TODAY), Rule.PAUSED),
        (Facts(chosen=WEEKLY, last_sent_on=TODAY), Rule.TOO_SOON),
        (Facts(chosen=YES), Rule.NOTHING),
    ],
)
def test_a_verdict_names_the_row_that_matched(facts: Facts, rule: Rule) -> None:
    assert rules.may_send(facts, now=NOW).rule == rule


def test_a_pause_says_until_when_and_the_longer_one_counts() -> None:
    facts = Facts(chosen=Chosen(paused_until=TOMORROW), contact_paused_until=TOMORROW + timedelta(days=9))
    assert rules.may_send(facts, now=NOW).until == TOMORROW + timedelta(days=9)


def test_too_soon_says_until_when() -> None:
    had = Facts(chosen=WEEKLY, last_sent_on=YESTERDAY, had_until=TOMORROW)
    assert rules.may_send(had, now=NOW).until == TODAY + timedelta(days=6)
    assert rules.may_send(had._replace(chosen=DAILY), now=NOW).until == TOMORROW
    assert rules.may_send(Facts(chosen=WEEKLY, last_sent_on=YESTERDAY), now=NOW).until == TODAY + timedelta(days=6)


@pytest.mark.parametrize(
    ("frequency", "last", "next_day"),
    [
        (Frequency.AS_SENT, date(2026, 1, 31), None),
        (Frequency.DAILY, date(2026, 1, 31), date(2026, 2, 1)),
        (Frequency.WEEKLY, date(2026, 12, 30), date(2027, 1, 6)),
        (Frequency.MONTHLY, date(2026, 2, 1), date(2026, 3, 1)),  # on the first of each month
        (Frequency.MONTHLY, date(2026, 1, 5), date(2026, 2, 2)),  # the first Monday, four weeks later
        (Frequency.MONTHLY, date(2026, 1, 1), date(2026, 2, 1)),  # never twice in January
        (Frequency.MONTHLY, date(2026, 1, 31), date(2026, 2, 28)),
        (Frequency.MONTHLY, date(2026, 12, 31), date(2027, 1, 28)),
        (Frequency.MONTHLY, None, None),
    ],
)
def test_frequencies_count_in_calendar_days(frequency: Frequency, last: date | None, next_day: date | None) -> None:
    assert rules.next_sending_day(frequency, last) == next_day


@pytest.mark.parametrize("frequency", Frequency)
def test_the_last_day_before_is_the_last_after_which_today_is_allowed(frequency: Frequency) -> None:
    days = [date(2027, 12, 1) + timedelta(days=number) for number in range(160)]  # a leap year's February among them
    for today in days:
        limit = rules.last_day_before(frequency, today)
        for last in days[: days.index(today) + 1]:
            next_day = rules.next_sending_day(frequency, last)
            assert (next_day is None or next_day <= today) == (limit is None or last <= limit)


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        (OPEN, NO, EventKind.OPT_OUT),
        (YES, OPEN, EventKind.OPT_OUT),
        (NO, OPEN, EventKind.OPT_IN),
        (NO, YES, EventKind.OPT_IN),
        (OPEN, YES, EventKind.OPT_IN),
        (OPEN, WEEKLY, EventKind.OPT_DOWN),
        (WEEKLY, OPEN, EventKind.OPT_UP),
        (OPEN, OPEN._replace(paused_until=TOMORROW), EventKind.PAUSE),
        (OPEN._replace(paused_until=TOMORROW), OPEN, EventKind.RESUME),
        (OPEN, NO._replace(frequency=Frequency.WEEKLY), EventKind.OPT_OUT),
        (NO, NO, None),
    ],
)
def test_a_change_is_called_by_its_weightiest_part(before: Chosen, after: Chosen, kind: EventKind | None) -> None:
    assert rules.changes(before, after) == kind


@pytest.mark.parametrize(
    ("reason", "lifting"),
    [
        (SuppressionReason.UNSUBSCRIBED_ALL, rules.OWN_VOICE),
        (SuppressionReason.COMPLAINT, rules.OWN_VOICE),
        (SuppressionReason.HARD_BOUNCE, {Source.STAFF, Source.API}),
        (SuppressionReason.MANUAL, {Source.STAFF}),
        (SuppressionReason.ERASED, set()),
    ],
)
def test_only_the_person_lifts_their_own_no(reason: SuppressionReason, lifting: set[Source]) -> None:
    assert {source for source in Source if rules.may_lift(reason, source=source)} == set(lifting)


@pytest.mark.parametrize("reason", SuppressionReason)
def test_an_import_that_is_taken_back_lifts_what_it_set_itself_but_no_erasure(reason: SuppressionReason) -> None:
    lifts = rules.may_lift(reason, source=Source.IMPORT, is_its_own=True)
    assert lifts == (reason != SuppressionReason.ERASED)


@pytest.mark.parametrize("is_its_own", [False, True])
@pytest.mark.parametrize("set_by", Source)
def test_who_lifts_the_block_of_a_domain(set_by: Source, is_its_own: bool) -> None:
    lifting = {one for one in Source if rules.may_lift_domain(set_by, source=one, is_its_own=is_its_own)}
    api = {Source.API} if set_by == Source.API else set()
    own = {Source.IMPORT} if is_its_own and set_by == Source.IMPORT else set()
    assert lifting == {Source.STAFF} | api | own


def test_an_import_lifts_nothing_unless_it_is_said_to_be_its_own() -> None:
    assert not any(rules.may_lift(reason, source=Source.IMPORT) for reason in SuppressionReason)
    assert not any(rules.may_lift_domain(set_by, source=Source.IMPORT) for set_by in Source)


@pytest.mark.parametrize("source", Source)
def test_imports_providers_and_callers_never_take_back_a_no(source: Source) -> None:
    in_person = source in {Source.ONE_CLICK, Source.PAGE, Source.MAILTO, Source.SMS}
    paused = OPEN._replace(paused_until=TOMORROW)

    def may(before: Chosen, after: Chosen, *, has_said_no: bool = False) -> bool:
        return rules.may_change(before, after, source=source, has_said_no=has_said_no)

    assert may(NO, YES) == in_person
    assert may(OPEN, YES, has_said_no=True) == in_person
    assert may(WEEKLY, OPEN) == in_person
    assert may(paused, OPEN) == in_person
    assert may(paused, OPEN._replace(paused_until=TODAY)) == in_person
    assert may(OPEN, YES)
    assert may(OPEN, NO, has_said_no=True)
    assert may(WEEKLY, OPEN._replace(frequency=Frequency.MONTHLY))
    assert may(OPEN, paused)


@pytest.mark.parametrize(
    ("before", "after", "is_more"),
    [
        (NO, YES, True),
        (NO, OPEN, True),
        (OPEN, YES, True),
        (YES, OPEN, False),
        (YES, NO, False),
        (YES, YES, False),
        (NO, NO, False),
        (WEEKLY, DAILY, True),
        (WEEKLY, OPEN, True),
        (DAILY, WEEKLY, False),
        (WEEKLY, WEEKLY, False),
        (NO._replace(frequency=Frequency.WEEKLY), YES._replace(frequency=Frequency.MONTHLY), True),
        (YES._replace(frequency=Frequency.WEEKLY), NO._replace(frequency=Frequency.DAILY), True),
        (OPEN._replace(paused_until=TOMORROW), OPEN, True),
        (OPEN._replace(paused_until=TOMORROW), OPEN._replace(paused_until=TODAY), True),
        (OPEN._replace(paused_until=TODAY), OPEN._replace(paused_until=TOMORROW), False),
        (OPEN._replace(paused_until=TODAY), OPEN._replace(paused_until=TODAY), False),
        (OPEN, OPEN._replace(paused_until=TOMORROW), False),
    ],
)
def test_a_yes_a_faster_frequency_and_the_end_of_a_pause_bring_more(
    before: Chosen, after: Chosen, is_more: bool
) -> None:
    assert rules.is_more(before, after) is is_more


def test_whoever_speaks_in_person_or_through_staff_or_a_senders_system_gets_a_confirmation() -> None:
    """What a provider or a file says was not asked for here."""
    confirmed = {source for source in Source if rules.confirms(source)}
    assert confirmed == {Source.ONE_CLICK, Source.PAGE, Source.MAILTO, Source.SMS, Source.STAFF, Source.API}


def test_retries_wait_longer_each_time_and_end() -> None:
    waits = [rules.retry_after(attempts) for attempts in range(1, 9)]
    assert [wait and wait.total_seconds() / 60 for wait in waits] == [1, 5, 15, 60, 180, 360, 720, None]
