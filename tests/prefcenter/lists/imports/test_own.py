"""Our own export comes back as what it is: a round trip changes nothing that was not so."""

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from prefcenter.lists import imports, spreadsheets, suppressions
from prefcenter.lists.imports import ImportOptions, own
from prefcenter.lists.imports.reading import open_source
from prefcenter.lists.reader import EmptyTableError, NotATableError, TableError, open_table, sheets
from prefcenter.lists.suppressions import SuppressionQuery
from prefcenter.models import ImportKind, ImportState
from tests.examples import examples
from tests.factories import CategoryFactory, ContactFactory
from tests.staff import member
from unsubscribe import actions
from unsubscribe.actions import Origin
from unsubscribe.addresses import normalise
from unsubscribe.choices import Channel, Source, SuppressionReason
from unsubscribe.links import Target
from unsubscribe.models import Address, Category, ConsentEvent, Contact, OutboxMessage, Preference, Suppression

pytestmark = pytest.mark.django_db
OPT_OUTS, CONTACTS = ImportOptions(ImportKind.OPT_OUTS), ImportOptions(ImportKind.CONTACTS)
HEADER = "address,channel,reason,category,source,campaign,date,contact\n"
OWN_EXPORT = (
    f"{HEADER}l1@example.com,email,Left the category,News,One-click,,2026-01-01 10:00,1\n"
    "l2@example.com,email,Did not choose the category,Club,,,,2\n"
)
#: One of each channel for every person.
CHANNELS = {
    Channel.EMAIL: "reader{}@example.com",
    Channel.SMS: "+49 30 9018{:04}",
    Channel.POST: "-{} Long Street, 10115 Berlin",
}
REASONS = [one for one in SuppressionReason if one != SuppressionReason.ERASED]
OptOuts = frozenset[tuple[str, ...]]


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path


def taken(file: bytes, options: ImportOptions = OPT_OUTS) -> dict[str, int]:
    """Imported as the worker does it, after the check, whose figures are the same."""
    run = imports.hand_in([file], options, file_name="opt-outs", user_id=None, now=timezone.now())
    imports.work(now=timezone.now())
    run.refresh_from_db()
    foreseen = run.counts
    assert run.state == ImportState.READY, run.error
    imports.confirm(run, user_id=member().pk, now=timezone.now())
    imports.work(now=timezone.now())
    run.refresh_from_db()
    assert run.counts == foreseen
    return {name: number for name, number in run.counts.items() if number and name not in {"reasons", "rows"}}


def stands() -> OptOuts:
    """Every no that holds, by the address it is about."""
    blocks = Suppression.objects.filter(lifted_at=None).exclude(reason="erased")
    found = set(blocks.values_list("address__channel", "address__value", "reason"))
    left = Preference.objects.filter(state="unsubscribed")
    for contact, channel, name in left.values_list("contact", "channel", "category__name"):
        for value in Address.objects.filter(contact=contact, channel=channel).values_list("value", flat=True):
            found.add((channel, value, f"left {name}"))
    return frozenset(found)


def bad(text: str, options: ImportOptions = OPT_OUTS) -> list[str]:
    source = open_source(io.BytesIO(text.encode()), options, file_name="opt-outs.csv", now=timezone.now())
    return [one.problem for batch in source.batches() for one in batch.bad]


class StoredContact(NamedTuple):
    channels: frozenset[Channel]
    blocks: frozenset[tuple[Channel, SuppressionReason]]
    left: frozenset[tuple[Channel, int]]
    comes_back: bool
    everything: bool
    is_erased: bool


people = st.lists(
    st.builds(
        StoredContact,
        st.frozensets(st.sampled_from(list(CHANNELS)), min_size=1),
        st.frozensets(st.tuples(st.sampled_from(list(CHANNELS)), st.sampled_from(REASONS)), max_size=2),
        st.frozensets(st.tuples(st.sampled_from(list(CHANNELS)), st.integers(0, 2)), max_size=3),
        st.booleans(),
        st.booleans(),
        st.sampled_from([False, False, False, True]),
    ),
    min_size=1,
    max_size=5,
)
names = st.lists(
    st.text(st.sampled_from("ab c-=+@;,|'\"é"), min_size=1, max_size=6).filter(lambda name: name.strip() == name),
    min_size=3,
    max_size=3,
    unique_by=lambda name: frozenset(spreadsheets.spellings(name)),
)


def make(everybody: Sequence[StoredContact], categories: Sequence[Category]) -> None:
    now = timezone.now() - timedelta(days=3)
    for number, one in enumerate(everybody):
        contact = ContactFactory.create()
        addresses = {}
        for channel in sorted(one.channels):
            address = normalise(CHANNELS[channel].format(number), channel=channel)
            addresses[channel] = Address.objects.create(
                contact=contact, channel=channel, value=address.value, digest=address.digest, created_at=now
            )
        first = addresses[min(addresses)]
        if one.everything:
            actions.opt_out([Target(first.pk)], Origin(Source.PAGE, now))
        if one.everything and one.comes_back:
            target = Target(first.pk, categories[0].pk)
            actions.opt_in([target], Origin(Source.PAGE, now + timedelta(hours=1), wording="Yes"))
        for channel, reason in sorted(one.blocks):
            if channel in addresses:
                actions.suppress([addresses[channel].pk], Origin(Source.STAFF, now + timedelta(hours=2)), reason=reason)
        for channel, which in sorted(one.left):
            if channel in addresses:
                target = Target(addresses[channel].pk, categories[which].pk)
                actions.opt_out([target], Origin(Source.ONE_CLICK, now + timedelta(hours=2)))
        if one.is_erased:
            actions.erase([contact.pk], Origin(Source.PAGE, now + timedelta(hours=3)))


def exported(category: Category | None, kind: str) -> bytes:
    file = suppressions.prepare(SuppressionQuery(category), kind)
    rows = list(file.rows())
    if kind == "xlsx":
        with spreadsheets.xlsx_file(file.format.header, rows) as book:
            return book.read()
    return b"".join(spreadsheets.csv_lines(file.format.header, rows))


@contextmanager
def taken_back() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def empty_the_site() -> None:
    """But for its categories; by hand, because the ledger lets nobody."""
    models = (OutboxMessage, ConsentEvent, Suppression, Preference, Address, Contact)
    with connection.cursor() as cursor:
        for model in models:
            cursor.execute(f"DELETE FROM {model._meta.db_table}")  # noqa: S608


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@examples(12)
@given(everybody=people, called=names, of_a_category=st.booleans())
def test_a_round_trip_changes_nothing_that_was_not_so(
    kind: str, everybody: list[StoredContact], called: list[str], of_a_category: bool
) -> None:
    with taken_back():
        categories = [
            Category.objects.create(slug=f"c{number}", name=name, needs_opt_in=number == 2)
            for number, name in enumerate(called)
        ]
        make(everybody, categories)
        before, asked = stands(), categories[0] if of_a_category else None
        lines = ConsentEvent.objects.exclude(kind="again").count()
        file = exported(asked, kind)
        if file.count(b"\n") < 2 and kind == "csv":
            return
        taken(file)
        assert stands() == before
        assert ConsentEvent.objects.exclude(kind="again").count() == lines
        empty_the_site()
        taken(file)
        alive = {one for one in before if one[1] and (not one[2].startswith("left ") or one[2] == f"left {asked}")}
        assert stands() == alive


def test_the_file_that_went_wrong_once(news: Category) -> None:
    CategoryFactory.create(slug="club")
    assert taken(OWN_EXPORT.encode()) == {"new": 1, "refused": 1}
    assert stands() == {("email", "l1@example.com", "left News")}


def test_each_line_is_about_its_own_channel(news: Category) -> None:
    text = (
        f"{HEADER}a@x.example,email,Complained,,Complaint,,2026-01-05 10:00,1\n"
        "'+49 30 901820,sms,Left the category,News,Text message,,2026-01-05 10:00,1\n"
        "'+49 30 901821,,Unsubscribed from everything,,Text message,,2026-01-05 10:00,1\n"
    )
    for options in (OPT_OUTS, OPT_OUTS._replace(channel=Channel.SMS)):
        with taken_back():
            taken(text.encode(), options)
            assert {one[0] for one in stands()} == {"email", "sms"}
            assert ("sms", "+4930901820", "left News") in stands()


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("a@x.example,email,Left the category,Nowhere,One-click,,,1", own.NO_CATEGORY.format("Nowhere")),
        ("a@x.example,email,Left the category,Twice,One-click,,,1", own.SEVERAL_CATEGORIES.format("Twice")),
        ("a@x.example,email,Left the category,,One-click,,,1", own.UNNAMED_CATEGORY),
        ("a@x.example,email,Left the category,Receipts,One-click,,,1", own.NO_CATEGORY.format("Receipts")),
        ("a@x.example,email,Did not choose the category,News,,,,1", own.NOT_CHOSEN_SAYS_NOTHING),
        ("a@x.example,email,Likes us,News,,,,1", own.NO_REASON),
        ("a@x.example,email,,News,,,,1", own.NO_REASON),
        ("a@x.example,fax,Complained,,,,,1", own.NO_CHANNEL.format("fax")),
        (",email,Erased,,Page,,2026-01-05 10:00,1", own.NO_ADDRESS),
    ],
)
@pytest.mark.parametrize("reason", [None, SuppressionReason.COMPLAINT])
def test_what_cannot_be_known_blocks_nobody(
    line: str, problem: str, reason: SuppressionReason | None, news: Category
) -> None:
    CategoryFactory.create(transactional=True)
    for slug in ("one", "two"):
        CategoryFactory.create(slug=slug, name="Twice")
    assert bad(f"{HEADER}{line}\n", OPT_OUTS._replace(reason=reason)) == [problem]


def test_nobody_in_it_becomes_a_contact(news: Category) -> None:
    assert bad(OWN_EXPORT, CONTACTS) == [own.NO_CONTACTS] * 2


def test_a_retired_category_is_left_all_the_same() -> None:
    CategoryFactory.create(retired_at=timezone.now())
    assert bad(f"{HEADER}l1@example.com,email,Left the category,News,One-click,,,1\n") == []


def book(*sheets_: Sequence[Sequence[Any]]) -> bytes:
    made = Workbook(write_only=True)
    for rows in sheets_:
        sheet = made.create_sheet()
        for row in rows:
            sheet.append(list(row))
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


class TestSpreadsheets:
    def rows(self, file: bytes, channel: str = "email") -> list[tuple[int, str, str | None]]:
        table = open_table(io.BytesIO(file), channel=channel)
        return [(row.line, row.address, row.problem) for row in table]

    def test_cells_are_read_as_their_texts(self) -> None:
        today = timezone.localdate()
        file = book([["Name", "Mobile", "When"], ["Ann", 4930901820, today], [None, "", None], ["Bob", 49.0]])
        assert self.rows(file, "sms") == [(2, "4930901820", None), (4, "49", None)]

    def test_a_list_without_names_and_what_stands_below_no_name(self) -> None:
        rows = self.rows(book([["a@x.example"], ["b@x.example"]]))
        assert rows == [(1, "a@x.example", None), (2, "b@x.example", None)]
        assert self.rows(book([["email", "x"], ["a@x.example", 1, 2]])) == [(2, "a@x.example", None)]

    def test_a_further_sheet_goes_on_if_its_columns_are_the_same(self) -> None:
        one, other = [["email"], ["a@x.example"]], [["email"], ["b@x.example"]]
        assert [row[1] for row in self.rows(book(one, other))] == ["a@x.example", "b@x.example"]
        third = [["name", "email"], ["Cleo", "c@x.example"]]
        last = self.rows(book([["email", "n"], ["a@x.example"]], third))[-1]
        assert last[1:] == ("", "another sheet with other columns starts here: save it as a separate file")

    @pytest.mark.parametrize("file", [b"PK\x03\x04\x14\x00", book([]), b"PK\x03\x04" + bytes(500)])
    def test_what_is_none_is_said_so(self, file: bytes) -> None:
        with pytest.raises((NotATableError, EmptyTableError)):
            self.rows(file)

    def test_what_is_too_large_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sheets, "MOST", 100)
        with pytest.raises(TableError, match="too large"):
            self.rows(book([["email"], ["a@x.example"]]))
