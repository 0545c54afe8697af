"""A form of ours is never a one-click, however it was sent; what may come from a mail program always is one."""

import json
from collections.abc import Mapping
from io import BytesIO
from typing import Any

import pytest
from django.test import Client, RequestFactory
from django.utils import timezone

from prefcenter import asgi, wsgi
from unsubscribe import links
from unsubscribe.choices import EventKind
from unsubscribe.links import LinkPurpose, Target
from unsubscribe.models import Address, Category, ConsentEvent

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_only]

URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=x"
PART = "--x\r\nContent-Disposition: form-data; name={}\r\n\r\nless\r\n"
MANY = b"&".join(b"a%d=1" % number for number in range(1001))


@pytest.fixture
def url(ada: Address, news: Category) -> str:
    return "/u/" + links.sign(Target(ada.pk, news.pk), today=timezone.localdate())


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"do=nonsense", URLENCODED),
        (b"do=", URLENCODED),
        (b"do", URLENCODED),
        (b"%64o=less", URLENCODED),
        (b"do=less", "text/plain"),
        (b"do=less\r\nfrequency=weekly\r\n", "text/plain"),
        (b"do=less&frequency=weekly", ""),
        (b"do=less&frequency=weekly", "application/octet-stream"),
        (b"\xef\xbb\xbfdo=less", URLENCODED),
        (b"\r\ndo=less", URLENCODED),
        (b"frequency=weekly", URLENCODED),
        (b"days=30", URLENCODED),
        (b"receipt=x&text=Hello", URLENCODED),
        (MANY + b"&do=less", URLENCODED),
        (b"do=less&" + MANY, URLENCODED),
        (PART.format('"do"').encode(), "multipart/form-data"),
        (PART.format('"do"').encode() + b"--x--\r\n", "multipart/form-data; boundary=x; charset=rot13"),
        (PART.format('"do"').encode()[:-10], MULTIPART),
        (PART.format("do").encode(), MULTIPART),
        (PART.format('"do"; filename="x"').encode() + b"--x--\r\n", MULTIPART),
        (json.dumps({"do": "less"}).encode(), "application/json"),
    ],
    ids=lambda value: ascii(value)[:40],
)
def test_what_has_our_fields_gets_the_page_and_changes_nothing(
    body: bytes, content_type: str, url: str, browser_client: Client
) -> None:
    answer = browser_client.generic("POST", url, body, content_type=content_type, secure=True)
    assert answer.status_code == 400
    assert 'value="unsubscribe"' in answer.content.decode()
    assert not ConsentEvent.objects.exists()


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", ""),
        (b"", MULTIPART),
        (b"List-Unsubscribe=One-Click", "text/plain"),
        (b"List-Unsubscribe=One-Click", ""),
        (b"list-unsubscribe=one-click&do=less", URLENCODED),
        (b"List-Unsubscribe=One-Click\r\n", URLENCODED),
        (b"ListUnsubscribe=One-Click", URLENCODED),
        (b'{"List-Unsubscribe": "One-Click", "do": "less"}', "application/json"),
        (b"We do not want this", "text/plain"),
        (b"docs=1&undo=2", URLENCODED),
        (b"docs=1&undo=2&x=do", "text/plain"),
        (MANY, URLENCODED),
        (b"\xff\xfe\x00", "application/octet-stream"),
    ],
    ids=lambda value: ascii(value)[:40],
)
def test_e2_what_may_come_from_a_mail_program_acts(
    body: bytes, content_type: str, url: str, browser_client: Client
) -> None:
    answer = browser_client.generic("POST", url, body, content_type=content_type, secure=True)
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/plain; charset=utf-8")
    assert ConsentEvent.objects.count() == 1


#: What Django, or the standard library below it, cannot read; and charsets that are none for text.
ODD_PARAMETERS = [
    *("charset=base64", "charset=rot13", "charset=idna", "charset=undefined", "charset=utf-16", "charset=klingon"),
    *("x*=klingon''y", "charset*=base64''x", "x*=undefined''y", "x*0=a; x*0*=utf-8''b", "x*1=a", ";;=;"),
]


@pytest.mark.parametrize("parameters", ODD_PARAMETERS)
@pytest.mark.parametrize(
    ("body", "content_type", "is_page"),
    [
        (b"List-Unsubscribe=One-Click", URLENCODED, False),
        (b"", MULTIPART, False),
        (b"do=less&frequency=weekly", URLENCODED, True),
    ],
)
def test_e2_no_parameter_of_the_content_type_keeps_a_body_from_being_read(
    parameters: str, body: bytes, content_type: str, is_page: bool, url: str, client: Client
) -> None:
    """By the entry point that a web server calls: Django reads the URL's own query by the charset."""
    environ = RequestFactory().generic("POST", f"{url}?utm_source=%FFx", body, secure=True).environ
    environ["CONTENT_TYPE"] = f"{content_type}; {parameters}"
    said: list[str] = []
    page = b"".join(wsgi.application(environ, lambda status, headers, *_: said.append(status)))
    assert said == ["200 OK"]
    assert (b"<html" in page) == is_page
    [event] = ConsentEvent.objects.all()
    assert event.kind == (EventKind.OPT_DOWN if is_page else EventKind.OPT_OUT)


@pytest.mark.parametrize("parameters", ["", "charset=base64", "charset=utf-8; x=y", "x*=utf-8''y"])
@pytest.mark.parametrize("boundary", ["x", "a b=c", "it's?"])
def test_a_multipart_keeps_its_boundary(parameters: str, boundary: str) -> None:
    body = f'--{boundary}\r\nContent-Disposition: form-data; name="do"\r\n\r\nless\r\n--{boundary}--\r\n'.encode()
    kind = f'Multipart/form-data; boundary="{boundary}"'
    environ = RequestFactory().generic("POST", "/", body).environ | {"CONTENT_TYPE": f"{kind}; {parameters}"}
    assert dict(wsgi.ReadableWSGIRequest(environ).POST.lists()) == {"do": ["less"]}


def test_asgi_reads_a_content_type_likewise() -> None:
    headers = [(b"content-type", b"application/x-www-form-urlencoded; x*=klingon''y")]
    scope = {"method": "POST", "path": "/", "query_string": b"", "headers": headers}
    assert dict(asgi.ReadableASGIRequest(scope, BytesIO(b"do=less")).POST.lists()) == {"do": ["less"]}


@pytest.mark.parametrize("more", ["x*0=a; x*0*=utf-8''b", "x*=klingon''y", "name*=undefined''do"])
@pytest.mark.parametrize(("name", "status"), [("List-Unsubscribe", 200), ("do", 400)])
def test_e2_a_part_whose_header_cannot_be_read_is_told_by_its_name(
    more: str, name: str, status: int, url: str, browser_client: Client
) -> None:
    body = PART.format(f'"{name}"; {more}').encode() + b"--x--\r\n"
    answer = browser_client.generic("POST", url, body, content_type=MULTIPART, secure=True)
    assert answer.status_code == status
    assert ConsentEvent.objects.count() == (1 if status == 200 else 0)


def in_chunks(client: Client, url: str, body: bytes, environ: Mapping[str, object] = {}) -> Any:
    """As a WSGI server hands on a body in chunks: without a length, and with an end."""
    whole: dict[str, Any] = {"wsgi.input": BytesIO(body), "wsgi.input_terminated": True, "CONTENT_TYPE": URLENCODED}
    whole.update(environ)
    return client.generic("POST", url, secure=True, headers={"transfer-encoding": "chunked"}, **whole)


@pytest.mark.parametrize("kind", [LinkPurpose.UNSUBSCRIBE, LinkPurpose.FRESH])
@pytest.mark.parametrize("length", [None, "", "3"])
def test_a_body_in_chunks_is_read_whole(
    kind: LinkPurpose, length: str | None, browser_client: Client, ada: Address, news: Category
) -> None:
    url = f"/{kind}/" + links.sign(Target(ada.pk, news.pk), purpose=kind, today=timezone.localdate())
    environ = {} if length is None else {"CONTENT_LENGTH": length}
    page = in_chunks(browser_client, url, b"do=everything", environ)
    assert page.status_code == 200
    assert "unsubscribed from everything" in page.content.decode()


def test_a_body_without_a_length_that_a_server_does_not_end_is_refused(url: str, browser_client: Client) -> None:
    answer = in_chunks(browser_client, url, b"do=less", {"wsgi.input_terminated": False})
    assert answer.status_code == 411
    assert not ConsentEvent.objects.exists()


def test_a_large_body_in_chunks_is_refused(url: str, browser_client: Client) -> None:
    for body in (b"x" * 65_537, b"do=less&frequency=weekly&x=" + b"x" * 2_000_000):
        assert in_chunks(browser_client, url, body).status_code == 413
    assert not ConsentEvent.objects.exists()


def test_a_body_whose_reading_fails_changes_nothing(url: str, browser_client: Client) -> None:
    class BrokenOff(BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise ConnectionResetError

    assert in_chunks(browser_client, url, b"", {"wsgi.input": BrokenOff()}).status_code == 400
    assert not ConsentEvent.objects.exists()


def test_a_body_shorter_than_announced_changes_nothing(url: str, browser_client: Client) -> None:
    environ: dict[str, Any] = {"wsgi.input": BytesIO(b"d"), "CONTENT_LENGTH": "24", "CONTENT_TYPE": URLENCODED}
    answer = browser_client.generic("POST", url, secure=True, **environ)
    assert answer.status_code == 400
    assert not ConsentEvent.objects.exists()


def test_every_form_of_the_site_may_come_in_chunks(browser_client: Client) -> None:
    page = in_chunks(browser_client, "/preferences/", b"email=dan%40example.com")
    assert page.status_code == 200
    assert "error" not in page.content.decode()
