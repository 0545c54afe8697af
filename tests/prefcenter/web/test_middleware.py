"""What holds at every entry point: calm answers to what is too large, and to a database that is away."""

from pathlib import Path
from typing import Any

import pytest
from django.contrib.admindocs.views import extract_views_from_urlpatterns, simplify_regex
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError, connection
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.urls import get_resolver

from prefcenter.models import ImportRun
from tests.staff import member, signed_in

pytestmark = pytest.mark.django_db
UPLOAD = "/admin/imports/new/"


@pytest.fixture
def visitor() -> Client:
    return Client(headers={"host": "mail.example.com"})


def test_a_form_nobody_means_is_413_at_every_entry_point(visitor: Client) -> None:
    for path in ("/admin/login/", "/accounts/login/", "/"):
        answer = visitor.post(path, b"x" * 1_100_000, content_type="application/x-www-form-urlencoded", secure=True)
        assert (answer.status_code, answer.content) == (413, b"This request is too large. Nothing was changed.\n")


@pytest.fixture
def two_megabytes() -> tuple[bytes, str]:
    """A file in a form, as a browser sends it, and its content type."""
    file = SimpleUploadedFile("list.csv", b"email\n" + b"a@x.example\n" * 180_000, "text/csv")
    form = {"kind": "opt_outs", "channel": "email", "file": file}
    return encode_multipart(BOUNDARY, form), MULTIPART_CONTENT


@pytest.mark.parametrize(
    "path", ["/accounts/login/code/", "/preferences/", "/admin/", "/admin/login/", "/admin/imports/", "/u/x"]
)
def test_a_file_is_413_and_stays_unread_at_every_entry_point_but_the_one_for_files(
    path: str, visitor: Client, two_megabytes: tuple[bytes, str]
) -> None:
    body, content_type = two_megabytes
    for client in (visitor, signed_in(member(group="compliance")), signed_in(member(is_superuser=True))):
        answer = client.generic("POST", path, body, content_type=content_type, secure=True)
        assert answer.status_code == 413
        assert not vars(answer.wsgi_request)["_read_started"]


def test_only_who_may_import_hands_in_a_file_and_nobody_elses_is_read(
    visitor: Client, two_megabytes: tuple[bytes, str], settings: Any, tmp_path: Path
) -> None:
    settings.DATA_DIR = tmp_path
    body, content_type = two_megabytes
    for client, status in ((visitor, 302), (signed_in(member(group="support")), 403)):
        answer = client.generic("POST", UPLOAD, body, content_type=content_type, secure=True)
        assert (answer.status_code, vars(answer.wsgi_request)["_read_started"]) == (status, False)
    assert not ImportRun.objects.exists()
    compliance = signed_in(member(group="compliance"))
    assert compliance.generic("POST", UPLOAD, body, content_type=content_type, secure=True).status_code == 302
    assert ImportRun.objects.get().size > 2_000_000


def test_a_large_body_that_is_no_form_with_a_file_is_413_at_the_entry_point_for_files_too(visitor: Client) -> None:
    answer = visitor.post(UPLOAD, b"x" * 1_100_000, content_type="text/csv", secure=True)
    assert answer.status_code == 413


def test_a_length_that_is_no_number_is_no_length(visitor: Client) -> None:
    assert visitor.get("/preferences/", secure=True, CONTENT_LENGTH="many").status_code == 200


def test_a_database_that_is_away_is_503_in_the_admin_too(visitor: Client) -> None:
    def away(*args: Any) -> None:
        raise OperationalError("connection refused")

    visitor.cookies["sessionid"] = "x" * 32
    with connection.execute_wrapper(away):
        answer = visitor.post("/admin/login/", {"username": "a@example.com", "password": "x"}, secure=True)
    assert (answer.status_code, answer["Retry-After"]) == (503, "60")


def paths_that_end_with_a_slash() -> list[str]:
    views = extract_views_from_urlpatterns(get_resolver().url_patterns)
    found = {simplify_regex(str(regex)) for _view, regex, _namespace, _name in views}
    return sorted(path for path in found if path.endswith("/") and "<" not in path and path not in {"/", "/api/v1/"})


@pytest.mark.parametrize("debug", [True, False])
@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "get", "head"])
def test_a_form_sent_to_a_url_without_its_last_slash_goes_on_to_that_url(
    debug: bool, method: str, visitor: Client, settings: Any
) -> None:
    settings.DEBUG = debug
    paths = paths_that_end_with_a_slash()
    assert {"/preferences/", "/preferences/mine/", "/accounts/login/code/"} <= set(paths)
    for path in paths:
        answer = getattr(visitor, method)(f"{path.rstrip('/')}?lang=de", secure=True)
        if not path.startswith("/admin/"):
            # RFC 9110, section 15.4.9: only after 308 the method and the body are the same there.
            status = 301 if method in {"get", "head"} else 308
            assert (answer.status_code, answer["Location"]) == (status, f"{path}?lang=de")
        assert answer.status_code < 400
