import pytest

from prefcenter.mail_check import Level, PointStatus, check
from tests.prefcenter.mail_check.messages import LINK, listed, message, of, outcome

pytestmark = pytest.mark.sqlite_only


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"<" + LINK + b">", PointStatus.PASS),
        (b"<mailto:u@example.com>, <" + LINK + b">", PointStatus.PASS),
        (b"(one tap) <HTTPS://News.Example.com/u/abc>", PointStatus.PASS),
        (b"<https://example.com/u/(abc)>", PointStatus.PASS),
        (b"<http://localhost:8000/u/abc>", PointStatus.WARN),
        (b"<http://127.0.0.1/u/abc>, <mailto:u@example.com>", PointStatus.WARN),
        (b"<http://[::1]:8000/u/abc>", PointStatus.WARN),
        (b"", PointStatus.FAIL),
        (b"<mailto:u@example.com>", PointStatus.FAIL),
        (b"<http://example.com/u/abc>", PointStatus.FAIL),
        (b"<http://localhost.example.com/u/abc>", PointStatus.FAIL),
        (b"<" + LINK + b">, <http://example.com/u/abc>", PointStatus.FAIL),
        (b"<" + LINK + b">, <http://localhost/u/abc>", PointStatus.FAIL),
        (b"<" + LINK + b">, <" + LINK + b">", PointStatus.FAIL),
        (b"<https:///u/abc>", PointStatus.FAIL),
        (b"<https://[::1/u/abc>", PointStatus.FAIL),
        (b"<https://example.com:port/u/abc>", PointStatus.FAIL),
        (b"<https://ex\xc3\xa4mple.com/u/abc>", PointStatus.FAIL),
        (LINK, PointStatus.FAIL),
        (b"=?utf-8?q?=3Chttps=3A//news=2Eexample=2Ecom/u/abc=3E?=", PointStatus.FAIL),
    ],
)
def test_there_is_exactly_one_web_link_and_it_is_https(value: bytes, expected: PointStatus) -> None:
    assert outcome(listed(value), "H2") is expected


def test_two_headers_with_one_link_each_fail_for_being_two_and_not_for_their_links() -> None:
    points = check(
        message(b"List-Unsubscribe: <mailto:u@example.com>", List_Unsubscribe=b"List-Unsubscribe: <" + LINK + b">")
    )

    assert of(points, "H1").outcome is PointStatus.FAIL
    assert of(points, "H2").outcome is PointStatus.PASS


def test_plain_http_to_this_machine_is_said_to_be_for_development() -> None:
    assert "for development only" in of(check(listed(b"<http://localhost:8000/u/abc>")), "H2").text


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"<" + LINK + b">,<mailto:u@example.com>", PointStatus.PASS),
        (b"<" + LINK + b"> , \t<mailto:u@example.com?subject=a,b>", PointStatus.PASS),
        (b"<" + LINK + b">,\r\n\t<mailto:u@example.com>", PointStatus.PASS),
        (b"\r\n <" + LINK + b">", PointStatus.PASS),
        (b"(one tap) <" + LINK + b"> (really, one <tap>)", PointStatus.PASS),
        (b"<" + LINK + b"> <mailto:u@example.com>", PointStatus.FAIL),
        (b"<" + LINK + b">,", PointStatus.FAIL),
        (b"<" + LINK + b">; <mailto:u@example.com>", PointStatus.FAIL),
        (b"<" + LINK, PointStatus.FAIL),
        (b"<>", PointStatus.FAIL),
        (LINK, PointStatus.FAIL),
        (b"< " + LINK + b">", PointStatus.FAIL),
        (b"<https://news.example.com/u/\r\n abc>", PointStatus.FAIL),
        (b"<https://news.example.com/u/\xc3\xa4>", PointStatus.FAIL),
    ],
)
def test_the_links_are_a_list_of_uris_in_angle_brackets(value: bytes, expected: PointStatus) -> None:
    assert outcome(listed(value), "H7") is expected


@pytest.mark.parametrize("value", [b"(tap)\r\n <" + LINK + b">", b"<" + LINK + b">\r\n ,<mailto:u@example.com>"])
def test_folding_elsewhere_than_after_a_comma_is_a_warning(value: bytes) -> None:
    assert outcome(listed(value), "H7", level=Level.SHOULD) is PointStatus.WARN


@pytest.mark.parametrize(
    "value",
    [
        b"=?utf-8?q?=3Chttps=3A//news=2Eexample=2Ecom/u/abc=3E?=",
        b"=?UTF-8?B?PGh0dHBzOi8vZXhhbXBsZS5jb20+?=",
        b"=?utf-8?q?=3Chttps=3A//news=2Eexample=2Ecom/u/?=\r\n =?utf-8?q?abc=3E?=",
        b"<mailto:u@example.com>, =?us-ascii*en?Q?=3Chttps=3A//example.com=3E?=",
    ],
)
def test_an_encoded_list_unsubscribe_fails(value: bytes) -> None:
    assert outcome(listed(value), "H8") is PointStatus.FAIL


def test_a_query_string_is_not_taken_for_an_encoded_word() -> None:
    assert outcome(listed(b"<https://example.com/u?t=?a&b=?q?=>"), "H8") is PointStatus.PASS


@pytest.mark.parametrize(("length", "expected"), [(77, PointStatus.PASS), (78, PointStatus.WARN)])
def test_a_link_that_a_mail_program_may_encode_is_a_warning(length: int, expected: PointStatus) -> None:
    link = b"<https://example.com/u/".ljust(length - 1, b"x") + b">"

    assert outcome(listed(link), "H8", level=Level.SHOULD) is expected
    assert outcome(listed(link), "H8") is PointStatus.PASS
