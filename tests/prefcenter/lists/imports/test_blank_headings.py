"""A heading that is blank, or says nothing, decides nothing; of headings that are there twice, each is read."""

import csv
import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from prefcenter.lists import imports
from prefcenter.lists.imports import ImportOptions
from prefcenter.lists.imports.columns.consent import SUBSCRIBED, TEMPORARY
from prefcenter.lists.imports.reading import SAYS_NO, open_source
from prefcenter.lists.reader import NoColumnNamesError, open_table
from prefcenter.models import ImportKind
from unsubscribe.choices import SuppressionReason
from unsubscribe.models import Address, Suppression

pytestmark = pytest.mark.sqlite_only

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
NO, SPAM, GONE, _, _ = (str(reason) for reason in SuppressionReason)
YES, LATER = SUBSCRIBED.refusal, TEMPORARY.refusal
#: A file's name, its heading, its rows, and what each of them says.
FILES: list[tuple[str, str, list[str], list[str]]] = [
    ("left.csv", "Email|Name", ["a@x.example|Ada", "b@x.example|"], [NO, NO]),
    ("left.csv", "email", ["a@x.example", "b@x.example"], [NO, NO]),
    ("bounces.csv", "email", ["a@x.example"], [GONE]),
    ("crm.csv", "Email|Status", ["a@x.example|Unsubscribed", "b@x.example|Subscribed"], [NO, YES]),
    (
        "opt-outs.csv",
        "address|channel|reason|category|source|campaign|date|contact",
        ["a@x.example|email|Complained||Complaint||2026-01-05 10:00|2"],
        [SPAM],
    ),
    (
        "suppressions.csv",
        "EmailAddress|SuppressionReason|Origin|CreatedAt",
        ["a@x.example|ManualSuppression|Recipient|", "b@x.example|HardBounce|Recipient|"],
        [NO, GONE],
    ),
    (
        "suppression_bounces.csv",
        "status|reason|email|created",
        ["5.1.1|gone|a@x.example|1700000000", "4.2.2|full|b@x.example|1700000000"],
        [GONE, LATER],
    ),
    ("suppression_spam_reports.csv", "ip|email|created", ["::1|a@x.example|1700000000"], [SPAM]),
    ("suppression_unsubscribes.csv", "email|created", ["a@x.example|1700000000"], [NO]),
    ("bounces.csv", "address|code|error|created_at", ["a@x.example|550|gone|", "b@x.example|452|full|"], [GONE, LATER]),
    ("complaints.csv", "address|created_at", ["a@x.example|"], [SPAM]),
    ("members.csv", "address|name|vars|subscribed", ["a@x.example|A|{}|no", "b@x.example|B|{}|yes"], [NO, YES]),
    ("x.csv", "Email Address|UNSUB_TIME|LEID|EUID", ["a@x.example|2024-02-01 08:00:00|1|e"], [NO]),
]
BLANKS = ["", " ", "\u00a0", "\u200b", "\ufeff", "Unnamed: 0", "...1", "#", "_", '""']


def table(heading: str, rows: list[str], delimiter: str, blanks: dict[int, str], *, filling: str = "4") -> str:
    """Those columns, and before the column of each of these numbers one with such a heading."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    for number, line in enumerate([heading, *rows]):
        cells = line.split("|")
        for place in sorted(blanks, reverse=True):
            cells.insert(place, filling if number else blanks[place])
        writer.writerow(cells)
    return out.getvalue()


def said(text: str, name: str, kind: ImportKind = ImportKind.OPT_OUTS) -> tuple[str, list[str]]:
    source = open_source(io.BytesIO(text.encode()), ImportOptions(kind), file_name=name, now=NOW)
    [batch] = source.batches()
    found = {bad.line: bad.problem for bad in batch.bad}
    taken = iter(batch.lines)
    return source.format.key, [found.get(n) or str(next(taken).reason) for n in range(2, batch.last_line + 1)]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("blanks", [{0: ""}, {1: ""}, {9: ""}, {0: "", 1: "", 9: ""}], ids=str)
@pytest.mark.parametrize("filling", ["", "4", "no"])
@pytest.mark.parametrize(("name", "heading", "rows", "expected"), FILES, ids=lambda value: str(value)[:24])
def test_a_blank_heading_changes_nothing_wherever_it_stands(
    name: str, heading: str, rows: list[str], expected: list[str], filling: str, blanks: dict[int, str], delimiter: str
) -> None:
    key, without = said(table(heading, rows, delimiter, {}), name)
    assert without == expected
    assert said(table(heading, rows, delimiter, blanks, filling=filling), name) == (key, expected)


@pytest.mark.parametrize("blank", BLANKS, ids=ascii)
@pytest.mark.parametrize(("name", "heading", "rows", "expected"), FILES, ids=lambda value: str(value)[:24])
def test_a_heading_that_says_nothing_is_as_good_as_blank(
    name: str, heading: str, rows: list[str], expected: list[str], blank: str
) -> None:
    for place in (0, 9):
        assert said(table(heading, rows, ",", {place: blank}), name)[1] == expected


@pytest.mark.parametrize("blanks", [{0: ""}, {2: ""}, {1: "", 2: ""}], ids=str)
@pytest.mark.parametrize("filling", ["", "4"])
def test_among_contacts_who_said_no_is_refused_beside_a_blank_heading(blanks: dict[int, str], filling: str) -> None:
    for name, heading, rows, expected in FILES:
        if {NO, SPAM, GONE} & set(expected) and name == "crm.csv":
            text = table(heading, rows, ",", blanks, filling=filling)
            assert said(text, name, ImportKind.CONTACTS)[1] == [SAYS_NO, NO]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a@x.example,\nb@x.example,\n", ["a@x.example", "b@x.example"]),
        ("a@x.example;;\nb@x.example;;\n", ["a@x.example", "b@x.example"]),
        ("who,\na@x.example,\n", ["a@x.example"]),
        (",who\n0,a@x.example\n", ["a@x.example"]),
    ],
)
def test_of_a_list_with_a_stray_delimiter_nobody_is_lost(text: str, expected: list[str]) -> None:
    assert [row.address for row in open_table(io.BytesIO(text.encode()))] == expected


def test_a_first_person_behind_a_blank_column_is_not_taken_for_a_heading() -> None:
    for text in (b",a@x.example\n,b@x.example\n", b"0,a@x.example\n1,b@x.example\n"):
        try:
            found = [row.address for row in open_table(io.BytesIO(text))]
        except NoColumnNamesError:
            continue
        assert found == ["a@x.example", "b@x.example"]


def test_of_columns_with_one_name_each_is_read_and_a_no_in_any_of_them_counts() -> None:
    assert said("status,email,status\nactive,a@x.example,unsubscribed\nactive,b@x.example,\n", "crm.csv")[1][0] == NO
    text = "Email Address,UNSUB_TIME,UNSUB_TIME\na@x.example,,2024-01-01 10:00:00\nb@x.example,,\n"
    assert said(text, "x.csv")[1] == [NO, YES]


def test_the_latest_moment_of_a_row_is_that_of_its_no() -> None:
    text = "email,unsubscribed_at,bounced_at\na@x.example,,2026-01-05T10:00:00Z\n"
    text += "b@x.example,2026-01-07T10:00:00Z,2026-01-05T10:00:00Z\n"
    source = open_source(io.BytesIO(text.encode()), ImportOptions(ImportKind.OPT_OUTS), file_name="x.csv", now=NOW)
    [batch] = source.batches()
    assert [line.at and line.at.day for line in batch.lines] == [5, 7]


@pytest.mark.django_db
class TestAtTheEntryPoints:
    @pytest.fixture(autouse=True)
    def _folder(self, settings: Any, tmp_path: Path) -> None:
        settings.DATA_DIR = tmp_path / "data"

    def test_a_trailing_comma_and_an_index_lose_no_opt_out(self, tmp_path: Path) -> None:
        (tmp_path / "trailing.csv").write_text("Email,Name,\nf1@x.example,Ada,\n")
        (tmp_path / "index.csv").write_text(",email\n" + "".join(f"{n},p{n}@x.example\n" for n in range(50)))
        for name in ("trailing.csv", "index.csv"):
            call_command("import_optouts", str(tmp_path / name), "--apply", stdout=io.StringIO())
        assert Suppression.objects.count() == 51

    def test_who_unsubscribed_is_no_new_contact(self, tmp_path: Path) -> None:
        (tmp_path / "contacts.csv").write_text("Email,Status,\nz1@x.example,Unsubscribed,\n")
        call_command("import_contacts", str(tmp_path / "contacts.csv"), "--apply", stdout=io.StringIO())
        assert not Address.objects.exists()

    def test_in_the_admin_they_are_read_alike(self) -> None:
        text = ",email\n" + "".join(f"{n},p{n}@x.example\n" for n in range(50))
        options = ImportOptions(ImportKind.OPT_OUTS)
        run = imports.hand_in([text.encode()], options, file_name="x.csv", user_id=None, now=NOW)
        imports.work(now=NOW)
        run.refresh_from_db()
        assert (run.counts["new"], run.counts["refused"]) == (50, 0)
