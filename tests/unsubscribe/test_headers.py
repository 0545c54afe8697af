"""The headers as they leave: raw bytes of real messages from the guarded backend, against requirements H1 to H12."""

import re
from collections.abc import Callable
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.utils import unquote
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.db import connection
from django.test import override_settings
from django.utils import timezone

from prefcenter.mail_check import PointStatus, check, must_fails
from tests.factories import ADA, BOB, CategoryFactory
from tests.prefcenter.mail_check.messages import signed
from unsubscribe import headers, links
from unsubscribe.errors import InsecureBaseUrl, InvalidLink
from unsubscribe.links import Target
from unsubscribe.models import Address, Category

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_only]

HOST = "https://mail.example.com"
LONG_HOST = "https://preferences.a-rather-long-company-name.example.co.uk"
LONGEST_HOST = "https://" + ".".join(["a" * 63, "b" * 63, "c" * 63, "d" * 57, "com"])
MAILTO = "unsubscribe@lists.example.com"
JUST_SHORT_ENOUGH_MAILTO = "u" * 23 + "@example.com"
HOSTS = [HOST, f"{HOST}/", f"{HOST}:8443/mail", LONG_HOST, LONGEST_HOST]
MAILTOS = ["", MAILTO, JUST_SHORT_ENOUGH_MAILTO]
JAPANESE = "お知らせと特別なご提案"
NAMES = [
    "Product news",
    "Grüße & Angebote",
    'The "best" offers',
    "Books, films (and more) <new>",
    "back\\slash",
    "trailing ",
    "@home",
    JAPANESE,
    JAPANESE * 3,
    JAPANESE * 10,
    "👋 Hello",
    "ö" * 120,
    "ö" * 300,
    "x" * 120,
    "x" * 300,
    "many words " * 10 + "end",
    "many words " * 27 + "end",
    "=?utf-8?q?Offers?=",
    "two\nlines",
    "two\r\nBcc: bob@example.com",
    "nul\0",
]

Send = Callable[..., bytes]


def short(name: str) -> str:
    return ascii(name)[:24] + f"({len(name)})"


@pytest.fixture
def send(settings: Any) -> Send:
    """The message as its bytes left, for these settings and this category."""

    def sending(
        *, base_url: str = HOST, mailto: str = "", name: str = "Product news", declared: bool = True, to: str = ADA
    ) -> bytes:
        settings.UNSUBSCRIBE_BASE_URL, settings.UNSUBSCRIBE_MAILTO = base_url, mailto
        settings.UNSUBSCRIBE_LIST_DOMAIN = "lists.example.com"
        if connection.vendor == "postgresql" and (len(name) > 120 or "\0" in name):
            pytest.skip("PostgreSQL stores no such name.")
        CategoryFactory.create(slug="product-news", name=name)
        said = {headers.CATEGORY: "product-news"} if declared else {}
        mail.outbox.clear()
        assert EmailMessage("What is new", "Hello.\n", to=[to], headers=said).send() == 1
        [message] = mail.outbox
        raw = message.message().as_bytes()
        assert isinstance(raw, bytes)
        return raw

    return sending


def in_every_setting(test: Callable[..., None]) -> Callable[..., None]:
    for mark in (pytest.mark.parametrize("base_url", HOSTS, ids=len), pytest.mark.parametrize("mailto", MAILTOS)):
        test = mark(test)
    return test


def lines(raw: bytes) -> list[bytes]:
    """The lines of the header, as they were sent."""
    head, _, _ = raw.partition(b"\n\n")
    return head.split(b"\n")


def field(raw: bytes, name: str) -> bytes:
    """The one header field of this name, folded as it was sent."""
    fields = re.split(rb"\n(?![ \t])", raw.partition(b"\n\n")[0])
    [found] = [one for one in fields if one.partition(b":")[0].lower() == name.lower().encode()]
    return found


def uris(raw: bytes) -> list[bytes]:
    return re.findall(rb"<([^<>]*)>", field(raw, "List-Unsubscribe"))


@in_every_setting
def test_h1_one_list_unsubscribe_and_one_post_line(send: Send, base_url: str, mailto: str) -> None:
    raw = send(base_url=base_url, mailto=mailto)
    names = [line.partition(b":")[0].lower() for line in lines(raw)]
    assert [names.count(name) for name in (b"list-unsubscribe", b"list-unsubscribe-post", b"list-id")] == [1, 1, 1]


@in_every_setting
def test_h2_one_https_link_and_no_http(send: Send, base_url: str, mailto: str) -> None:
    found = uris(send(base_url=base_url, mailto=mailto))
    assert [uri.partition(b":")[0] for uri in found] == ([b"https", b"mailto"] if mailto else [b"https"])
    assert found[0].startswith(base_url.rstrip("/").encode() + b"/u/")


@pytest.mark.parametrize(
    ("base_url", "debug", "is_fine"),
    [
        ("http://mail.example.com", False, False),
        ("http://mail.example.com", True, False),
        ("http://localhost.example.com", True, False),
        ("http://localhost:8000", False, False),
        ("http://localhost:8000", True, True),
        ("http://127.0.0.1:8000", True, True),
        ("http://[::1]:8000", True, True),
        ("HTTPS://mail.example.com", False, True),
        ("https://", False, False),
        ("https:mail.example.com", False, False),
        ("//mail.example.com", True, False),
        ("mail.example.com", True, False),
        ("ftp://mail.example.com", True, False),
        ("", True, False),
    ],
)
def test_h2_no_headers_on_an_insecure_base_url(send: Send, base_url: str, debug: bool, is_fine: bool) -> None:
    with override_settings(DEBUG=debug):
        if is_fine:
            assert uris(send(base_url=base_url))[0].startswith(base_url.encode())
        else:
            with pytest.raises(InsecureBaseUrl):
                send(base_url=base_url)
            assert mail.outbox == []


@in_every_setting
def test_h3_the_post_line_is_exact(send: Send, base_url: str, mailto: str) -> None:
    assert field(send(base_url=base_url, mailto=mailto), "List-Unsubscribe-Post") == (
        b"List-Unsubscribe-Post: List-Unsubscribe=One-Click"
    )


@pytest.mark.parametrize("mailto", MAILTOS)
@pytest.mark.parametrize("declared", [True, False])
def test_h4_only_the_signature_is_missing_and_it_can_be_made(send: Send, mailto: str, declared: bool) -> None:
    raw = send(mailto=mailto, declared=declared)
    assert {point.id for point in must_fails(check(raw))} == {"H4"}
    assert [point for point in check(signed(raw)) if point.outcome is PointStatus.FAIL] == []


@pytest.mark.parametrize("name", NAMES, ids=short)
@pytest.mark.parametrize("base_url", [HOST, LONGEST_HOST], ids=len)
def test_h4_whatever_the_category_is_called(send: Send, name: str, base_url: str) -> None:
    raw = send(name=name, base_url=base_url, mailto=MAILTO)
    assert {point.id for point in must_fails(check(raw))} == {"H4"}
    assert [point for point in check(signed(raw)) if point.outcome is PointStatus.FAIL] == []


def test_h5_the_link_alone_says_who_and_what(send: Send) -> None:
    for to in (ADA, BOB):
        token = uris(send(to=to))[0].rpartition(b"/")[2].decode()
        target = links.read(token, today=timezone.localdate())
        assert target == Target(Address.objects.get(value=to).pk, Category.objects.get().pk)


def test_h5_one_recipient_in_each_message() -> None:
    EmailMessage("What is new", "Hello.", to=[ADA, BOB]).send()
    said = [(message.recipients(), field(message.message().as_bytes(), "To")) for message in mail.outbox]
    assert said == [([ADA], b"To: ada@example.com"), ([BOB], b"To: bob@example.com")]


def test_h6_an_altered_link_is_none(send: Send) -> None:
    token = uris(send())[0].rpartition(b"/")[2].decode()
    for at in range(len(token)):
        other = "A" if token[at] != "A" else "B"
        with pytest.raises(InvalidLink):
            links.read(token[:at] + other + token[at + 1 :], today=timezone.localdate())


@in_every_setting
def test_h7_uris_in_brackets_folded_only_after_a_comma(send: Send, base_url: str, mailto: str) -> None:
    raw = field(send(base_url=base_url, mailto=mailto), "List-Unsubscribe")
    assert re.fullmatch(rb"List-Unsubscribe: <[!-;=?-~]+>(,\n <[!-;=?-~]+>)?", raw)


@in_every_setting
def test_h8_no_encoded_word_in_the_link(send: Send, base_url: str, mailto: str) -> None:
    assert b"=?" not in field(send(base_url=base_url, mailto=mailto), "List-Unsubscribe")


def test_h8_the_link_of_an_ordinary_host_is_short_enough_for_every_generator(send: Send) -> None:
    assert len(uris(send())[0]) + len("<>") <= 77


# The link would become an encoded-word, or have white space within its brackets.
@pytest.mark.parametrize("base_url", ["https://bücher.example", "https://mail.example.com ", "https://mail .example"])
def test_h8_a_base_url_that_is_no_uri_is_encoded_or_refused(send: Send, base_url: str) -> None:
    try:
        raw = send(base_url=base_url)
    except InsecureBaseUrl:
        return
    assert {point.id for point in must_fails(check(raw))} == {"H4"}


@pytest.mark.parametrize("name", NAMES, ids=short)
@pytest.mark.parametrize("base_url", [HOST, LONGEST_HOST], ids=len)
def test_h9_no_line_is_too_long(send: Send, base_url: str, name: str) -> None:
    raw = send(base_url=base_url, mailto=JUST_SHORT_ENOUGH_MAILTO, name=name)
    assert max(map(len, lines(raw))) <= 998
    # What has a place to fold is folded there.
    assert all(len(line) <= 78 or line.count(b" ") <= 1 for line in lines(raw))


IDENTIFIER = b"<product-news.lists.example.com>"


@pytest.mark.parametrize("name", NAMES, ids=short)
def test_h10_the_identifier_stays_whatever_the_name(send: Send, name: str) -> None:
    list_id = field(send(name=name), "List-Id")
    assert list_id.endswith(IDENTIFIER)
    assert list_id.isascii()
    assert len(list_id.removeprefix(b"List-Id: ").replace(b"\n", b"")) <= 255
    assert all(len(word) <= 75 for word in re.findall(rb"=\?\S+\?=", list_id))  # RFC 2047, section 2
    assert b"(" not in re.sub(rb'"(?:[^"\\]|\\.)*"', b"", list_id)


def _display_name(list_id: bytes) -> str:
    """As a mail program reads it: the name before the brackets, its encoded-words decoded, or unquoted."""
    phrase = list_id.partition(b":")[2].replace(b"\n", b"").removesuffix(IDENTIFIER).strip().decode("ascii")
    return str(make_header(decode_header(phrase))) if "=?" in phrase else unquote(phrase)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Product news", "Product news"),
        ("Grüße & Angebote", "Grüße & Angebote"),
        ('The "best" offers', 'The "best" offers'),
        ("Books, films (and more) <new>", "Books, films (and more) <new>"),
        ("back\\slash", "back\\slash"),
        (JAPANESE, JAPANESE),
        (JAPANESE * 3, JAPANESE * 3),
        ("👋 Hello", "👋 Hello"),
        ("ö" * 120, ""),
        ("ö" * 300, ""),
        ("x" * 120, "x" * 120),
        ("x" * 300, ""),
        ("two\nlines", ""),
        ("two\r\nBcc: bob@example.com", ""),
    ],
    ids=short,
)
def test_h10_the_name_is_shown_as_it_is_or_not_at_all(send: Send, name: str, shown: str) -> None:
    raw = send(name=name)
    assert _display_name(field(raw, "List-Id")) == shown
    assert message_from_bytes(raw, policy=policy.default)["Bcc"] is None


@pytest.mark.parametrize(("length", "is_shown"), [(255, True), (256, False)])
def test_h10_a_list_id_is_at_most_255_characters_long(length: int, is_shown: bool, settings: Any) -> None:
    settings.UNSUBSCRIBE_LIST_DOMAIN = "lists.example.com"
    name = "x" * (length - len(" <news.lists.example.com>"))
    whole = headers.list_id("news", name)
    assert whole == (f"{name} <news.lists.example.com>" if is_shown else "<news.lists.example.com>")


def test_h10_a_message_of_no_category_has_no_list_id(send: Send) -> None:
    assert not any(line.lower().startswith(b"list-id:") for line in lines(send(declared=False)))


@pytest.mark.parametrize("mailto", [MAILTO, JUST_SHORT_ENOUGH_MAILTO])
def test_h12_the_local_part_carries_the_token_in_64_characters(send: Send, mailto: str) -> None:
    https, by_mail = (uri.decode() for uri in uris(send(mailto=mailto)))
    token = https.rpartition("/")[2]
    local, _, domain = by_mail.removeprefix("mailto:").partition("@")
    assert (local, domain) == (f"{mailto.partition('@')[0]}+{token}", mailto.partition("@")[2])
    assert len(local) <= 64


def test_the_link_stands_before_the_mailbox(settings: Any) -> None:
    settings.UNSUBSCRIBE_MAILTO = MAILTO
    token = "x" * 40
    assert headers.list_unsubscribe(token) == f"<{HOST}/u/{token}>, <mailto:unsubscribe+{token}@lists.example.com>"


def test_the_headers_that_are_there_are_named() -> None:
    built = headers.Headers(headers.list_unsubscribe("x" * 40), headers.ONE_CLICK, "")
    assert built.items() == [
        ("List-Unsubscribe", f"<{HOST}/u/{'x' * 40}>"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
    ]
    assert built._replace(list_id="<a.b>").items()[2] == ("List-Id", "<a.b>")
