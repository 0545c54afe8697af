"""Dates as exports, spreadsheets and people write them: read if they read one way, and asked about if they read two."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefcenter.lists.imports.columns import asking
from prefcenter.lists.imports.columns.answers import ColumnAnswer
from prefcenter.lists.imports.columns.date_columns import DateColumn
from prefcenter.lists.imports.columns.dates import DateOrder, moment, orders, reads_two_ways

pytestmark = pytest.mark.sqlite_only

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
DAY, MONTH, YEAR = DateOrder.DAY_FIRST, DateOrder.MONTH_FIRST, DateOrder.YEAR_FIRST
# The last day of 2021 where on earth it is last: at ten in the morning, at five past four in the afternoon, all of it.
TEN, FOUR = datetime(2021, 12, 31, 22, tzinfo=UTC), datetime(2022, 1, 1, 4, 5, tzinfo=UTC)
WHOLE = datetime(2022, 1, 1, 11, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "31.12.2021 10:00",
        "31.12.2021, 10:00 Uhr",
        "31/12/2021 10:00:00",
        "31-12-2021 10:00",
        "2021/12/31 10:00:00",
        "2021.12.31 10:00",
        "2021-12-31 10:00",
        "2021-12-31T10:00:00,000",
        "2021-12-31 10:00:00.000",
        "20211231100000",
        "202112311000",
        "20211231T100000",
        "12/31/2021 10:00 AM",
        "12/31/2021, 10:00:00 a.m.",
        "12/31/21 10:00",
        "31/12/21 10:00",
        "21/12/31 10:00",
        "Dec 31, 2021 10:00 AM",
        "Dec 31, 2021, 10:00\u202fAM",
        "Dec 31 2021 10AM",
        "December 31st, 2021 at 10:00 am",
        "Friday, December 31, 2021 10:00:00 AM",
        "Fri Dec 31 10:00:00 2021",
        "31 Dec 2021 10:00",
        "31-Dec-2021 10:00:00",
        "31-DEC-21 10.00.00.000000 AM",
        "2021-Dec-31 10:00",
        "31. Dezember 2021 um 10:00 Uhr",
        "Fr., 31. Dez. 2021 10:00",
        "31 décembre 2021 à 10h00",
        "vendredi 31 décembre 2021 10 h 00",
        "31 de diciembre de 2021 a las 10:00",
        "31 dic 2021 10:00",
        "31 de dezembro de 2021 às 10:00",
        "2021年12月31日 10:00",
        "2021年12月31日 10時00分",
        "٣١ ديسمبر ٢٠٢١ ١٠:٠٠",
        "'31.12.2021 10:00",
        "\u200e31.12.2021\u00a010:00",
    ],
)
def test_what_reads_one_way_is_read(text: str) -> None:
    assert moment(text, now=NOW) == TEN
    assert moment(f"  {text} ", now=NOW) == TEN
    assert not reads_two_ways(text, now=NOW)


@pytest.mark.parametrize(
    "text", ["12/31/2021 4:05 PM", "31.12.2021 4:05 p. m.", "31 Dec 2021 16:05", "Dec 31, 2021 04:05:00 pm"]
)
def test_the_afternoon_is_not_the_morning(text: str) -> None:
    assert moment(text, now=NOW) == FOUR


@pytest.mark.parametrize(
    "text",
    [
        "31.12.2021",
        "31/12/2021",
        "12/31/2021",
        "2021/12/31",
        "2021-12-31",
        "20211231",
        "31 Dec 2021",
        "Dec 31, 2021",
        "31-Dec-2021",
        "31-Dec-21",
        "31.12.21",
        "31.12.2021.",
        "2021年12月31日",
        "31 décembre 2021",
        "31. 12. 2021",
    ],
)
def test_a_day_alone_means_its_end(text: str) -> None:
    assert moment(text, now=NOW) == WHOLE


def test_midnight_and_noon_of_the_half_day_clock() -> None:
    assert moment("31.12.2021 12:00 AM UTC", now=NOW) == datetime(2021, 12, 31, 0, tzinfo=UTC)
    assert moment("31.12.2021 12:00 PM UTC", now=NOW) == datetime(2021, 12, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "hours"),
    [
        (" UTC", 0),
        (" GMT", 0),
        ("Z", 0),
        (" Z", 0),
        (" +02:00", 2),
        ("+0200", 2),
        (" -0500", -5),
        (" PST", -8),
        (" EDT", -4),
        (" CET", 1),
        (" MESZ", 2),
        (" JST", 9),
        (" GMT+0100 (Central European Standard Time)", 1),
        (" UTC-3", -3),
    ],
)
@pytest.mark.parametrize(
    "text", ["2021-12-31 10:00:00", "31.12.2021 10:00:00", "Dec 31, 2021 10:00:00", "31 Dec 2021 10:00:00"]
)
def test_a_time_zone_is_taken_into_account(text: str, zone: str, hours: int) -> None:
    expected = datetime(2021, 12, 31, 10, tzinfo=timezone(timedelta(hours=hours)))
    assert moment(text + zone, now=NOW) == expected


def test_the_zone_may_stand_before_the_year() -> None:
    assert moment("Fri Dec 31 10:00:00 PST 2021", now=NOW) == datetime(2021, 12, 31, 18, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("1640944800", datetime(2021, 12, 31, 10, tzinfo=UTC)),
        ("1640944800000", datetime(2021, 12, 31, 10, tzinfo=UTC)),
        ("1640944800000000", datetime(2021, 12, 31, 10, tzinfo=UTC)),
        ("1586552585.077", datetime(2020, 4, 10, 21, 3, 6, tzinfo=UTC)),
    ],
)
def test_a_count_since_1970_is_read_whatever_its_unit(text: str, when: datetime) -> None:
    assert moment(text, now=NOW) == when


@pytest.mark.parametrize(
    "text",
    [
        "0000-00-00",
        "0000-00-00 00:00:00",
        "00/00/0000",
        "0001-01-01T00:00:00Z",
        "31/12/0000",
        "30.02.2021",
        "32/12/2021",
        "31.12.2021 25:00",
        "31.12.2021 10:61",
        "31/13/2021",
        "12/2021",
        "2021-12",
        "2021",
        "4:05 PM",
        "31 December",
        "44561",
        "44561.5",
        "before 31 Dec 2021",
        "31 Dec 2021 or later",
        "not 31.12.2021",
        "31 Dez Mai 2021",
        "yesterday",
        "31.12.2021 10:00 XYZT",
        "1/2/3",
        "²²/²²/2021",
        "31.12.2021 - 01.01.2022",
        "5 2021",
        "1" * 200,
        "/" * 200,
        "",
    ],
)
def test_what_is_no_date_is_read_as_none(text: str) -> None:
    assert moment(text, now=NOW) is None
    assert not reads_two_ways(text, now=NOW)


@pytest.mark.parametrize(
    ("text", "day", "month", "year"),
    [
        ("03/04/2021", (2021, 4, 3), (2021, 3, 4), None),
        ("3-4-2021", (2021, 4, 3), (2021, 3, 4), None),
        ("03/04/21", (2021, 4, 3), (2021, 3, 4), (2003, 4, 21)),
        ("18-03-21", (2021, 3, 18), None, (2018, 3, 21)),
    ],
)
def test_what_reads_two_ways_reads_as_none_before_the_order_is_known(
    text: str, day: tuple[int, int, int] | None, month: tuple[int, int, int] | None, year: tuple[int, int, int] | None
) -> None:
    assert reads_two_ways(text, now=NOW)
    assert reads_two_ways(f"{text} 10:00", now=NOW)
    assert moment(text, now=NOW) is None
    for order, expected in {DAY: day, MONTH: month, YEAR: year}.items():
        found = moment(f"{text} 10:00 UTC", now=NOW, order=order)
        assert found == (datetime(*expected, 10, tzinfo=UTC) if expected else None)


def test_the_same_day_in_any_order_and_dots_read_one_way() -> None:
    for text in ("04/04/2021", "03.04.2021"):
        assert not reads_two_ways(text, now=NOW)
    assert moment("04/04/2021 10:00 UTC", now=NOW) == datetime(2021, 4, 4, 10, tzinfo=UTC)
    assert moment("03.04.2021 10:00 UTC", now=NOW) == datetime(2021, 4, 3, 10, tzinfo=UTC)


def test_the_order_makes_no_difference_to_what_reads_one_way() -> None:
    for order in DateOrder:
        assert moment("31/12/2021", now=NOW, order=order) == WHOLE
        assert moment("12/31/2021", now=NOW, order=order) == WHOLE
        assert moment("Dec 31, 2021", now=NOW, order=order) == WHOLE


@pytest.mark.parametrize(
    ("column", "order"),
    [
        (["03/04/2021", "31/12/2021"], DAY),
        (["12/31/2021 4:05 PM", "", "03/04/2021"], MONTH),
        (["03/04/2021", "05/06/2021"], None),
        (["03/04/2021", "2021-12-31", "Dec 31, 2021", "31.12.2021"], None),
        (["31/12/2021", "12/31/2021"], None),
        (["03/04/21", "25/12/21", "31/12/21"], DAY),
        (["24/12/21", "25/12/21"], None),
        (["nothing", ""], None),
        ([], None),
    ],
)
def test_a_whole_column_shows_its_order_if_only_one_fits_every_date(column: list[str], order: DateOrder | None) -> None:
    assert order_of(column) == order_of(reversed(column)) == order


def order_of(column: Iterable[str]) -> DateOrder | None:
    date_column = DateColumn("said", "Said", 0, ColumnAnswer(), is_dates=True, has_serials=False)
    dates = asking._Dates(date_column, now=NOW)
    for text in column:
        dates.add({text: 1})
    return dates.order


def test_a_date_shows_the_orders_in_which_it_is_one() -> None:
    assert orders("03/04/2021", now=NOW) == {DAY, MONTH}
    assert orders("31/12/2021 10:00", now=NOW) == {DAY}
    assert orders("2021-12-31", now=NOW) == orders("31.12.2021", now=NOW) == frozenset()


@given(st.text(alphabet="0123456789/-.: ,TZapmDec年月日+()éﷺ\u200b", max_size=40))
def test_whatever_the_text_it_is_a_moment_of_the_past_or_none(text: str) -> None:
    for order in (None, *DateOrder):
        found = moment(text, now=NOW, order=order)
        assert found is None or found <= NOW


@given(st.integers(0, 36 * 365).map(lambda days: NOW - timedelta(days=days, seconds=days * 7919 % 86400)))
def test_what_is_written_without_doubt_is_read_back(when: datetime) -> None:
    expected = when
    for form in ("%d.%m.%Y %H:%M:%S UTC", "%Y/%m/%d %H:%M:%S GMT", "%b %d, %Y %I:%M:%S %p UTC", "%d %B %Y %H:%M:%S Z"):
        assert moment(when.strftime(form), now=NOW) == expected
    assert moment(when.strftime("%d/%m/%Y %H:%M:%S UTC"), now=NOW, order=DAY) == expected
    assert moment(when.strftime("%m/%d/%Y %I:%M:%S %p UTC"), now=NOW, order=MONTH) == expected
