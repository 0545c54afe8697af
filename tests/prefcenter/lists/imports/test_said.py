"""What a cell says, where it says more than one word: no "no" is read as a yes, and no yes as a no."""

import pytest

from prefcenter.lists.imports.columns import consent
from prefcenter.lists.imports.columns.consent import (
    COMPLAINT,
    HARD_BOUNCE,
    NOTHING,
    SUBSCRIBED,
    TEMPORARY,
    UNKNOWN,
    Says,
)

NO = Says(consent.UNSUBSCRIBED)

STATES = {
    "un\u200bsubscribed": NO,  # with a character that nobody sees
    "ｕｎｓｕｂｓｃｒｉｂｅｄ": NO,
    "De\u0301sabonne\u0301": NO,  # as macOS writes it
    "Unsubscribed via email": NO,
    "unsubscribed (by user)": NO,
    "Opted out of email": NO,
    "unsub": NO,
    "subscribed, unsubscribed": NO,
    "Do-Not-Mail": NO,
    "Marked as spam": Says(COMPLAINT),
    "Hard bounced - mailbox full": Says(HARD_BOUNCE),
    "['USER_SUPPRESSED', 'HARD_BOUNCE']": Says(HARD_BOUNCE),
    "Subscribed": SUBSCRIBED,
    "['SUBSCRIBED']": SUBSCRIBED,
    "subscribed, confirmed": SUBSCRIBED,
    "Soft bounce (3)": TEMPORARY,
    "subscribed: no": UNKNOWN,
    "subscribed=0": UNKNOWN,
    "unsubscribed: false": UNKNOWN,
    "no longer subscribed": UNKNOWN,
    "not (subscribed)": UNKNOWN,
    "un.subscribed": UNKNOWN,
    "Sorry, subscribed": UNKNOWN,
}
#: They may be a no, and are asked about in a column of reasons, too.
BARE = ["blocked", "removed, active", "active/inactive", "blocked by user", "Blocked (policy)", "gelöscht", "無効"]


@pytest.mark.parametrize(("cell", "says"), STATES.items())
def test_a_state_is_read_as_a_whole(cell: str, says: Says) -> None:
    assert consent.TELLING["status"](cell) == says


@pytest.mark.parametrize(("cell", "says"), STATES.items())
def test_a_reason_says_the_same_or_nothing(cell: str, says: Says) -> None:
    assert consent.TELLING["reason"](cell) == (NOTHING if says == UNKNOWN else says)


@pytest.mark.parametrize("cell", BARE)
def test_a_word_alone_that_may_be_a_no_is_unknown_wherever_it_stands(cell: str) -> None:
    assert {consent.TELLING[name](cell) for name in ("status", "reason", "sheet")} == {UNKNOWN}


@pytest.mark.parametrize(
    "cell",
    [
        *("2024-01-02", "Tue, 02 Jan 2024 10:00:00 GMT", "2 janvier 2024", "on 2024-01-02"),
        "Tue Jan 02 2024 10:00:00 GMT+0100 (Central European Standard Time)",
    ],
)
def test_a_date_alone_says_when(cell: str) -> None:
    assert consent.TELLING["subscribed"](cell) == SUBSCRIBED
    assert consent.TELLING["unsubscribed"](cell) == NO


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("unsubscribed 2024-01-02", NO),
        ("unsubscribed on 2024-01-02", NO),
        ("no (since 2024-01-02)", UNKNOWN),
        ("not since 2024-01-02", UNKNOWN),
        ("withdrawn 2024-01-02", UNKNOWN),
        ("subscribed 2024-01-02", UNKNOWN),
        ("false 2024-01-02", UNKNOWN),
    ],
)
def test_a_date_with_a_word_about_it_is_no_date(cell: str, says: Says) -> None:
    assert consent.TELLING["subscribed"](cell) == says


def test_what_data_frames_write_for_an_empty_list_is_empty() -> None:
    assert consent.TELLING["unsubscribed"]("[]") == SUBSCRIBED


def test_a_text_of_very_many_words_is_read() -> None:
    assert consent.by_word("much-" * 200_000 + "unsubscribed") == consent.NOTHING
    assert consent.by_word("unsubscribed" + " by her" * 200_000) == Says(consent.UNSUBSCRIBED)
