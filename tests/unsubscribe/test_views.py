"""The engine's own endpoint, without the site around it (RFC 8058): what it takes, and what it answers."""

from collections.abc import Mapping
from io import BytesIO
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.utils import timezone

from unsubscribe import links, views
from unsubscribe.links import Target
from unsubscribe.models import Address, Category, ConsentEvent

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_only]
BODY = b"List-Unsubscribe=One-Click"
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def path(ada: Address, news: Category) -> str:
    return "/u/" + links.sign(Target(ada.pk, news.pk), today=timezone.localdate())


def answer(path: str, method: str = "POST", body: bytes = BODY) -> HttpResponse:
    return views.one_click(RequestFactory().generic(method, path, body, FORM), token=path.removeprefix("/u/"))


def test_e1_a_post_opts_out(path: str) -> None:
    response = answer(path)
    assert (response.status_code, response["Content-Type"]) == (200, "text/plain; charset=utf-8")
    assert ConsentEvent.objects.get().wording == "one-click"


@pytest.mark.parametrize(("size", "status"), [(views.LARGEST_BODY, 200), (views.LARGEST_BODY + 1, 413)])
def test_a_body_larger_than_any_mail_program_sends_is_refused(size: int, status: int, path: str) -> None:
    response = answer(path, body=b"x" * size)
    assert response.status_code == status
    assert ConsentEvent.objects.exists() == (status == 200)


@pytest.mark.parametrize(("method", "status"), [("GET", 405), ("HEAD", 405), ("OPTIONS", 204), ("PUT", 405)])
def test_e5_anything_but_a_post_changes_nothing_and_says_what_is_taken(method: str, status: int, path: str) -> None:
    response = answer(path, method, b"")
    assert (response.status_code, response["Allow"]) == (status, "POST, OPTIONS")
    assert not ConsentEvent.objects.exists()


@pytest.mark.parametrize("method", ["POST", "GET", "OPTIONS"])
@pytest.mark.parametrize("is_valid", [True, False])
def test_e13_no_answer_is_kept_listed_or_told_to_another_site(method: str, is_valid: bool, path: str) -> None:
    response = answer(path if is_valid else "/u/nonsense", method)
    headers = [response.headers.get(name) for name in ("Referrer-Policy", "Cache-Control", "X-Robots-Tag")]
    assert headers == ["no-referrer", "no-store", "noindex, nofollow"]
    assert "Expires" in response
    assert not response.cookies


def test_e7_every_token_that_is_none_gets_the_same_answer(path: str) -> None:
    forged = path[:-1] + ("A" if path[-1] != "A" else "B")
    assert {(one.status_code, one.content) for one in map(answer, (forged, "/u/", "/u/x", forged[:-9]))} == {
        (404, f"{views.UNKNOWN}\n".encode())
    }
    assert not ConsentEvent.objects.exists()


@views.behind_link
def echo(request: HttpRequest) -> HttpResponse:
    """What a view behind a link is given."""
    return HttpResponse(request.body, headers={"X-Length": request.META["CONTENT_LENGTH"]})


class Breaks(BytesIO):
    def read(self, size: int | None = -1) -> bytes:
        raise ConnectionResetError("gone")


class Drips(BytesIO):
    """A body that comes in small pieces."""

    def read(self, size: int | None = -1) -> bytes:
        return super().read(min(size or 0, 1000))


def sent(stream: BytesIO, environ: Mapping[str, object] = {}, *, method: str = "POST") -> HttpResponse:
    """As a server hands it on: `wsgi.input_terminated` says that it ends what comes in chunks."""
    whole: dict[str, Any] = {"wsgi.input": stream, "wsgi.input_terminated": True, "CONTENT_LENGTH": ""}
    whole.update(environ)
    return echo(RequestFactory().generic(method, "/", content_type=FORM, **whole))


CHUNKED = {"HTTP_TRANSFER_ENCODING": "chunked"}


@pytest.mark.parametrize("how", [CHUNKED, {}, CHUNKED | {"CONTENT_LENGTH": "3"}], ids=["chunks", "HTTP/2", "both"])
@pytest.mark.parametrize("stream", [BytesIO, Drips])
def test_a_body_that_does_not_say_how_long_it_is_is_read_whole(how: dict[str, str], stream: type[BytesIO]) -> None:
    for size in (0, 1, 5000, views.LARGEST_BODY):
        response = sent(stream(b"x" * size), how)
        assert (response.status_code, response.content, response["X-Length"]) == (200, b"x" * size, str(size))


def test_and_can_be_read_by_whoever_asks_next() -> None:
    environ: dict[str, Any] = {"wsgi.input": BytesIO(b"do=less"), "wsgi.input_terminated": True, "CONTENT_LENGTH": ""}
    environ.update(CHUNKED)
    response = views.behind_link(echo)(RequestFactory().generic("POST", "/", content_type=FORM, **environ))
    assert (response.content, response["X-Length"]) == (b"do=less", "7")


@pytest.mark.parametrize("more", [1, 2, 1_000_000])
def test_and_refused_if_it_is_too_long(more: int) -> None:
    stream = BytesIO(b"x" * (views.LARGEST_BODY + more))
    response = sent(stream, CHUNKED)
    assert (response.status_code, response.content) == (413, f"{views.TOO_LARGE}\n".encode())
    assert stream.tell() == views.LARGEST_BODY + 1, "no more of it is read than shows that"


def test_and_refused_where_the_server_does_not_end_it() -> None:
    response = sent(BytesIO(b"do=less"), CHUNKED | {"wsgi.input_terminated": False})
    assert (response.status_code, response.content) == (411, f"{views.NO_LENGTH}\n".encode())
    assert sent(BytesIO(), {"wsgi.input_terminated": False, "CONTENT_LENGTH": "0"}).status_code == 200


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "TRACE"])
def test_a_method_that_has_no_body_is_asked_for_none(method: str) -> None:
    assert sent(Breaks(), {"CONTENT_LENGTH": "0"}, method=method).status_code == 200
    assert sent(Breaks(), CHUNKED | {"CONTENT_LENGTH": "0"}, method=method).status_code == 200


@pytest.mark.parametrize(
    ("stream", "how"),
    [
        (BytesIO(b"do=less"), {"CONTENT_LENGTH": "8"}),
        (Breaks(), {"CONTENT_LENGTH": "8"}),
        (Breaks(), CHUNKED),
        (Breaks(), {}),
    ],
    ids=["short", "broken", "broken in chunks", "broken without a length"],
)
def test_a_body_that_broke_off_changes_nothing(stream: BytesIO, how: dict[str, str]) -> None:
    response = sent(stream, how)
    assert (response.status_code, response.content) == (400, f"{views.BROKEN_OFF}\n".encode())
    assert response["Cache-Control"] == "no-store"


@pytest.mark.parametrize("announced", ["x", "-1", "1.5"])
def test_a_length_that_is_none_is_none(announced: str) -> None:
    request = RequestFactory().generic("POST", "/", CONTENT_LENGTH=announced)
    assert views.content_length(request) == 0


def test_while_the_database_is_away_nobody_reads_a_false_done(path: str) -> None:
    def away(*args: Any) -> None:
        raise OperationalError("connection refused")

    with connection.execute_wrapper(away):
        response = answer(path)
    assert (response.status_code, response["Retry-After"]) == (503, str(views.RETRY_SECONDS))
    assert response.content == f"{views.AWAY}\n".encode()
    assert response["Cache-Control"] == "no-store"
    assert "Retry-After" not in answer(path)
