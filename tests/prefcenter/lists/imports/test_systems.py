"""The files of Amazon SES and HubSpot, and what APIs answer in JSON: each line says what its system meant."""

import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from prefcenter.lists.imports import ImportOptions
from prefcenter.lists.imports.columns.consent import SUBSCRIBED, TEMPORARY
from prefcenter.lists.imports.reading import RowBatch, open_source
from prefcenter.models import ImportKind
from unsubscribe.choices import SuppressionReason

pytestmark = pytest.mark.sqlite_only

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
NO, SPAM, GONE = (
    SuppressionReason.UNSUBSCRIBED_ALL,
    SuppressionReason.COMPLAINT,
    SuppressionReason.HARD_BOUNCE,
)
OPT_OUTS, CONTACTS = ImportOptions(ImportKind.OPT_OUTS), ImportOptions(ImportKind.CONTACTS)
A, B, C, D = (f"{letter}@x.example" for letter in "abcd")


def read(text: str, options: ImportOptions = OPT_OUTS, *, name: str = "export.csv") -> tuple[str, RowBatch]:
    source = open_source(io.BytesIO(text.encode()), options, file_name=name, now=NOW)
    [batch] = source.batches()
    return source.format.key, batch


def said(text: str, *, name: str = "export.csv") -> tuple[str, dict[str, str], list[str]]:
    """The format, what is said of whom, and the problems."""
    key, batch = read(text, name=name)
    return key, {line.value: str(line.reason) for line in batch.lines}, [bad.problem for bad in batch.bad]


# --- Amazon SES --------------------------------------------------------------------------------------------

SINCE = "2020-04-10T21:03:05.878000+00:00"
WHEN = datetime(2020, 4, 10, 21, 3, 5, 878000, tzinfo=UTC)
SUMMARIES = [
    {"EmailAddress": A, "Reason": "BOUNCE", "LastUpdateTime": SINCE},
    {"EmailAddress": B, "Reason": "COMPLAINT", "LastUpdateTime": SINCE},
]


@pytest.mark.parametrize(
    "text",
    [
        f"{A},BOUNCE,{SINCE}\n{B},COMPLAINT,{SINCE}\n",
        f"{A};BOUNCE;{SINCE}\r\n{B};COMPLAINT;{SINCE}\r\n",
        f'"{A}","BOUNCE","{SINCE}"\n"{B}","COMPLAINT","{SINCE}"\n',
        f"{SINCE}, bounce, {A}\n{SINCE}, complaint, {B}\n",
        f"EmailAddress,Reason,LastUpdateTime\n{A},BOUNCE,{SINCE}\n{B},COMPLAINT,{SINCE}\n",
        f"Email address,Reason,Last update time\n{A},Bounce,{SINCE}\n{B},Complaint,{SINCE}\n",
        "".join(
            f"SUPPRESSEDDESTINATIONSUMMARIES\t{one['EmailAddress']}\t{SINCE}\t{one['Reason']}\n" for one in SUMMARIES
        ),
        json.dumps({"SuppressedDestinationSummaries": SUMMARIES, "NextToken": "x"}),
        json.dumps({"SuppressedDestinationSummaries": SUMMARIES}, indent=4),
        json.dumps(SUMMARIES),
        "\n".join(map(json.dumps, SUMMARIES)),
    ],
)
def test_the_suppression_list_of_ses_is_known_in_each_of_its_forms(text: str) -> None:
    assert said(text) == ("ses", {A: GONE, B: SPAM}, [])
    assert {line.at for line in read(text)[1].lines} == {WHEN}


@pytest.mark.parametrize(
    "text",
    [
        f"{A},BOUNCE\n{B}, COMPLAINT\n",
        f"{A}\tBOUNCE\n{B}\tCOMPLAINT\n",
        f'{{"emailAddress":"{A}","reason":"BOUNCE"}}\n{{"emailAddress":"{B}","reason":"COMPLAINT"}}\n',
    ],
)
def test_what_ses_takes_in_bulk_is_read_too(text: str) -> None:
    _, reasons, problems = said(text)
    assert (reasons, problems) == ({A: GONE, B: SPAM}, [])


def test_the_first_line_of_a_list_without_a_heading_is_not_lost() -> None:
    _, batch = read(f"{A},BOUNCE\n{B},COMPLAINT\nnobody,BOUNCE\n")
    assert [bad.line for bad in batch.bad] == [3]
    assert [line.value for line in batch.lines] == [A, B]


# --- APIs in JSON ------------------------------------------------------------------------------------------

AT = "Fri, 21 Oct 2011 11:02:55 GMT"
UNIX = 1443651141


@pytest.mark.parametrize(
    ("name", "answer", "key", "reasons"),
    [
        ("a.json", [{"created": UNIX, "email": A}], "sendgrid_unsubscribes", {A: NO}),
        ("a.json", [{"created": UNIX, "email": A, "ip": "::1"}], "sendgrid_spam", {A: SPAM}),
        (
            "a.json",
            [{"created": UNIX, "email": A, "reason": "550 5.1.1 no such user", "status": "5.1.1"}],
            "sendgrid_bounces",
            {A: GONE},
        ),
        ("a.json", [{"created": UNIX, "email": A, "reason": "Mail domain is unknown"}], "sendgrid_invalid", {A: GONE}),
        ("asm_suppressions.json", [A, B], "list", {A: NO, B: NO}),
        (
            "a.json",
            {"items": [{"address": A, "code": "550", "error": "No such mailbox", "created_at": AT}], "paging": {}},
            "mailgun_bounces",
            {A: GONE},
        ),
        (
            "a.json",
            {"items": [{"address": A, "tags": ["*"], "created_at": AT}], "paging": {"next": "x"}},
            "mailgun_unsubscribes",
            {A: NO},
        ),
        ("a.json", {"items": [{"address": A, "tag": "*", "created_at": AT}]}, "mailgun_unsubscribes", {A: NO}),
        ("a.json", {"items": [{"address": A, "created_at": AT}], "paging": {}}, "mailgun_complaints", {A: SPAM}),
        (
            "a.json",
            {
                "Suppressions": [
                    {
                        "EmailAddress": A,
                        "SuppressionReason": "SpamComplaint",
                        "Origin": "Recipient",
                        "CreatedAt": SINCE,
                    },
                    {"EmailAddress": B, "SuppressionReason": "HardBounce", "Origin": "Recipient", "CreatedAt": SINCE},
                ]
            },
            "postmark",
            {A: SPAM, B: GONE},
        ),
    ],
)
def test_what_an_api_answers_is_read_as_the_export_of_its_system(
    name: str, answer: Any, key: str, reasons: dict[str, str]
) -> None:
    assert said(json.dumps(answer), name=name) == (key, reasons, [])
    if isinstance(answer, list):
        assert said("\n".join(map(json.dumps, answer)), name=name) == (key, reasons, [])
    if key != "list":
        assert all(line.at for line in read(json.dumps(answer), name=name)[1].lines)


def test_blocks_in_json_are_told_by_their_name_and_members_by_their_column() -> None:
    block = [{"created": UNIX, "email": A, "reason": "blocked by policy", "status": "5.7.1"}]
    assert said(json.dumps(block), name="blocks.json")[2] == [TEMPORARY.refusal]
    members = {
        "items": [{"address": A, "name": "", "subscribed": False, "vars": {}}, {"address": B, "subscribed": True}]
    }
    assert said(json.dumps(members))[1:] == ({A: NO}, [SUBSCRIBED.refusal])


# --- HubSpot -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "yes", "no", "reason"),
    [
        ("Unsubscribed from all email", "true", "false", NO),
        ("hs_email_optout", "true", "", NO),
        ("Opted out of email: Marketing Information", "true", "false", NO),
        ("Opted out of email: Customer Service Communication", "Yes", "No", NO),
        ("hs_email_optout_123456", "true", "false", NO),
        ("Email Address Quarantined", "true", "false", NO),
        ("Is globally ineligible", "true", "false", NO),
        ("Email hard bounce reason", "Unknown user", "", GONE),
        ("Hard bounce reason", "OTHER", "", GONE),
        ("hs_email_hard_bounce_reason_enum", "UNKNOWN_USER", "", GONE),
        ("Invalid email address", "true", "", GONE),
    ],
)
def test_a_property_of_a_hubspot_contact_tells(column: str, yes: str, no: str, reason: str) -> None:
    text = f'Record ID,First Name,Email,"{column}",Sends Since Last Engagement\n1,Ann,{A},{yes},1\n2,Bob,{B},{no},0\n'
    assert said(text) == ("table", {A: reason}, [SUBSCRIBED.refusal])
    _, batch = read(text, CONTACTS)
    assert [line.value for line in batch.lines] == [B]


def test_of_several_properties_the_weightiest_counts() -> None:
    text = (
        "Record ID,Email,Email hard bounce reason,Unsubscribed from all email,Opted out of email: News,"
        "Is globally ineligible\n"
        f"1,{A},Unknown user,false,false,true\n2,{B},,true,false,true\n3,{C},,false,true,false\n4,{D},,false,,false\n"
    )
    assert said(text)[1:] == ({A: GONE, B: NO, C: NO}, [SUBSCRIBED.refusal])


def test_hubspots_export_of_unsubscribes_and_bounces_tells_bounces_from_complaints() -> None:
    text = (
        "Email,Portal Bounce,Portal Unsubscribe,Portal Spam Report,Global Bounce\n"
        f"{A},TRUE,FALSE,FALSE,FALSE\n{B},FALSE,TRUE,FALSE,FALSE\n{C},FALSE,FALSE,TRUE,FALSE\n{D},FALSE,FALSE,FALSE,TRUE\n"
    )
    assert said(text)[1:] == ({A: GONE, B: NO, C: SPAM, D: GONE}, [])
