"""What goes wrong says so calmly: a page with a way out for people, one sentence for machines."""

from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from prefcenter.models import Feedback
from unsubscribe import links, queries
from unsubscribe.links import Target
from unsubscribe.models import Address, Category, ConsentEvent

pytestmark = pytest.mark.django_db
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def visitor(accept: str) -> Client:
    return Client(
        enforce_csrf_checks=True,
        raise_request_exception=False,
        headers={"host": "mail.example.com", "accept": accept},
    )


@pytest.fixture
def link(ada: Address, news: Category) -> str:
    return "/u/" + links.sign(Target(ada.pk, news.pk), today=timezone.localdate())


@pytest.mark.parametrize("odd", ["text/html; x*=klingon''y", "text/html;x*0=a;x*0*=utf-8''b", ",,;q=\xff"])
def test_an_odd_accept_header_makes_no_error_of_another_kind(odd: str, link: str) -> None:
    assert visitor(f"{BROWSER},{odd}").put(link, secure=True).status_code == 405


@pytest.mark.parametrize(
    ("status", "heading", "way_out"),
    [
        (403, "This form has expired.", 'href=""'),
        (404, "Page not found", 'href="/preferences/"'),
        (405, "This link can’t be used like that.", 'href="/preferences/"'),
        (413, "This text is too long.", 'href="/preferences/"'),
        (500, "Something went wrong on our side.", 'href=""'),
        (503, "We’re temporarily unavailable.", 'href=""'),
    ],
)
def test_p6_each_error_is_a_page_with_a_way_out_for_people_and_a_sentence_for_machines(
    status: int, heading: str, way_out: str, link: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for accept in (BROWSER, "*/*"):
        phone = visitor(accept)
        answer = {
            403: lambda phone=phone: phone.post("/accounts/login/code/", secure=True),
            404: lambda phone=phone: phone.get("/nowhere", secure=True),
            405: lambda phone=phone: phone.put(link, secure=True),
            413: lambda phone=phone: phone.post(link, {"do": "feedback", "text": "x" * 10_000_000}, secure=True),
            500: lambda phone=phone: _broken(phone, link, monkeypatch, RuntimeError("meant to be")),
            503: lambda phone=phone: _broken(phone, link, monkeypatch, OperationalError("meant to be")),
        }[status]()
        page = answer.content.decode()
        assert answer.status_code == status
        assert int(answer.get("Content-Length") or len(answer.content)) == len(answer.content)
        assert not answer.cookies
        if accept == BROWSER:
            assert heading in page
            assert way_out in page
    assert not Feedback.objects.exists()
    assert not ConsentEvent.objects.exists()


def _broken(phone: Client, link: str, monkeypatch: pytest.MonkeyPatch, error: Exception) -> Any:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(queries, "preference_sheet", fail)
        return phone.get(link, secure=True)


@pytest.mark.parametrize(("method", "status"), [("put", 405), ("get", 503)])
def test_a_machine_gets_one_sentence(method: str, status: int, link: str, monkeypatch: pytest.MonkeyPatch) -> None:
    phone = visitor("*/*")
    error = OperationalError("meant to be")
    answer = phone.put(link, secure=True) if method == "put" else _broken(phone, link, monkeypatch, error)
    assert answer.status_code == status
    assert answer["Content-Type"].startswith("text/plain")
    assert answer.content.decode().count("\n") == 1


def test_an_error_speaks_the_readers_language_too(link: str) -> None:
    phone = visitor(BROWSER)
    page = phone.get("/nowhere?lang=ar", secure=True)
    assert page["Content-Language"] == "ar"
    assert 'dir="rtl"' in page.content.decode()
