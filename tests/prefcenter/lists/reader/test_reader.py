"""What a table of people may look like: encodings, delimiters, names of columns, exports of other systems."""

import codecs
import csv
import io
from typing import Any

import pytest

from prefcenter.lists.reader import (
    EmptyTableError,
    NoAddressColumnError,
    NoColumnNamesError,
    NotATableError,
    Table,
    TableError,
    open_table,
)
from prefcenter.lists.reader.text import BLOCK

pytestmark = pytest.mark.sqlite_only

MAILCHIMP = (
    '"Email Address","First Name","Last Name",Address,"Phone Number",MEMBER_RATING,OPTIN_TIME,OPTIN_IP,'
    "CONFIRM_TIME,CONFIRM_IP,LATITUDE,LONGITUDE,GMTOFF,DSTOFF,TIMEZONE,CC,REGION,UNSUB_TIME,"
    "UNSUB_CAMPAIGN_TITLE,UNSUB_REASON,UNSUB_REASON_OTHER,LEID,EUID,NOTES,TAGS\n"
    'ann@x.example,Ann,"O\'Neil, Jr.","12 High Street\nSpringfield, IL 62701",,2,"2023-01-05 10:11:12",'
    '198.51.100.7,"2023-01-05 10:12:00",198.51.100.7,,,,,,US,IL,"2024-02-01 08:00:00","January ""news""",'
    '"NORMAL: too many",,123456,abcdef0123,"called twice\nwill write","""vip"",""press"""\n'
    "bob@x.example,Bob,,,,1,,,,,,,,,,,,,,,,123457,abcdef0124,,\n"
)


def read(data: str | bytes, **options: Any) -> Table:
    return open_table(io.BytesIO(data.encode() if isinstance(data, str) else data), **options)


# --- encodings, delimiters, line ends ----------------------------------------------------------------------


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["lf", "crlf", "cr"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize(
    ("mark", "encoding", "recognised"),
    [
        (b"", "utf-8", "utf-8"),
        (codecs.BOM_UTF8, "utf-8", "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16-le", "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be", "utf-16-be"),
        (b"", "utf-16-le", "utf-16-le"),
        (b"", "utf-16-be", "utf-16-be"),
        (b"", "cp1252", "cp1252"),
    ],
)
def test_encoding_delimiter_and_line_end_are_recognised(
    mark: bytes, encoding: str, recognised: str, delimiter: str, end: str
) -> None:
    lines = [["Name", "Email", "City"], ["José", "jose@x.example", f"A{delimiter} B"], ["Zoë", "z@x.example", "€"]]
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator=end).writerows(lines)
    table = read(mark + out.getvalue().encode(encoding))
    assert (table.encoding, table.delimiter, table.columns) == (recognised, delimiter, lines[0])
    assert [(row.line, row.fields) for row in table] == [(2, lines[1]), (3, lines[2])]


@pytest.mark.parametrize("data", ["email\na@x.example\n", "who\n", "email,x\n" + "x,\0\n" * 9])
def test_plain_ascii_is_called_utf8_even_with_stray_nul_bytes(data: str) -> None:
    assert read(data).encoding == "utf-8"


@pytest.mark.parametrize("shift", ["", "a", "aa"])
def test_a_sample_cut_within_a_character_is_no_reason_to_doubt_utf8(shift: str) -> None:
    table = read(f"email,{shift}name\na@x.example," + "€" * BLOCK + "\n")
    assert table.encoding == "utf-8"
    assert next(iter(table)).fields[1] == "€" * BLOCK


@pytest.mark.parametrize("padding", [0, 3 * BLOCK], ids=["within the sample", "after the sample"])
def test_a_line_that_is_no_utf8_is_decoded_by_itself(padding: int) -> None:
    before = b"email,name\n" + "z@x.example,Zoë\n".encode() + b"p@x.example,P\n" * (padding // 14)
    table = read(before + b"j@x.example,Jos\xe9 \x80\n" + "k@x.example,Zoë\n".encode())
    assert table.encoding == "utf-8"
    assert [row.fields[1] for row in table][-2:] == ["José €", "Zoë"]


def test_bytes_that_windows_1252_does_not_know_crash_nothing() -> None:
    data = b"email,name\na@x.example,\xe9\x81\nb@x.example,\x80\n"
    assert [row.fields[1] for row in read(data)] == ["é\x81", "€"]


def test_half_a_character_at_the_end_of_utf16_crashes_nothing() -> None:
    data = codecs.BOM_UTF16_LE + "email\na@x.example\nb@x.example".encode("utf-16-le") + b"\x61"
    assert next(iter(read(data))).address == "a@x.example"


@pytest.mark.parametrize(
    ("header", "delimiter", "columns"),
    [
        ("email", ",", ["email"]),
        ('"Last, First, Middle";Email', ";", ["Last, First, Middle", "Email"]),
        ("Email;Last, First, Middle", ";", ["Email", "Last, First, Middle"]),
        ('"a;b;c",Email', ",", ["a;b;c", "Email"]),
        ('"say ""a;b;c""",Email', ",", ['say "a;b;c"', "Email"]),
        ('Size 5" ; 6" ; 7",email', ",", ['Size 5" ; 6" ; 7"', "email"]),
        ('"two\nlines"|Email|x', "|", ["two\nlines", "Email", "x"]),
        (",,;Email;", ";", [",,", "Email", ""]),
        ("email,,name,name,", ",", ["email", "", "name", "name", ""]),
    ],
)
def test_the_delimiter_is_recognised_by_the_header(header: str, delimiter: str, columns: list[str]) -> None:
    table = read(header + "\n")
    assert (table.delimiter, table.columns, list(table)) == (delimiter, columns, [])


# --- the address column ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("channel", "header", "found"),
    [
        ("email", "Address,Email,Email Address", "Email Address"),
        ("email", "Address,E-Mail,Name", "E-Mail"),
        ("email", "id, EMAIL_ADDRESS ,email", " EMAIL_ADDRESS "),
        ("email", "id,e-mail address", "e-mail address"),
        ("email", "address,name,vars,subscribed", "address"),
        ("email", "who", "who"),
        ("sms", "Email,Phone,Phone Number", "Phone Number"),
        ("phone", "Number,Mobile number,mobile", "mobile"),
        ("sms", "email,SMS", "SMS"),
        ("whatsapp", "Phone,WhatsApp", "WhatsApp"),
        ("push", "Device Token,email", "Device Token"),
        ("post", "Email Address,Address", "Address"),
        ("post", "Address,Postal_Address", "Postal_Address"),
    ],
)
def test_the_address_column_is_found_by_its_name(channel: str, header: str, found: str) -> None:
    table = read(header + "\n", channel=channel)
    assert table.columns[table.address_index] == found


def test_of_two_columns_of_one_name_the_first_is_taken() -> None:
    assert read("id,email,email\n").address_index == 1


@pytest.mark.parametrize(
    ("channel", "first", "column"),
    [
        ("email", "a@x.example", "email"),
        ("email", "Ann <a@x.example>", "email"),
        ("sms", "+49 151 23456", "phone number"),
        ("phone", "004915123456", "phone number"),
        ("push", "dGhpcyBpcyBhIHRva2Vu:APA91b", "token"),
        ("post", "12 High Street Springfield", "postal address"),
    ],
)
def test_a_list_without_a_header_loses_nobody(channel: str, first: str, column: str) -> None:
    table = read(f"\n{first}\n{first}\n", channel=channel)
    assert (table.columns, table.address_index) == ([column], 0)
    assert [(row.line, row.address) for row in table] == [(2, first), (3, first)]


def test_a_table_without_an_address_column_says_which_columns_it_has() -> None:
    with pytest.raises(NoAddressColumnError) as caught:
        read("id,First Name\n1,secret@x.example\n")
    assert str(caught.value) == (
        "This file has no column called “email address”, “email” or “address”. Its columns are: “id”, "
        "“First Name”. Rename the column that contains the address."
    )


def test_at_most_ten_columns_are_named_and_long_ones_are_cut() -> None:
    with pytest.raises(NoAddressColumnError) as caught:
        read(",".join(["x" * 500, *map("c{}".format, range(1, 13))]) + "\n")
    assert "“c9” and 3 more." in str(caught.value)
    assert "c10" not in str(caught.value)
    assert "x" * 41 not in str(caught.value)


@pytest.mark.parametrize("first", ["Ann,secret@x.example", "Ann;+49 151 2345678", "Ann;;(0151) 2345678"])
def test_a_person_in_the_place_of_the_header_is_not_quoted(first: str) -> None:
    with pytest.raises(NoColumnNamesError) as caught:
        read(first + "\n")
    assert not {"Ann", "secret", "2345678"} & set(str(caught.value).replace("@", " ").split())


@pytest.mark.parametrize("data", [b"", b"\n\r\n \n", b",,,\n", codecs.BOM_UTF8, codecs.BOM_UTF16_LE, b" "])
def test_an_empty_file_is_refused(data: bytes) -> None:
    with pytest.raises(EmptyTableError, match=r"^This file is empty\."):
        read(data)


@pytest.mark.parametrize(
    "data",
    [
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x01\x00",
        b"PK\x03\x04\x14\x00\x06\x00\x08\x00\x00\x00!\x00[Content_Types].xml",
        b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n",
        b"<!DOCTYPE html>\n<title>Sign in</title>\n",
        b"name\n" + bytes(range(256)) * 100,
        b"em\0ail\na@x.example\n",
        b'"email,name\na@x.example,A\n',
        b"text without end " * BLOCK,
        codecs.BOM_UTF16_LE + "\x01\x02email\n".encode("utf-16-le"),
    ],
    ids=["png", "xlsx", "pdf", "html", "binary", "nul in header", "open quote in header", "one line", "utf-16"],
)
def test_what_is_no_table_is_refused(data: bytes) -> None:
    with pytest.raises(NotATableError, match="save it as CSV") as caught:
        read(data)
    assert isinstance(caught.value, TableError)


# --- real exports ------------------------------------------------------------------------------------------


def test_a_mailchimp_audience_is_read_by_its_email_addresses() -> None:
    table = read(MAILCHIMP)
    assert (table.address_index, len(table.columns)) == (0, 25)
    ann, bob = table
    assert (ann.line, ann.address, ann.problem) == (2, "ann@x.example", None)
    assert ann.fields[3] == "12 High Street\nSpringfield, IL 62701"
    assert ann.fields[-2:] == ["called twice\nwill write", '"vip","press"']
    assert (bob.line, bob.address, bob.problem) == (5, "bob@x.example", None)


def test_mailgun_mailing_list_members_are_read() -> None:
    table = read('address,name,vars,subscribed\r\nann@x.example,Ann,"{""age"": 27}",true\r\nbob@x.example\r\n')
    assert (table.columns[table.address_index], table.delimiter) == ("address", ",")
    ann, bob = [row.fields for row in table]
    assert (ann, bob) == (["ann@x.example", "Ann", '{"age": 27}', "true"], ["bob@x.example", "", "", ""])


@pytest.mark.parametrize(
    "export",
    [
        'address,tags,created_at\nann@x.example,"[""*""]","Mon, 05 Jan 2026 10:00:00 UTC"\n',
        'address,code,error,created_at\nann@x.example,550,"No such user, sorry","Mon, 05 Jan 2026 10:00:00 UTC"\n',
        'address,created_at\nann@x.example,"Mon, 05 Jan 2026 10:00:00 UTC"\n',
    ],
    ids=["unsubscribes", "bounces", "complaints"],
)
def test_mailgun_suppressions_are_read(export: str) -> None:
    assert [row.address for row in read(export)] == ["ann@x.example"]
