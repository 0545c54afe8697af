"""What counts as an opt-out, how it is read in pages and stretches, and what each file of them holds."""

import csv
from datetime import UTC, date, datetime, timedelta
from io import BytesIO, StringIO
from itertools import product
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from prefcenter.lists import spreadsheets, suppressions
from prefcenter.lists.suppressions import EXPORT_FORMATS, REASONS, SuppressionQuery, listing
from tests.factories import CampaignFactory, CategoryFactory, ContactFactory, address
from unsubscribe import actions, addresses, gate
from unsubscribe.actions import Origin
from unsubscribe.choices import Channel, Outcome, Source, SuppressionReason
from unsubscribe.links import Target
from unsubscribe.mailing import Mailing
from unsubscribe.models import Address, Category

pytestmark = pytest.mark.django_db

ON_TUESDAY = "Tue, 10 Mar 2026 12:00:00 +0000"
DAY = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
REFUSED = {Outcome.SUPPRESSED, Outcome.UNSUBSCRIBED}


def block(text: str, reason: str, *, source: Source = Source.PAGE, now: datetime = DAY, **kwargs: Any) -> Address:
    made = address(text, **kwargs)
    actions.suppress([made.pk], Origin(source, now), reason=SuppressionReason(reason))
    return made


def leave(text: str, category: Category, *, now: datetime = DAY, campaign: int | None = None, **kwargs: Any) -> Address:
    made = address(text, **kwargs)
    actions.opt_out([Target(made.pk, category.pk, campaign)], Origin(Source.PAGE, now))
    return made


def come_back(text: str, category: Category) -> Address:
    """Said no to everything, and then yes to this alone."""
    made = address(text)
    actions.opt_out([Target(made.pk)], Origin(Source.PAGE, DAY))
    actions.opt_in([Target(made.pk, category.pk)], Origin(Source.PAGE, DAY, wording="Yes"))
    return made


def held(asked: SuppressionQuery) -> set[str]:
    return set(suppressions.addresses(asked).values_list("value", flat=True))


def lines(asked: SuppressionQuery, kind: str) -> list[list[str]]:
    file = suppressions.prepare(asked, kind)
    made = b"".join(spreadsheets.csv_lines(file.format.header, file.rows(), is_for_people=file.format.is_for_people))
    read = list(csv.reader(StringIO(made.decode("utf-8-sig"))))
    assert read[0] == list(file.format.header)
    assert len(read) - 1 == file.count
    return read[1:]


@pytest.fixture
def cast(news: Category) -> list[str]:
    """Everything that can be so between a person and the categories. Returns the addresses that are still known."""
    offers = CategoryFactory.create(slug="offers")
    for reason in sorted(set(SuppressionReason) - {SuppressionReason.ERASED}):
        block(f"{reason}@example.com", reason)
    both = block("both@example.com", "complaint")
    actions.suppress([both.pk], Origin(Source.API, DAY), reason=SuppressionReason.HARD_BOUNCE)
    lifted = block("lifted@example.com", "hard_bounce")
    actions.lift([lifted.pk], Origin(Source.STAFF, DAY), reason=SuppressionReason.HARD_BOUNCE)
    leave("left-news@example.com", news)
    leave("left-offers@example.com", offers)
    back = leave("back@example.com", news)
    actions.opt_in([Target(back.pk, news.pk)], Origin(Source.PAGE, DAY, wording="Yes"))
    come_back("only-news@example.com", news)
    come_back("only-offers@example.com", offers)
    until_then = come_back("only-offers-and-news-paused@example.com", offers)
    actions.pause([Target(until_then.pk, news.pk)], Origin(Source.PAGE, DAY), until=date(2030, 1, 1))
    paused = address("paused@example.com")
    actions.pause([Target(paused.pk, news.pk)], Origin(Source.PAGE, DAY), until=date(2030, 1, 1))
    family = leave("first@example.com", news).contact
    address("second@example.com", contact=family)
    by_text = address("+4930123456", channel=Channel.SMS)
    actions.opt_out([Target(by_text.pk, news.pk)], Origin(Source.SMS, DAY))
    address("by-mail@example.com", contact=by_text.contact)
    gone = leave("gone@example.com", news)
    actions.erase([gone.contact_id], Origin(Source.PAGE, DAY))
    address("silent@example.com")
    return sorted(Address.objects.filter(channel=Channel.EMAIL).exclude(value="").values_list("value", flat=True))


@pytest.mark.parametrize("slug", ["news", "offers", "partners", "receipts"])
def test_about_a_category_it_is_exactly_those_whom_the_gate_refuses_for_good(slug: str, cast: list[str]) -> None:
    made = {
        "partners": CategoryFactory.create(opt_in=True),
        "receipts": CategoryFactory.create(transactional=True),
    }
    category = made.get(slug) or Category.objects.get(slug=slug)
    actions.opt_in(
        [Target(Address.objects.get(value="silent@example.com").pk, made["partners"].pk)],
        Origin(Source.PAGE, DAY, wording="Yes"),
    )
    decisions = gate.check(cast, Mailing(category), now=DAY + timedelta(days=1))
    refused = {text for text, one in zip(cast, decisions, strict=True) if one.outcome in REFUSED}
    assert held(SuppressionQuery(category=category, channel=Channel.EMAIL)) - {""} == refused
    assert refused  # or the test says nothing


def test_about_everything_it_is_the_blocks_that_are_active(cast: list[str]) -> None:
    blocked = {"unsubscribed_all@example.com", "complaint@example.com", "hard_bounce@example.com"}
    assert held(SuppressionQuery()) == {*blocked, "manual@example.com", "both@example.com", ""}


def test_a_category_left_on_one_channel_holds_back_no_other(cast: list[str], news: Category) -> None:
    assert "+4930123456" in held(SuppressionQuery(category=news))
    assert "by-mail@example.com" not in held(SuppressionQuery(category=news))


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, {"a", "b", "c", "d", "e"}),
        ({"channel": "email"}, {"a", "b", "d", "e"}),
        ({"channel": "sms"}, {"c"}),
        ({"reasons": frozenset({"complaint"})}, {"b"}),
        ({"reasons": frozenset({"left"})}, {"d"}),
        ({"reasons": frozenset({"not_chosen"})}, {"e"}),
        ({"reasons": frozenset()}, set()),
        ({"source": "staff"}, {"a"}),
        ({"source": "page"}, {"b", "c", "d"}),
        ({"since": date(2026, 3, 11)}, {"c", "d"}),
        ({"until": date(2026, 3, 10)}, {"a", "b"}),
        ({"since": date(2026, 3, 10), "until": date(2026, 3, 10)}, {"b"}),
        ({"source": "page", "since": date(2026, 3, 12)}, {"d"}),
    ],
)
def test_each_filter_keeps_what_it_names(asked: dict[str, Any], found: set[str], news: Category) -> None:
    block("a@example.com", "manual", source=Source.STAFF, now=DAY - timedelta(days=1))
    block("b@example.com", "complaint")
    block("+4930123456", "unsubscribed_all", channel=Channel.SMS, now=DAY + timedelta(days=1))
    leave("d@example.com", news, now=DAY + timedelta(days=2))
    come_back("e@example.com", CategoryFactory.create(slug="offers"))
    names = {text: text[0].replace("+", "c") for text in held(SuppressionQuery(category=news))}
    assert {names[text] for text in held(SuppressionQuery(category=news, **asked))} == found


def test_a_day_begins_at_midnight_in_the_house(settings: Any) -> None:
    settings.TIME_ZONE = "America/New_York"
    block("late@example.com", "manual", now=datetime(2026, 3, 11, 3, 0, tzinfo=UTC))
    assert held(SuppressionQuery(since=date(2026, 3, 10), until=date(2026, 3, 10))) == {"late@example.com"}
    assert held(SuppressionQuery(since=date(2026, 3, 11))) == set()


def test_the_newest_come_first_whatever_they_are(news: Category) -> None:
    offers = CategoryFactory.create(slug="offers")
    block("b@example.com", "manual", now=DAY + timedelta(days=2))
    leave("a@example.com", news, now=DAY + timedelta(days=3))
    block("d@example.com", "manual", now=DAY)
    leave("c@example.com", news, now=DAY + timedelta(days=1))
    come_back("e@example.com", offers)
    newest = suppressions.Newest(SuppressionQuery(category=news))
    assert (newest.count, newest.is_cut) == (5, False)
    assert [one.value[0] for one in newest.rows(0, 50)] == list("abcde")
    by_two = [newest.rows(start, start + 2) for start in (0, 2, 4)]
    assert [one.value[0] for page in by_two for one in page] == list("abcde")


def test_a_line_says_reason_source_campaign_and_day(news: Category) -> None:
    campaign = CampaignFactory.create(category=news, name="June")
    left = leave("a@example.com", news, campaign=campaign.pk)
    [one] = suppressions.Newest(SuppressionQuery(category=news)).rows(0, 50)
    assert tuple(one) == (left.pk, left.contact_id, "email", "a@example.com", "left", "page", "June", DAY, None)
    assert (one.masked, one.reason_in_words, one.source_in_words) == ("a•••@example.com", "Left the category", "Page")
    assert str(one.channel_in_words) == "Email"


def test_whoever_left_twice_left_the_second_time(news: Category) -> None:
    left = leave("a@example.com", news)
    actions.opt_in([Target(left.pk, news.pk)], Origin(Source.PAGE, DAY, wording="Yes"))
    later = DAY + timedelta(days=9)
    actions.opt_out([Target(left.pk, news.pk)], Origin(Source.ONE_CLICK, later))
    [one] = suppressions.Newest(SuppressionQuery(category=news)).rows(0, 50)
    assert (one.source, one.at) == ("one_click", later)


@pytest.mark.parametrize("number", [0, 2, 3, 4, 9])
def test_what_is_too_long_to_be_counted_is_cut(number: int, news: Category, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "MOST", 3)
    for one in range(number):
        made = block(f"reader{one}@example.com", "manual") if one % 2 else leave(f"reader{one}@example.com", news)
        assert made.pk
    newest = suppressions.Newest(SuppressionQuery(category=news))
    assert (newest.count, newest.is_cut) == (min(number, 3), number > 3)
    assert len(newest.rows(0, newest.count)) == newest.count


def test_a_page_of_the_list_takes_the_same_queries_whatever_its_length(news: Category) -> None:
    counts = set()
    for text in ("abc", "defghijk"):
        for letter in text:
            block(f"{letter}@example.com", "manual")
            leave(f"{letter}2@example.com", news)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            suppressions.Newest(SuppressionQuery(category=news)).rows(0, 50)
        counts.add(len(queries))
    assert len(counts) == 1


@pytest.mark.parametrize("window", [1, 2, 3, 100])
def test_addresses_are_read_in_stretches_and_none_is_lost_or_read_twice(
    window: int, cast: list[str], news: Category, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "WINDOW", window)
    asked = SuppressionQuery(category=news)
    read = [[one.address_id for one in same] for same in suppressions.by_address(asked)]
    assert all(len(set(same)) == 1 for same in read)
    assert [same[0] for same in read] == sorted(suppressions.addresses(asked).values_list("pk", flat=True))


def test_a_gap_in_the_numbers_ends_nothing() -> None:
    block("a@example.com", "manual", id=7)
    block("b@example.com", "manual", id=70_007)
    assert [same[0].value for same in suppressions.by_address(SuppressionQuery())] == ["a@example.com", "b@example.com"]


def test_the_next_stretch_is_read_only_when_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "WINDOW", 1)
    for letter in "abc":
        block(f"{letter}@example.com", "manual")
    rows = suppressions.prepare(SuppressionQuery(), "sendgrid").rows()
    assert next(rows) == ("a@example.com",)
    with CaptureQueriesContext(connection) as queries:
        assert next(rows) == ("b@example.com",)
    assert len(queries) == 1


def test_a_table_for_people_says_everything_in_words(news: Category) -> None:
    campaign = CampaignFactory.create(category=news, name="=June")
    left = leave("a@example.com", news, campaign=campaign.pk)
    text = block("+4930123456", "complaint", channel=Channel.SMS, source=Source.API)
    back = come_back("b@example.com", CategoryFactory.create(slug="offers"))
    assert lines(SuppressionQuery(category=news), "csv") == [
        [
            "a@example.com",
            "email",
            "Left the category",
            "News",
            "Page",
            "'=June",
            "2026-03-10 12:00",
            str(left.contact_id),
        ],
        ["'+4930123456", "sms", "Complained", "", "API", "", "2026-03-10 12:00", str(text.contact_id)],
        ["b@example.com", "email", "Did not choose the category", "News", "", "", "", str(back.contact_id)],
    ]


def test_a_table_has_one_line_for_whoever_was_erased_whatever_they_had_left(cast: list[str], news: Category) -> None:
    rows = lines(SuppressionQuery(category=news), "csv")
    assert [row[2] for row in rows if row[0] == ""] == ["Erased"]
    assert [row[2] for row in rows if row[0] == "both@example.com"] == ["Complained", "Address does not exist"]


def test_a_sheet_holds_what_the_table_holds(cast: list[str], news: Category) -> None:
    file = suppressions.prepare(SuppressionQuery(category=news), "xlsx")
    with spreadsheets.xlsx_file(file.format.header, file.rows()) as made:
        [sheet] = load_workbook(BytesIO(made.read())).worksheets
    found = [[cell or "" for cell in row] for row in sheet.iter_rows(values_only=True)]
    assert found[1:] == lines(SuppressionQuery(category=news), "csv")


@pytest.mark.parametrize(
    ("kind", "rows"),
    [
        (
            "mailgun-unsubscribes",
            [
                ["a@example.com", "*", ON_TUESDAY],
                ["b@example.com", "*", ON_TUESDAY],
                ["e@example.com", "news", "Wed, 11 Mar 2026 12:00:00 +0000"],
                ["f@example.com", "news", ""],
            ],
        ),
        (
            "mailgun-bounces",
            [["c@example.com", "550", "The address does not exist", ON_TUESDAY]],
        ),
        (
            "mailgun-complaints",
            [
                ["c@example.com", ON_TUESDAY],
                ["d@example.com", ON_TUESDAY],
            ],
        ),
        (
            "postmark",
            [
                ["a@example.com", "ManualSuppression", "Recipient"],
                ["b@example.com", "ManualSuppression", "Customer"],
                ["c@example.com", "HardBounce", "Recipient"],
                ["d@example.com", "SpamComplaint", "Recipient"],
                ["e@example.com", "ManualSuppression", "Recipient"],
                ["f@example.com", "ManualSuppression", "Recipient"],
            ],
        ),
        ("sendgrid", [[f"{letter}@example.com"] for letter in "abcdef"]),
    ],
)
def test_an_upload_is_written_as_its_provider_reads_it(kind: str, rows: list[list[str]], news: Category) -> None:
    first = block("a@example.com", "unsubscribed_all", source=Source.ONE_CLICK)
    actions.opt_out([Target(first.pk, news.pk)], Origin(Source.PAGE, DAY + timedelta(days=1)))
    block("b@example.com", "manual", source=Source.STAFF)
    actions.suppress([first.pk], Origin(Source.STAFF, DAY), reason=SuppressionReason.MANUAL)
    both = block("c@example.com", "complaint", source=Source.COMPLAINT)
    actions.suppress([both.pk], Origin(Source.API, DAY), reason=SuppressionReason.HARD_BOUNCE)
    block("d@example.com", "complaint", source=Source.COMPLAINT)
    leave("e@example.com", news, now=DAY + timedelta(days=1))
    come_back("f@example.com", CategoryFactory.create(slug="offers"))
    block("+4930123456", "unsubscribed_all", channel=Channel.SMS)
    assert lines(SuppressionQuery(category=news), kind) == rows


def test_without_a_category_mailgun_is_told_everything() -> None:
    block("a@example.com", "unsubscribed_all")
    assert lines(SuppressionQuery(), "mailgun-unsubscribes")[0][1] == "*"


@pytest.mark.parametrize("kind", ["mailgun-unsubscribes", "postmark", "sendgrid", "sha256"])
def test_a_program_that_reads_it_stumbles_over_no_byte_order_mark(kind: str) -> None:
    block("a@example.com", "manual")
    file = suppressions.prepare(SuppressionQuery(), kind)
    first = next(spreadsheets.csv_lines(file.format.header, file.rows(), is_for_people=file.format.is_for_people))
    assert first.decode().rstrip("\r\n") == ",".join(file.format.header)


def test_the_three_files_for_mailgun_together_leave_nobody_out(cast: list[str], news: Category) -> None:
    kinds = ["mailgun-unsubscribes", "mailgun-bounces", "mailgun-complaints"]
    together = {row[0] for kind in kinds for row in lines(SuppressionQuery(category=news), kind)}
    assert together == held(SuppressionQuery(category=news, channel="email")) - {""}


def test_a_partner_gets_hashes_by_which_their_own_addresses_are_found(cast: list[str]) -> None:
    hashes = [row[0] for row in lines(SuppressionQuery(), "sha256")]
    assert len(hashes) == len(set(hashes)) == 5
    digests = {addresses.digest_of_sha256(bytes.fromhex(one)) for one in hashes}
    assert digests == {bytes(one.digest) for one in suppressions.addresses(SuppressionQuery()).exclude(value="")}


def test_whom_a_file_cannot_hold_is_counted_and_told(cast: list[str], news: Category) -> None:
    block("=cmd@example.com", "manual")
    block("+tag@example.com", "complaint")
    actions.erase([block("+4930654321", "manual", channel=Channel.SMS).contact_id], Origin(Source.PAGE, DAY))
    file = suppressions.prepare(SuppressionQuery(category=news), "sendgrid")
    assert file.left_out == (1, 2, 2)
    assert file.left_out.in_words == [
        "1 without a stored address (erased, or only a hash was ever known)",
        "2 that start like a formula (export the file “by-hand” for these)",
        "2 that are not email addresses",
    ]
    assert file.name(date(2026, 3, 10)) == "opt-outs-news-sendgrid-2026-03-10-without-5"
    assert (
        file.in_words()
        == "Exported 10 opt-outs from news as sendgrid, without 5 addresses that can’t be exported in this format."
    )
    assert suppressions.prepare(SuppressionQuery(category=news), "sha256").left_out == (1, 0, 2)
    assert suppressions.prepare(SuppressionQuery(category=news), "mailgun-bounces").left_out == (0, 0, 0)


@pytest.mark.parametrize("text", ["=cmd@example.com", "+tag@example.com", "-x@example.com", "＝cmd@example.com"])
def test_an_address_like_a_formula_is_escaped_for_people_and_left_out_of_uploads(text: str) -> None:
    block(text, "unsubscribed_all")
    block("a@example.com", "unsubscribed_all")
    value = Address.objects.earliest("pk").value
    assert value[0] == text[0]
    assert [row[0] for row in lines(SuppressionQuery(), "csv")] == [f"'{value}", "a@example.com"]
    assert [row[0] for row in lines(SuppressionQuery(), "by-hand")] == [f"'{value}"]
    for kind in ("mailgun-unsubscribes", "postmark", "sendgrid"):
        assert [row[0] for row in lines(SuppressionQuery(), kind)] == ["a@example.com"]


@pytest.mark.parametrize("reason", ["", *sorted(REASONS)])
def test_as_many_lines_as_were_counted_and_no_cell_begins_a_formula(
    reason: str, cast: list[str], news: Category
) -> None:
    block("=cmd@example.com", "manual")
    leave("-x@example.com", news)
    reasons = frozenset({reason} if reason else REASONS)
    for kind, category in product(EXPORT_FORMATS, (None, news)):
        rows = lines(SuppressionQuery(category=category, reasons=reasons), kind)
        assert not [cell for row in rows for cell in row if cell.startswith(spreadsheets.BEGINS_A_FORMULA)]


def test_a_contact_without_an_address_on_the_channel_is_in_no_list(news: Category) -> None:
    """A preference of a channel on which nobody can be reached holds nothing back."""
    contact = ContactFactory.create()
    made = address("a@example.com", contact=contact)
    actions.set_preferences(
        [actions.Wanted(made.pk, news.pk, {"state": "unsubscribed"}, Channel.SMS)], Origin(Source.PAGE, DAY)
    )
    assert held(SuppressionQuery(category=news)) == set()
