"""A change in the words of pages and mails: what is different now, and never the opposite of it."""

from typing import Any

import pytest

from unsubscribe.choices import Channel
from unsubscribe.outbox.wording import by_channel, describe

Facts = dict[str, Any]

OFF, ON, OPEN = {"state": "unsubscribed"}, {"state": "subscribed"}, {"state": "unspecified"}
AS_SENT, WEEKLY = {"frequency": "as_sent"}, {"frequency": "weekly"}
UNTIL, NO_PAUSE = {"paused_until": "2026-04-01"}, {"paused_until": None}
NOTHING: Facts = {"suppressed": []}
EVERYTHING: Facts = {"suppressed": ["unsubscribed_all"]}


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        (OPEN, OFF, "You’ll no longer get “News” by email."),
        (ON, OFF, "You’ll no longer get “News” by email."),
        (OFF, ON, "You’re subscribed to “News” by email."),
        (OFF | AS_SENT, ON | WEEKLY, "You’re subscribed to “News” by email: at most once a week."),
        (OPEN | AS_SENT, OFF | WEEKLY, "You’ll no longer get “News” by email."),
        (
            OFF | NO_PAUSE,
            ON | UNTIL,
            "You’re subscribed to “News” by email. “News” by email is paused until April 1, 2026.",
        ),
        (ON | AS_SENT, ON | WEEKLY, "“News” by email: at most once a week."),
        (WEEKLY, AS_SENT, "“News” by email: every email."),
        (NO_PAUSE, UNTIL, "“News” by email is paused until April 1, 2026."),
        (UNTIL, NO_PAUSE, "“News” by email has resumed."),
        (WEEKLY | NO_PAUSE, WEEKLY | UNTIL, "“News” by email is paused until April 1, 2026."),
        (
            ON | AS_SENT | NO_PAUSE,
            ON | WEEKLY | UNTIL,
            "“News” by email: at most once a week. “News” by email is paused until April 1, 2026.",
        ),
        (NOTHING, EVERYTHING, "You’re unsubscribed from everything. We won’t send you any more marketing."),
        (EVERYTHING, NOTHING, "You’re no longer unsubscribed from everything."),
        (NOTHING, {"suppressed": ["hard_bounce"]}, ""),
        ({"suppressed": ["manual"]}, NOTHING, ""),
        ({}, EVERYTHING, "You’re unsubscribed from everything. We won’t send you any more marketing."),
        (ON | WEEKLY | UNTIL, ON | WEEKLY | UNTIL, ""),
        (EVERYTHING, EVERYTHING, ""),
        (ON, {}, ""),
        ({}, {}, ""),
    ],
)
def test_a_change_is_said_in_full(before: Facts, after: Facts, sentence: str) -> None:
    assert describe(before, after, category="News") == sentence


def test_a_yes_that_was_taken_back_is_not_on_again() -> None:
    """Undoing an opt-in: off, where a category needs opt-in."""
    assert describe(ON, OPEN, category="Partners") == "Your previous setting for “Partners” by email is back."


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        (NO_PAUSE, UNTIL, "Everything is paused until April 1, 2026."),
        (UNTIL, NO_PAUSE, "Everything has resumed."),
    ],
)
def test_a_pause_of_no_category_is_of_everything(before: Facts, after: Facts, sentence: str) -> None:
    assert describe(before, after) == sentence


@pytest.mark.parametrize(
    ("channel", "words"),
    [
        (Channel.EMAIL, "by email"),
        (Channel.SMS, "by text message"),
        (Channel.WHATSAPP, "by WhatsApp"),
        (Channel.PUSH, "as a push notification"),
        (Channel.PHONE, "by phone"),
        (Channel.POST, "by post"),
    ],
)
def test_every_channel_has_its_words(channel: Channel, words: str) -> None:
    assert by_channel(channel) == by_channel(channel.value) == words
    assert describe(ON, OFF, category="News", channel=channel) == f"You’ll no longer get “News” {words}."


def test_no_channel_was_forgotten() -> None:
    assert all(map(by_channel, Channel))


def test_a_percent_sign_in_a_name_is_just_one() -> None:
    assert describe(ON, OFF, category="100 %(day)s off") == "You’ll no longer get “100 %(day)s off” by email."
