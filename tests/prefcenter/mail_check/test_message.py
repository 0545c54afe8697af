import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefcenter.mail_check import NotAMessageError, check
from prefcenter.mail_check.message import read, shown

pytestmark = pytest.mark.sqlite_only


@pytest.mark.parametrize("line_end", [b"\r\n", b"\n"])
def test_header_lines_are_kept_as_sent_and_the_value_is_unfolded(line_end: bytes) -> None:
    raw = line_end.join([b"From: a@example.com", b"X-Long:  one,", b"\ttwo", b"", b"Body: not a header", b""])

    sender, folded = read(raw).headers

    assert sender.value == b"a@example.com"
    assert folded.name == b"x-long"
    assert folded.lines == (b"X-Long:  one,", b"\ttwo")
    assert folded.value == b"one,\ttwo"


def test_header_names_are_found_in_any_case() -> None:
    assert len(read(b"FROM: a\r\nfrom: b\r\n\r\n").named(b"From")) == 2


@pytest.mark.parametrize("prefix", [b"From a@example.com Mon Oct  5 10:00:00 2026\n", b"\xef\xbb\xbf"])
def test_an_mbox_line_or_a_byte_order_mark_before_the_header_is_passed_over(prefix: bytes) -> None:
    assert [header.name for header in read(prefix + b"From: a@example.com\n\nHello\n").headers] == [b"from"]


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "is empty"),
        (b" \r\n\n\t", "is empty"),
        (b"Hello, this is a letter.\n", "is not an email message"),
        (b"\nFrom: a@example.com\n", "is not an email message"),
        (b" From: a@example.com\n", "is not an email message"),
        (b"From a@example.com Mon Oct  5 10:00:00 2026\n folded\n", "is not an email message"),
        (b"http://example.com\n", "is not an email message"),
        (b"name: a YAML file\nsteps: none\n", "is not an email message"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n", "is not an email message"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "is not an email message"),
        (b"From: a\0b@example.com\n\n", "is not an email message"),
        ("From: a@example.com\n\n".encode("utf-16"), "is not an email message"),
    ],
)
def test_what_is_no_message_is_refused(raw: bytes, reason: str) -> None:
    with pytest.raises(NotAMessageError, match=reason):
        check(raw)


def test_octets_are_shown_so_that_they_cannot_steer_a_terminal() -> None:
    assert shown(b"a\x1b[2Jb\xff") == "a\\x1b[2Jb\\xff"
    assert shown(b"x" * 200) == "x" * 100 + "..."


@given(
    st.lists(
        st.tuples(
            st.sampled_from([b"List-Unsubscribe", b"List-Unsubscribe-Post", b"List-Id", b"DKIM-Signature", b"no"]),
            st.sampled_from([b": ", b":", b" : ", b"\r\n ", b""]),
            st.binary(max_size=60)
            | st.sampled_from([b"<https://[::1>", b"<https://h:99999/>", b"v=1; a=; b=;", b"((((<a>))", b"i=x; d=x"]),
        ),
        max_size=6,
    )
)
def test_whatever_the_header_says_the_check_answers_in_points(parts: list[tuple[bytes, bytes, bytes]]) -> None:
    raw = b"From: a@example.com\r\n" + b"\r\n".join(b"".join(part) for part in parts) + b"\r\n\r\nHello.\r\n"

    try:
        points = check(raw, dnsfunc=lambda name, timeout=5.0: b"v=DKIM1; p=AAAA")
    except NotAMessageError:
        assert b"\0" in raw
    else:
        assert all(point.text for point in points)
