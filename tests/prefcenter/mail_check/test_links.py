import pytest

from prefcenter.mail_check import Level, Outcome, check
from tests.prefcenter.mail_check.messages import LINK, listed, message, of, outcome

pytestmark = pytest.mark.sqlite_only


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"<" + LINK + b">", Outcome.PASS),
        (b"<mailto:u@example.com>, <" + LINK + b">", Outcome.PASS),
        (b"(one tap) <HTTPS://News.Example.com/u/abc>", Outcome.PASS),
        (b"<https://example.com/u/(abc)>", Outcome.PASS),
        (b"<http://localhost:8000/u/abc>", Outcome.WARN),
        (b"<http://127.0.0.1/u/abc>, <mailto:u@example.com>", Outcome.WARN),
        (b"<http://[::1]:8000/u/abc>", Outcome.WARN),
        (b"", Outcome.FAIL),
        (b"<mailto:u@example.com>", Outcome.FAIL),
        (b"<http://example.com/u/abc>", Outcome.FAIL),
        (b"<http://localhost.example.com/u/abc>", Outcome.FAIL),
        (b"<" + LINK + b">, <http://example.com/u/abc>", Outcome.FAIL),
        (b"<" + LINK + b">, <http://localhost/u/abc>", Outcome.FAIL),
        (b"<" + LINK + b">, <" + LINK + b">", Outcome.FAIL),
        (b"<https:///u/abc>", Outcome.FAIL),
        (b"<https://[::1/u/abc>", Outcome.FAIL),
        (b"<https://example.com:port/u/abc>", Outcome.FAIL),
        (b"<https://ex\xc3\xa4mple.com/u/abc>", Outcome.FAIL),
        (LINK, Outcome.FAIL),
        (b"=?utf-8?q?=3Chttps=3A//news=2Eexample=2Ecom/u/abc=3E?=", Outcome.FAIL),
    ],
)
def test_there_is_exactly_one_web_link_and_it_is_https(value: bytes, expected: Outcome) -> None:
    assert outcome(listed(value), "H2") is expected


def test_two_headers_with_one_link_each_fail_for_being_two_and_not_for_their_links() -> None:
    points = check(
        message(b"List-Unsubscribe: <mailto:u@example.com>", List_Unsubscribe=b"List-Unsubscribe: <" + LINK + b">")
    )

    assert of(points, "H1").outcome is Outcome.FAIL
    assert of(points, "H2").outcome is Outcome.PASS


def test_plain_http_to_this_machine_is_said_to_be_for_development() -> None:
    assert "for development only" in of(check(listed(b"<http://localhost:8000/u/abc>")), "H2").text


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"<" + LINK + b">,<mailto:u@example.com>", Outcome.PASS),
        (b"<" + LINK + b"> , \t<mailto:u@example.com?subject=a,b>", Outcome.PASS),
        (b"<" + LINK + b">,\r\n\t<mailto:u@example.com>", Outcome.PASS),
        (b"\r\n <" + LINK + b">", Outcome.PASS),
        (b"(one tap) <" + LINK + b"> (really, one <tap>)", Outcome.PASS),
        (b"<" + LINK + b"> <mailto:u@example.com>", Outcome.FAIL),
        (b"<" + LINK + b">,", Outcome.FAIL),
        (b"<" + LINK + b">; <mailto:u@example.com>", Outcome.FAIL),
        (b"<" + LINK, Outcome.FAIL),
        (b"<>", Outcome.FAIL),
        (LINK, Outcome.FAIL),
        (b"< " + LINK + b">", Outcome.FAIL),
        (b"<https://news.example.com/u/\r\n abc>", Outcome.FAIL),
        (b"<https://news.example.com/u/\xc3\xa4>", Outcome.FAIL),
    ],
)
def test_the_links_are_a_list_of_uris_in_angle_brackets(value: bytes, expected: Outcome) -> None:
    assert outcome(listed(value), "H7") is expected


@pytest.mark.parametrize("value", [b"(tap)\r\n <" + LINK + b">", b"<" + LINK + b">\r\n ,<mailto:u@example.com>"])
def test_folding_elsewhere_than_after_a_comma_is_a_warning(value: bytes) -> None:
    assert outcome(listed(value), "H7", level=Level.SHOULD) is Outcome.WARN


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
    assert outcome(listed(value), "H8") is Outcome.FAIL


def test_a_query_string_is_not_taken_for_an_encoded_word() -> None:
    assert outcome(listed(b"<https://example.com/u?t=?a&b=?q?=>"), "H8") is Outcome.PASS


@pytest.mark.parametrize(("length", "expected"), [(77, Outcome.PASS), (78, Outcome.WARN)])
def test_a_link_that_a_mail_program_may_encode_is_a_warning(length: int, expected: Outcome) -> None:
    link = b"<https://example.com/u/".ljust(length - 1, b"x") + b">"

    assert outcome(listed(link), "H8", level=Level.SHOULD) is expected
    assert outcome(listed(link), "H8") is Outcome.PASS
