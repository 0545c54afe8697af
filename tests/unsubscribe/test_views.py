"""The engine's own endpoint, without the site around it (RFC 8058): what it takes, and what it answers."""

import pytest
from django.test import RequestFactory
from django.utils import timezone

from unsubscribe import links, views
from unsubscribe.links import Target
from unsubscribe.models import Address, Category, ConsentEvent

pytestmark = pytest.mark.django_db
BODY = b"List-Unsubscribe=One-Click"
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def path(ada: Address, news: Category) -> str:
    return "/u/" + links.sign(Target(ada.pk, news.pk), today=timezone.localdate())


def answer(path: str, method: str = "POST", body: bytes = BODY):  # type: ignore[no-untyped-def]
    return views.one_click(RequestFactory().generic(method, path, body, FORM), token=path.removeprefix("/u/"))


def test_e1_a_post_opts_out(path: str) -> None:
    response = answer(path)
    assert (response.status_code, response["Content-Type"]) == (200, "text/plain; charset=utf-8")
    assert ConsentEvent.objects.count() == 1


@pytest.mark.parametrize(("size", "status"), [(views.LARGEST_BODY, 200), (views.LARGEST_BODY * 2, 413)])
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
    assert not response.cookies


def test_e7_every_token_that_is_none_gets_the_same_answer(path: str) -> None:
    forged = path[:-1] + ("A" if path[-1] != "A" else "B")
    assert {(one.status_code, one.content) for one in map(answer, (forged, "/u/", "/u/x", forged[:-9]))} == {
        (404, f"{views.UNKNOWN}\n".encode())
    }
    assert not ConsentEvent.objects.exists()
