import pytest

from prefcenter.mail_check import Point, PointStatus, check, must_fails
from tests.prefcenter.mail_check.messages import SIGNED, message, of, signed

pytestmark = pytest.mark.sqlite_only

TAGS = {
    "v": "1",
    "a": "rsa-sha256",
    "d": "example.com",
    "s": "s1",
    "h": "From:List-Unsubscribe:List-Unsubscribe-Post",
    "bh": "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
    "b": "AAAA",
}
RFC_6376_LIST = (b"From", b"To", b"Subject", b"Date", b"List-Id", b"List-Unsubscribe")


def coverage(raw: bytes) -> Point:
    return of(check(raw), "H4")


def with_tags(**changed: str | None) -> bytes:
    tags = {name: value for name, value in (TAGS | changed).items() if value is not None}
    header = b"DKIM-Signature: " + "; ".join(f"{name}={value}" for name, value in tags.items()).encode()
    return header + b"\r\n" + message()


def test_a_signature_over_both_headers_passes() -> None:
    points = check(signed(message()))

    assert of(points, "H4").outcome is PointStatus.PASS
    assert not must_fails(points)


def test_an_unsigned_message_fails() -> None:
    assert "There is no DKIM signature" in coverage(message()).text
    assert coverage(message()).outcome is PointStatus.FAIL


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (RFC_6376_LIST, "does not name List-Unsubscribe-Post in h="),
        ((b"From", b"Subject"), "does not name List-Unsubscribe and List-Unsubscribe-Post in h="),
        ((b"From", b"List-Unsubscribe-Post"), "does not name List-Unsubscribe in h="),
    ],
)
def test_a_signature_that_leaves_one_of_the_headers_out_fails(names: tuple[bytes, ...], said: str) -> None:
    point = coverage(signed(message(), names=names))

    assert point.outcome is PointStatus.FAIL
    assert said in point.text


def test_signing_a_header_twice_to_keep_others_from_being_added_is_fine() -> None:
    assert coverage(signed(message(), names=(*SIGNED, *SIGNED))).outcome is PointStatus.PASS


def test_one_signature_of_several_that_covers_both_is_enough() -> None:
    inner = signed(message())
    several = signed(inner, names=RFC_6376_LIST, domain=b"mailer.example.net")

    assert several.count(b"DKIM-Signature:") == 2
    assert coverage(several).outcome is PointStatus.PASS


def test_when_no_signature_covers_both_each_is_named() -> None:
    inner = signed(message(), names=RFC_6376_LIST)
    text = coverage(signed(inner, names=(b"From",), domain=b"mailer.example.net")).text

    assert "the one of mailer.example.net does not name List-Unsubscribe and List-Unsubscribe-Post in h=" in text
    assert "the one of example.com does not name List-Unsubscribe-Post in h=" in text


def test_tags_are_read_in_any_order_with_folding_and_names_in_any_case() -> None:
    assert with_tags() != with_tags(h="from : LIST-UNSUBSCRIBE :\r\n\tlist-unsubscribe-post")
    assert coverage(with_tags(h="from : LIST-UNSUBSCRIBE :\r\n\tlist-unsubscribe-post")).outcome is PointStatus.PASS


@pytest.mark.parametrize("tag", TAGS)
@pytest.mark.parametrize("value", [None, ""])
def test_a_signature_without_a_required_tag_fails(tag: str, value: str | None) -> None:
    point = coverage(with_tags(**{tag: value}))

    assert point.outcome is PointStatus.FAIL
    assert f"lacks {tag}=" in point.text


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"v": "2"}, "is malformed (v= value is not 1"),
        ({"a": "rsa-sha1"}, "is made with rsa-sha1"),
        ({"a": "rot13"}, "is made with rot13"),
        ({"d": "exa mple.com"}, "is no DNS name"),
        ({"s": "s1/../s2"}, "is no DNS name"),
        ({"b": "not base64!"}, "is malformed (b= value is not valid base64"),
        ({"i": "someone@example.net"}, "is malformed (i= domain is not a subdomain"),
        ({"i": "example.com"}, "has an i= without an @"),
        ({"h": "List-Unsubscribe:List-Unsubscribe-Post"}, "does not name From in h="),
        ({"c": "relaxed; c=simple"}, "is not a list of tag=value"),
        ({"c": "relaxed; nonsense"}, "is not a list of tag=value"),
    ],
)
def test_a_malformed_signature_does_not_count(changed: dict[str, str], said: str) -> None:
    point = coverage(with_tags(**changed))

    assert point.outcome is PointStatus.FAIL
    assert said in point.text


def test_a_signature_that_has_expired_since_is_still_well_formed() -> None:
    assert coverage(with_tags(t="1000000000", x="1000086400")).outcome is PointStatus.PASS


def test_without_dns_the_report_says_that_validity_was_not_looked_up() -> None:
    validity = [point for point in check(signed(message())) if point.id == "H4"][1]

    assert validity.outcome is PointStatus.SKIPPED
    assert "--dns" in validity.text
