"""When somebody said no, as spreadsheets count it, and what is no date: it never counts as one in silence (law 12)."""

import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904, CALENDAR_WINDOWS_1900

from prefcenter.lists.imports.columns.dates import serial
from tests.factories import ADA, BOB, CLEO, AddressFactory
from tests.prefcenter.lists.imports.importing import Files, blocked
from unsubscribe import actions
from unsubscribe.actions import Origin
from unsubscribe.choices import Source, SuppressionReason

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
BEFORE, AFTER = datetime(2021, 12, 1, tzinfo=UTC), datetime(2022, 2, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("44561", datetime(2022, 1, 1, 11, 59, 59, tzinfo=UTC)),
        ("44561.0", datetime(2022, 1, 1, 11, 59, 59, tzinfo=UTC)),
        ("44561.416667", datetime(2021, 12, 31, 22, tzinfo=UTC)),
        ("44561,416667", datetime(2021, 12, 31, 22, tzinfo=UTC)),
        ("44561.41666666666", datetime(2021, 12, 31, 22, tzinfo=UTC)),
        (" 44561.5 ", datetime(2022, 1, 1, 0, tzinfo=UTC)),
        ("46091", NOW),
        *((text, None) for text in ("46099", "60000", "32000", "4456", "445611", "44561.4.1", "", "-44561", "²4561")),
    ],
)
def test_a_spreadsheets_number_is_the_day_that_it_counts(text: str, when: datetime | None) -> None:
    assert serial(text, now=NOW) == when


def book(*rows: list[Any], epoch: datetime = CALENDAR_WINDOWS_1900) -> bytes:
    made, file = Workbook(), io.BytesIO()
    made.epoch = epoch
    for row in rows:
        made.worksheets[0].append(row)
    made.save(file)
    return file.getvalue()


def came_back(text: str, at: datetime) -> None:
    """Somebody left in 2020, and said yes again then."""
    one, reason = AddressFactory.create(text=text), SuppressionReason.UNSUBSCRIBED_ALL
    actions.suppress([one.pk], Origin(Source.PAGE, datetime(2020, 1, 1, tzinfo=UTC)), reason=reason)
    actions.lift([one.pk], Origin(Source.PAGE, at), reason=reason)


@pytest.fixture
def files(tmp_path: Path, settings: Any) -> Files:
    settings.DATA_DIR = tmp_path / "data"
    return Files(tmp_path)


OWN = "address,channel,reason,category,source,campaign,date,contact\n"
#: The same no of the last day of 2021, as each of these files has it; Bob has none, or another.
SERIALS: dict[str, tuple[str, Any]] = {
    "a column that says when": ("x.csv", f"email,unsubscribed_at\n{ADA},44561\n{BOB},\n"),
    "with a time": ("x.csv", f"email,Opt-out date\n{ADA},44561.416667\n{BOB},NULL\n"),
    "with a comma": ("x.csv", f"email;Abmeldedatum\n{ADA};44561,416667\n{BOB};\n"),
    "whether or when": ("x.csv", f"email,Unsubscribed\n{ADA},44561\n{BOB},0\n"),
    "SendGrid's": ("suppression_unsubscribes.csv", f"email,created\n{ADA},44561\n"),
    "Mailchimp's": ("x.csv", f"Email Address,UNSUB_TIME,LEID,EUID\n{ADA},44561.5,1,2\n{BOB},,3,4\n"),
    "our own": ("x.csv", f"{OWN}{ADA},email,Unsubscribed from everything,,One-click,,44561.4,1\n"),
    "a spreadsheet": ("x.xlsx", book(["email", "unsubscribed_at"], [ADA, 44561], [BOB, None])),
    "with a time, in a spreadsheet": ("x.xlsx", book(["email", "unsubscribed_at"], [ADA, 44561.416667])),
    "counted from 1904": ("x.xlsx", book(["email", "unsubscribed_at"], [ADA, 43099], epoch=CALENDAR_MAC_1904)),
    "counted from 1904, with a time": (
        "x.xlsx",
        book(["email", "Unsubscribed"], [ADA, 43099.416667], [BOB, "no"], epoch=CALENDAR_MAC_1904),
    ),
    "our own, counted from 1904": (
        "x.xlsx",
        book(
            OWN.strip().split(","),
            [ADA, "email", "Unsubscribed from everything", "", "One-click", "", 43099.4, 1],
            epoch=CALENDAR_MAC_1904,
        ),
    ),
    "a date in a spreadsheet of 1904": (
        "x.xlsx",
        book(["email", "unsubscribed_at"], [ADA, datetime(2021, 12, 31, 10)], epoch=CALENDAR_MAC_1904),  # noqa: DTZ001
    ),
    "a date in a spreadsheet": ("x.xlsx", book(["email", "unsubscribed_at"], [ADA, datetime(2021, 12, 31, 10)])),  # noqa: DTZ001
    "a date in words": ("x.csv", f"email,Unsubscribed\n{ADA},31.12.2021\n{BOB},no\n"),
}


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "content"), SERIALS.values(), ids=SERIALS)
class TestAnOlderNo:
    def test_does_not_beat_a_newer_yes(self, name: str, content: Any, files: Files) -> None:
        came_back(ADA, AFTER)
        done = files.does("import_optouts", content, "--apply", name=name)
        assert (done["overtaken"], blocked()) == (1, set())

    def test_holds_against_an_older_yes(self, name: str, content: Any, files: Files) -> None:
        came_back(ADA, BEFORE)
        assert files.does("import_optouts", content, "--apply", name=name)["new"] == 1
        assert blocked() == {ADA}


@pytest.mark.django_db
class TestWhatIsNoDate:
    @pytest.mark.parametrize(
        ("name", "text"),
        [
            ("suppression_unsubscribes.csv", f"email,created\n{ADA},last spring\n{BOB},1640944800\n"),
            ("x.csv", f"address,tags,created_at\n{ADA},*,2021-02-30\n"),
            ("x.csv", f"email,unsubscribed_at\n{ADA},2021-02-30\n{BOB},\n"),
            ("x.csv", f"email,unsubscribed\n{ADA},2021-02-30\n{BOB},no\n"),
            ("x.csv", f"email,unsubscribed_at\n{ADA},58000\n"),
            ("x.csv", f"{OWN}{ADA},email,Complained,,Complaint,,spring,1\n"),
        ],
    )
    def test_is_asked_about_and_counts_as_now_if_that_is_said(self, name: str, text: str, files: Files) -> None:
        came_back(ADA, AFTER)
        [column] = files.asks("import_optouts", text, "--apply", name=name)
        _, said, _ = files.fails("import_optouts", text, name=name)
        assert "1  with a value that isn’t a date" in said
        assert "--means undated" in said
        done = files.does("import_optouts", text, "--column", column, "--means", "undated", "--apply", name=name)
        assert ADA in blocked()
        assert "values that aren’t dates count as now" in done["columns"][column]
        assert files.does("import_optouts", text, "--apply", name=name)["new"] == 0, "and the next night, too"

    def test_is_not_asked_about_where_it_is_a_word(self, files: Files) -> None:
        text = f"email,unsubscribed_at\n{ADA},true\n{BOB},NULL\n{CLEO},never\n"
        assert files.does("import_optouts", text, "--apply")["new"] == 1

    @pytest.mark.parametrize("cell", ["1985-05-05", "9999-12-31", "1900-01-01", "1899-12-30 00:00:00"])
    def test_a_year_in_which_nobody_mailed_may_stand_for_no_date_at_all(self, cell: str, files: Files) -> None:
        text = f"email,unsubscribed_at\n{ADA},{cell}\n{BOB},2024-01-01\n"
        assert files.asks("import_optouts", text, "--apply") == ["unsubscribed_at"]
        assert files.does("import_contacts", text, "--column", "unsubscribed_at", "--means", "filled=subscribed")["new"]

    def test_a_row_with_one_date_that_can_be_read_and_one_that_cannot_counts_as_now(self, files: Files) -> None:
        came_back(ADA, AFTER)
        text = f"email,unsubscribed_at,opt-out date\n{ADA},2021-12-31,2022-02-30\n"
        files.does("import_optouts", text, "--column", "opt-out date", "--means", "undated", "--apply")
        assert blocked() == {ADA}


@pytest.mark.django_db
class TestADateInAColumnOfWhichSomebodySaidThatItIsTheNo:
    def test_counts(self, files: Files) -> None:
        came_back(ADA, AFTER)
        text = f"email,stop mail since\n{ADA},31.12.2021\n{BOB},\n"
        answer = ["--column", "stop mail since", "--means", "filled=unsubscribed,empty=subscribed"]
        assert files.does("import_optouts", text, *answer, "--apply")["overtaken"] == 1

    def test_a_number_in_it_is_a_date_only_if_its_heading_says_so(self, files: Files) -> None:
        for heading, overtaken in {"stop mail since": 1, "leaving campaign": 0}.items():
            came_back(f"{overtaken}@x.example", AFTER)
            text = f"email,{heading}\n{overtaken}@x.example,44561\n{BOB},unsubscribed\n"
            answer = ["--column", heading, "--means", "filled=unsubscribed"]
            assert files.does("import_optouts", text, *answer, "--apply")["overtaken"] == overtaken

    def test_what_reads_two_ways_is_asked_about(self, files: Files) -> None:
        text = f"email,stop mail since\n{ADA},03/04/2021\n{BOB},\n"
        answer = ["--column", "stop mail since", "--means", "filled=unsubscribed,empty=subscribed"]
        assert files.asks("import_optouts", text, *answer) == ["stop mail since"]
        both = ["--column", "stop mail since", "--means", "day-first"]
        assert files.does("import_optouts", text, *answer, *both, "--apply")["new"] == 1


@pytest.mark.django_db
class TestTheOrder:
    def test_of_our_own_export_that_a_spreadsheet_wrote_anew_is_asked_about(self, files: Files) -> None:
        text = f"{OWN}{ADA},email,Complained,,Complaint,,03/04/2021 10:00,1\n"
        assert files.asks("import_optouts", text, "--apply") == ["date"]
        came_back(ADA, datetime(2021, 3, 20, tzinfo=UTC))
        for order, new in {"day-first": 1, "month-first": 0}.items():
            assert files.does("import_optouts", text, "--column", "date", "--means", order)["new"] == new

    def test_that_was_kept_does_not_hold_for_dates_that_cannot_have_it(self, files: Files) -> None:
        first = f"email,unsubscribed_at\n{ADA},03/04/2021\n"
        files.does("import_optouts", first, "--column", "unsubscribed_at", "--means", "day-first", "--apply")
        other = f"email,unsubscribed_at\n{BOB},03/04/2021\n{CLEO},12/31/2021\n"
        assert files.asks("import_optouts", other, "--apply") == ["unsubscribed_at"]
