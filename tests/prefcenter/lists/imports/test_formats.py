"""What a file says about each of its rows: exports of other systems as they are, plain lists, hashes."""

import io
from collections import Counter
from datetime import UTC, datetime
from hashlib import sha256

import pytest

from prefcenter.lists import spreadsheets
from prefcenter.lists.imports import ImportOptions
from prefcenter.lists.imports.columns.consent import SUBSCRIBED, TEMPORARY, UNKNOWN
from prefcenter.lists.imports.columns.dates import moment
from prefcenter.lists.imports.reading import ANOTHER_HASH, NOBODY, SAYS_NO, Bad, RowBatch, open_source
from prefcenter.lists.reader import NOT_AN_ADDRESS
from prefcenter.models import ImportKind
from unsubscribe import addresses
from unsubscribe.choices import Channel, SuppressionReason

pytestmark = pytest.mark.sqlite_only

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
NO, SPAM, GONE, BLOCKED = (
    SuppressionReason.UNSUBSCRIBED_ALL,
    SuppressionReason.COMPLAINT,
    SuppressionReason.HARD_BOUNCE,
    SuppressionReason.MANUAL,
)
OPT_OUTS, CONTACTS = ImportOptions(ImportKind.OPT_OUTS), ImportOptions(ImportKind.CONTACTS)
_MEMBER = (
    "MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,LATITUDE,LONGITUDE,GMTOFF,DSTOFF,TIMEZONE,CC,REGION"
)
_DOTS = ",".join(["x"] * 12)
HASH = sha256(b"ann@x.example").hexdigest()


def read(text: str, options: ImportOptions = OPT_OUTS, *, name: str = "export.csv") -> tuple[str, RowBatch]:
    source = open_source(io.BytesIO(text.encode()), options, file_name=name, now=NOW)
    [batch] = source.batches()
    return source.format.key, batch


def said(text: str, options: ImportOptions = OPT_OUTS, *, name: str = "export.csv") -> tuple[str, list[str]]:
    """The format, and of each row in its order the reason or the problem."""
    key, batch = read(text, options, name=name)
    lines = iter(batch.lines)
    problems = {bad.line: bad.problem for bad in batch.bad}
    first = batch.last_line - batch.rows + 1
    rows = [problems[n] if n in problems else str(next(lines).reason) for n in range(first, batch.last_line + 1)]
    return key, rows


@pytest.mark.parametrize(
    ("name", "text", "key", "rows"),
    [
        (
            "unsubscribed_members_export.csv",
            f"Email Address,First Name,{_MEMBER},UNSUB_TIME,UNSUB_CAMPAIGN_TITLE,UNSUB_CAMPAIGN_ID,UNSUB_REASON,"
            "UNSUB_REASON_OTHER,LEID,EUID,NOTES,TAGS\n"
            f"a@x.example,Ann,{_DOTS},2024-02-01 08:00:00,June,c1,NORMAL,,1,e,,\n"
            f"b@x.example,Bob,{_DOTS},,,,,,2,e,,\n",
            "mailchimp_unsubscribed",
            [NO, SUBSCRIBED.refusal],
        ),
        (
            "cleaned_members_export.csv",
            f"Email Address,First Name,{_MEMBER},CLEAN_TIME,CLEAN_CAMPAIGN_TITLE,CLEAN_CAMPAIGN_ID,LEID,EUID,NOTES,"
            "TAGS\n"
            f"a@x.example,Ann,{_DOTS},2024-02-01 08:00:00,June,c1,1,e,,\n",
            "mailchimp_cleaned",
            [GONE],
        ),
        (
            "subscribed_members_export.csv",
            f"Email Address,First Name,{_MEMBER},LAST_CHANGED,LEID,EUID,NOTES,TAGS\n"
            f"a@x.example,Ann,{_DOTS},2024-02-01 08:00:00,1,e,,\n",
            "mailchimp_subscribed",
            [SUBSCRIBED.refusal],
        ),
        (
            "mg.example.com-unsubscribes.csv",
            'address,tags,created_at\na@x.example,"[""*""]","Mon, 05 Jan 2026 10:00:00 UTC"\n',
            "mailgun_unsubscribes",
            [NO],
        ),
        (
            "mg.example.com-bounces.csv",
            "address,code,error,created_at\n"
            'a@x.example,550,"No such user, sorry","Mon, 05 Jan 2026 10:00:00 UTC"\n'
            'b@x.example,452,mailbox full,"Mon, 05 Jan 2026 10:00:00 UTC"\n',
            "mailgun_bounces",
            [GONE, TEMPORARY.refusal],
        ),
        (
            "mg.example.com-complaints.csv",
            'address,created_at\na@x.example,"Mon, 05 Jan 2026 10:00:00 UTC"\n',
            "mailgun_complaints",
            [SPAM],
        ),
        (
            "members.csv",
            "address,name,vars,subscribed\na@x.example,Ann,{},true\nb@x.example,Bob,{},no\nc@x.example,Cy,{},\n",
            "mailgun_members",
            [SUBSCRIBED.refusal, NO, UNKNOWN.refusal],
        ),
        (
            "suppression_bounces.csv",
            'status,reason,email,created\n5.1.1,"550 5.1.1 The account does not exist, sorry",a@x.example,1700000000\n'
            "4.2.2,mailbox full,b@x.example,1700000000\n",
            "sendgrid_bounces",
            [GONE, TEMPORARY.refusal],
        ),
        (
            "suppression_blocks (1).csv",
            "status,reason,email,created\n5.7.1,blocked by policy,a@x.example,1700000000\n",
            "sendgrid_blocks",
            [TEMPORARY.refusal],
        ),
        (
            "suppression_invalid_emails.csv",
            "reason,email,created\nMail domain mentioned in email address is unknown,a@x.example,1700000000\n",
            "sendgrid_invalid",
            [GONE],
        ),
        ("suppression_spam_reports.csv", "ip,email,created\n::1,a@x.example,1700000000\n", "sendgrid_spam", [SPAM]),
        ("suppression_spam_reports.csv", "email,created\na@x.example,1700000000\n", "sendgrid_spam", [SPAM]),
        ("suppression_unsubscribes.csv", "email,created\na@x.example,1700000000\n", "sendgrid_unsubscribes", [NO]),
        ("asm_groups_3893_suppressions.csv", "email\na@x.example\n", "list", [NO]),
        (
            "suppressions.csv",
            "EmailAddress,SuppressionReason,Origin,CreatedAt\n"
            "a@x.example,ManualSuppression,Recipient,2019-12-17T08:58:33-05:00\n"
            "b@x.example,HardBounce,Recipient,2019-12-17T08:58:33-05:00\n"
            "c@x.example,SpamComplaint,Recipient,2019-12-17T08:58:33-05:00\n",
            "postmark",
            [NO, GONE, SPAM],
        ),
        (
            "list_export.csv",
            "Email,Klaviyo ID,First Name,Email Marketing Consent,Email Marketing Consent Timestamp,Email Suppressions\n"
            "a@x.example,1,A,UNSUBSCRIBED,2023-02-21T20:07:38+00:00,\n"
            "b@x.example,2,B,SUBSCRIBED,2023-02-21T20:07:38+00:00,\n"
            "c@x.example,3,C,NEVER_SUBSCRIBED,,\n"
            "d@x.example,4,D,SUBSCRIBED,2023-02-21T20:07:38+00:00,\"['HARD_BOUNCE', 'USER_SUPPRESSED']\"\n",
            "klaviyo",
            [NO, SUBSCRIBED.refusal, SUBSCRIBED.refusal, GONE],
        ),
        (
            "suppressed_profiles.csv",
            "Email,Suppression Reason,Timestamp\n"
            "a@x.example,UNSUBSCRIBE,\nb@x.example,USER_SUPPRESSED,\nc@x.example,SPAM_COMPLAINT,\n"
            "d@x.example,HARD_BOUNCE,\ne@x.example,INVALID_EMAIL,\n",
            "table",
            [NO, NO, SPAM, GONE, GONE],
        ),
        (
            "crm.csv",
            "email;status\na@x.example;Subscribed\nb@x.example;opted-out\nc@x.example;gold\nd@x.example;\n",
            "table",
            [SUBSCRIBED.refusal, NO, UNKNOWN.refusal, UNKNOWN.refusal],
        ),
        (
            "do not contact.csv",
            "email;status\na@x.example;blocked\nb@x.example;Block\nc@x.example;soft bounce\n",
            "table",
            [UNKNOWN.refusal, UNKNOWN.refusal, TEMPORARY.refusal],
        ),
        ("left.csv", "email;reason\na@x.example;blocked\n", "table", [UNKNOWN.refusal]),
        (
            "crm.csv",
            "email;unsubscribed\na@x.example;yes\nb@x.example;no\nc@x.example;2024-05-01\nd@x.example;\n",
            "table",
            [NO, SUBSCRIBED.refusal, NO, SUBSCRIBED.refusal],
        ),
        ("crm.csv", "email;status;opt out\na@x.example;subscribed;true\n", "table", [NO]),
        ("left.csv", "email;reason\na@x.example;too many mails\nb@x.example;complaint\n", "table", [NO, SPAM]),
        ("list.txt", "a@x.example\nb@x.example\n", "list", [NO, NO]),
        ("bounces.txt", "a@x.example\n", "list", [GONE]),
        ("spam complaints.txt", "a@x.example\n", "list", [SPAM]),
        ("unsubscribed, no bounces.txt", "a@x.example\n", "list", [NO]),
        ("partner.txt", f"{HASH}\n{HASH.upper()}\n", "list", [NO, NO]),
        ("partner.csv", f"sha256,country\n{HASH},DE\n", "table", [NO]),
        ("partner.csv", f"Email,country\n{HASH},DE\n", "table", [NO]),
        ("partner.txt", "5d41402abc4b2a76b9719d911017c592\n", "list", [ANOTHER_HASH]),
        ("list.txt", "email\nnobody\n@\n", "list", [NOT_AN_ADDRESS] * 2),
        (
            "opt-outs-csv-2026-03-10.csv",  # our own
            "address,channel,reason,category,source,campaign,date,contact\n"
            "a@x.example,email,Unsubscribed from everything,,One-click,,2026-01-05 10:00,1\n"
            "b@x.example,email,Complained,,Complaint,,2026-01-05 10:00,2\n"
            "c@x.example,email,Address does not exist,,API,,2026-01-05 10:00,3\n"
            "d@x.example,email,Blocked by staff,,Staff,,2026-01-05 10:00,4\n"
            "'=e@x.example,email,Complained,,Complaint,,2026-01-05 10:00,2\n"
            "'+49 30 901820,sms,Complained,,Text message,,2026-01-05 10:00,5\n",
            "own",
            [NO, SPAM, GONE, BLOCKED, SPAM, SPAM],
        ),
    ],
)
def test_a_file_says_of_each_row_what_its_system_meant(name: str, text: str, key: str, rows: list[str]) -> None:
    assert said(text, name=name) == (key, rows)


@pytest.mark.parametrize(
    ("cell", "taken"),
    [
        ("subscribed", False),
        ("active", False),
        ("blocked", True),
        ("soft bounce", True),
        ("gold", True),
        ("unsubscribed", True),
    ],
)
def test_a_reason_chosen_by_hand_is_used_for_every_row_but_a_yes(cell: str, taken: bool) -> None:
    options = OPT_OUTS._replace(reason=SPAM)
    _, rows = said(f"email,status\na@x.example,{cell}\n", options)
    assert (rows == [SPAM]) == taken
    _, rows = said(f"email,status,subscribed\na@x.example,{cell},yes\n", options)
    assert (rows == [SPAM]) == (cell == "unsubscribed")


@pytest.mark.parametrize(
    ("name", "row"),
    [("suppression_blocks.csv", "5.7.1,blocked by policy"), ("suppression_bounces.csv", "4.2.2,mailbox full")],
)
def test_a_reason_chosen_by_hand_takes_what_a_system_calls_temporary(name: str, row: str) -> None:
    text = f"status,reason,email,created\n{row},a@x.example,1700000000\n"
    assert said(text, name=name)[1] == [TEMPORARY.refusal]
    assert said(text, OPT_OUTS._replace(reason=BLOCKED), name=name)[1] == [BLOCKED]


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("Email Address,UNSUB_TIME\na@x.example,2024-01-01 00:00:00\nb@x.example,\n", {2: SAYS_NO}),
        ("email,status\na@x.example,subscribed\nb@x.example,bounced\nc@x.example,gold\n", {3: SAYS_NO}),
        (f"{HASH}\n", {1: NOBODY}),
        ("a@x.example\n", {}),
    ],
)
def test_among_contacts_whoever_opted_out_is_refused(text: str, problems: dict[int, str]) -> None:
    _, batch = read(text, CONTACTS)
    assert {bad.line: bad.problem for bad in batch.bad} == problems
    assert all(bad.is_refused for bad in batch.bad)


def test_refused_and_unreadable_lines_are_told_apart_and_keep_their_numbers() -> None:
    _, batch = read('email,status\na@x.example,subscribed\n"b@x.example,open\nnobody,unsubscribed\n')
    assert batch.bad == [
        Bad(2, SUBSCRIBED.refusal, is_refused=True),
        Bad(3, "a quoted field is never closed", is_refused=False),
        Bad(4, NOT_AN_ADDRESS, is_refused=False),
    ]
    assert (batch.rows, batch.last_line) == (3, 4)


def test_a_partners_hash_is_the_digest_of_the_address_and_has_no_value() -> None:
    _, batch = read(f"{HASH}\nAnn@X.example\n")
    hashed, plain = batch.lines
    assert (hashed.digest, hashed.value) == (addresses.normalise("ann@x.example").digest, "")
    assert (plain.digest, plain.value) == (hashed.digest, "ann@x.example")


def test_an_address_that_our_own_export_escaped_is_read_as_it_was() -> None:
    for value in ("=a@x.example", "a|=b@x.example"):
        rows = [(value, "email", "Complained")]
        file = b"".join(spreadsheets.csv_lines(("address", "channel", "reason"), rows))
        assert f"\n{value}".encode() not in file
        _, batch = read(file.decode("utf-8-sig"))
        assert [line.value for line in batch.lines] == [value]


def test_a_device_token_that_looks_like_a_hash_is_a_token() -> None:
    _, batch = read(f"device token\n{HASH}\n", OPT_OUTS._replace(channel=Channel.PUSH))
    assert [line.value for line in batch.lines] == [HASH]


@pytest.mark.parametrize(
    ("header", "codes", "languages"),
    [
        ("language", ["de", "de-AT", "pt_BR", "xx", ""], ["de", "de", "pt-br", "", ""]),
        ("Locale", ["fr_CA"], ["fr"]),
        ("MC_LANGUAGE", ["ja"], ["ja"]),
        ("city", ["de"], [""]),
    ],
)
def test_the_language_of_a_contact_is_one_that_the_house_speaks(
    header: str, codes: list[str], languages: list[str]
) -> None:
    rows = "".join(f"a{n}@x.example,{code}\n" for n, code in enumerate(codes))
    _, batch = read(f"email,{header}\n{rows}", CONTACTS)
    assert [line.language for line in batch.lines] == languages


def test_rows_come_in_batches_and_what_was_taken_before_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("prefcenter.lists.imports.reading.ROWS", 2)
    text = "email\n" + "".join(f"a{n}@x.example\n" for n in range(5))
    for skip, sizes in {0: [2, 2, 1], 1: [2, 2], 4: [1], 5: [], 9: []}.items():
        source = open_source(io.BytesIO(text.encode()), OPT_OUTS, file_name="a.csv", now=NOW)
        batches = list(source.batches(skip=skip))
        assert [batch.rows for batch in batches] == sizes
        values = [line.value for batch in batches for line in batch.lines]
        assert values == [f"a{n}@x.example" for n in range(skip, 5)]


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("1767607200", datetime(2026, 1, 5, 10, tzinfo=UTC)),
        ("1767607200000", datetime(2026, 1, 5, 10, tzinfo=UTC)),
        ("2026-01-05 10:00:00", datetime(2026, 1, 5, 22, tzinfo=UTC)),
        ("2026-03-10 10:00:00", NOW),
        ("2026-01-05T10:00:00Z", datetime(2026, 1, 5, 10, tzinfo=UTC)),
        ("2026-01-05T05:00:00-05:00", datetime(2026, 1, 5, 10, tzinfo=UTC)),
        ("2026-01-05T10:00:00.123+00:00", datetime(2026, 1, 5, 10, 0, 0, 123000, tzinfo=UTC)),
        ("Mon, 05 Jan 2026 10:00:00 UTC", datetime(2026, 1, 5, 10, tzinfo=UTC)),
        ("Mon, 5 Jan 2026 11:00:00 +0100", datetime(2026, 1, 5, 10, tzinfo=UTC)),
        ("2026-01-05", datetime(2026, 1, 6, 11, 59, 59, tzinfo=UTC)),
        ("2026-03-10", NOW),
        ("2027-01-05 10:00:00", NOW),
        ("9999-12-31", None),
        ("Mon, 01 Jan 0001 00:00:00 UTC", None),
        ("0001-01-01T00:00:00Z", None),
        ("01/02/2026 10:00", None),
        ("Jan 5, 2026 10:00 pm", datetime(2026, 1, 6, 10, tzinfo=UTC)),
        ("20260105", datetime(2026, 1, 6, 11, 59, 59, tzinfo=UTC)),
        ("5", None),
        ("²²²²²²²²²²", None),
        ("9999999999999", NOW),
        ("yesterday", None),
        ("", None),
    ],
)
def test_a_moment_is_the_latest_that_its_text_can_mean(text: str, when: datetime | None) -> None:
    assert moment(text, now=NOW) == when


def test_only_the_time_of_the_no_counts_as_its_time() -> None:
    """A "created" of a table may be when they signed up, and what they said since would overtake their no."""
    for header, has_time in {"created": False, "date": False, "unsubscribed_at": True, "Opt-out date": True}.items():
        _, batch = read(f"email,{header},x\na@x.example,2026-01-05 10:00:00,\n")
        assert [bool(line.at) for line in batch.lines] == [has_time], header


def test_every_word_of_an_export_is_counted_in_a_large_file() -> None:
    words = {"unsubscribed": NO, "HARD_BOUNCE": GONE, "SpamComplaint": SPAM, "manual": BLOCKED}
    text = "email,status\n" + "".join(f"p{n}@x.example,{list(words)[n % 4]}\n" for n in range(4000))
    _, batch = read(text)
    assert Counter(line.reason for line in batch.lines) == dict.fromkeys(words.values(), 1000)
