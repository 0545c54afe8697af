import pytest

from prefcenter.mail_check import Level, PointStatus, check
from tests.prefcenter.mail_check.messages import POST_LINE, listed, message, of, outcome

pytestmark = pytest.mark.sqlite_only


def post(line: bytes) -> bytes:
    return message(List_Unsubscribe_Post=line)


def list_id(value: bytes) -> bytes:
    return message(List_Id=b"List-Id: " + value)


def test_a_proper_message_passes_every_point_about_its_headers() -> None:
    points = [point for point in check(message()) if point.id not in ("H4", "E3", "E4")]

    assert [point.id for point in points] == ["H1", "H2", "H3", "H7", "H8", "H8", "H9", "H9", "H10"]
    assert {point.outcome for point in points} == {PointStatus.PASS}


def test_line_ends_of_lf_alone_make_no_difference() -> None:
    assert check(message().replace(b"\r\n", b"\n")) == check(message())


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (message(List_Unsubscribe=None), "List-Unsubscribe is missing; "),
        (message(List_Unsubscribe_Post=None), "List-Unsubscribe-Post is missing"),
        (message(List_Unsubscribe=None, List_Unsubscribe_Post=None), "missing and List-Unsubscribe-Post is missing"),
        (message(b"list-unsubscribe: <mailto:u@example.com>"), "List-Unsubscribe occurs 2 times"),
        (message(POST_LINE), "List-Unsubscribe-Post occurs 2 times"),
    ],
)
def test_each_of_the_two_headers_has_to_be_there_exactly_once(raw: bytes, said: str) -> None:
    point = of(check(raw), "H1")

    assert point.outcome is PointStatus.FAIL
    assert said in point.text


def test_points_about_a_header_that_is_missing_are_skipped() -> None:
    points = check(message(List_Unsubscribe=None, List_Unsubscribe_Post=None))

    assert {point.id for point in points if point.outcome is PointStatus.SKIPPED} >= {"H2", "H3", "H7", "H8"}


@pytest.mark.parametrize(
    "line",
    [
        b"List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        b"LIST-unsubscribe-POST: List-Unsubscribe=One-Click",
        b"List-Unsubscribe-Post:List-Unsubscribe=One-Click",
    ],
)
def test_the_post_line_passes_when_it_reads_as_the_standard_says(line: bytes) -> None:
    assert outcome(post(line), "H3") is PointStatus.PASS


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"List-Unsubscribe-Post:  List-Unsubscribe=One-Click", "contains white space where there must be none"),
        (b"List-Unsubscribe-Post : List-Unsubscribe=One-Click", "contains white space where there must be none"),
        (b"List-Unsubscribe-Post: List-Unsubscribe=One-Click ", "contains white space where there must be none"),
        (b"List-Unsubscribe-Post:\r\n List-Unsubscribe=One-Click", "is folded over 2 lines"),
        (b"List-Unsubscribe-Post: List-Unsubscribe=One-Click (tap)", "contains a comment"),
        (b"List-Unsubscribe-Post: (tap) List-Unsubscribe=One-Click", "contains a comment"),
        (b"List-Unsubscribe-Post: =?utf-8?q?List-Unsubscribe=3DOne-Click?=", "is encoded"),
        (b"List-Unsubscribe-Post: List-Unsubscribe=one-click", 'says "List-Unsubscribe=one-click"'),
        (b'List-Unsubscribe-Post: "List-Unsubscribe=One-Click"', "says "),
        (b"List-Unsubscribe-Post: List-Unsubscribe=One-Click, a=b", "says "),
        (b"List-Unsubscribe-Post:", 'says ""'),
    ],
)
def test_the_post_line_fails_when_it_reads_in_any_other_way(line: bytes, said: str) -> None:
    point = of(check(post(line)), "H3")

    assert point.outcome is PointStatus.FAIL
    assert said in point.text


@pytest.mark.parametrize("line_end", [b"\r\n", b"\n"])
@pytest.mark.parametrize(("length", "expected"), [(998, PointStatus.PASS), (999, PointStatus.FAIL)])
def test_a_line_of_more_than_998_octets_fails(length: int, expected: PointStatus, line_end: bytes) -> None:
    raw = message(body=b"Hello.\r\n" + b"x" * length + b"\r\n").replace(b"\r\n", line_end)

    assert outcome(raw, "H9") is expected


def test_an_overlong_line_is_named_by_its_number() -> None:
    assert "(first: line 2)" in of(check(b"From: a@example.com\r\nX: " + b"x" * 999 + b"\r\n\r\n"), "H9").text


@pytest.mark.parametrize(("length", "expected"), [(78, PointStatus.PASS), (79, PointStatus.WARN)])
def test_a_header_line_of_more_than_78_octets_is_a_warning(length: int, expected: PointStatus) -> None:
    raw = message(Subject=b"Subject: What ".ljust(length, b"x"), body=b"x" * 200)

    assert outcome(raw, "H9", level=Level.SHOULD) is expected


def test_a_link_that_fills_a_header_line_cannot_be_folded_and_is_no_warning() -> None:
    link = b"<https://example.com/u/".ljust(76, b"x") + b">"

    assert outcome(listed(link + b",\r\n " + link), "H9", level=Level.SHOULD) is PointStatus.PASS
    assert outcome(listed(link + b", " + link), "H9", level=Level.SHOULD) is PointStatus.WARN


@pytest.mark.parametrize(
    "value",
    [
        b"<product-news.example.com>",
        b"Product news <product-news.example.com>",
        b'"Product (and other) news, <monthly>" <product-news.example.com>',
        b"=?utf-8?q?Neues?=\r\n <product-news.example.com>",
        b"<" + b"x" * 243 + b".example.com>",
    ],
)
def test_a_list_id_of_the_right_form_passes(value: bytes) -> None:
    assert outcome(list_id(value), "H10", level=Level.SHOULD) is PointStatus.PASS


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (b"product-news.example.com", "does not have the form"),
        (b"Product news", "does not have the form"),
        (b"", "does not have the form"),
        (b"<product-news>", "does not have the form"),
        (b"<product news.example.com>", "does not have the form"),
        (b'<"product".news.example.com>', "does not have the form"),
        (b"<product..example.com>", "does not have the form"),
        (b"<product-news.example.com> more", "does not have the form"),
        (b"Product, news <product-news.example.com>", "does not have the form"),
        (b"Product news <product-news.example.com> (monthly)", "contains a comment"),
        (b"Product (monthly) news <product-news.example.com>", "contains a comment"),
        (b"<" + b"x" * 244 + b".example.com>", "256 octets"),
    ],
)
def test_a_list_id_of_another_form_fails_without_being_a_must(value: bytes, said: str) -> None:
    point = of(check(list_id(value)), "H10", level=Level.SHOULD)

    assert point.outcome is PointStatus.FAIL
    assert said in point.text


def test_two_list_ids_fail() -> None:
    point = of(check(message(b"List-ID: <other.example.com>")), "H10", level=Level.SHOULD)

    assert point.outcome is PointStatus.FAIL
    assert "occurs 2 times" in point.text


def test_no_list_id_is_a_warning() -> None:
    assert outcome(message(List_Id=None), "H10", level=Level.SHOULD) is PointStatus.WARN
