"""What holds at every door: calm answers to what is too large, and to a database that is away."""

from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client

pytestmark = pytest.mark.django_db


@pytest.fixture
def visitor() -> Client:
    return Client(headers={"host": "mail.example.com"})


def test_a_form_nobody_means_is_413_at_every_door(visitor: Client) -> None:
    for path in ("/admin/login/", "/accounts/login/", "/"):
        answer = visitor.post(path, b"x" * 1_100_000, content_type="application/x-www-form-urlencoded", secure=True)
        assert (answer.status_code, answer.content) == (413, b"This request is too large. Nothing was changed.\n")


def test_a_length_that_is_no_number_is_no_length(visitor: Client) -> None:
    assert visitor.get("/", secure=True, CONTENT_LENGTH="many").status_code == 200


def test_a_database_that_is_away_is_503_in_the_admin_too(visitor: Client) -> None:
    def away(*args: Any) -> None:
        raise OperationalError("connection refused")

    visitor.cookies["sessionid"] = "x" * 32
    with connection.execute_wrapper(away):
        answer = visitor.post("/admin/login/", {"username": "a@example.com", "password": "x"}, secure=True)
    assert (answer.status_code, answer["Retry-After"]) == (503, "60")
