"""Lists with a path of their own right under /admin/: the one that Django has for them leads there."""

import pytest
from django.contrib import admin
from django.test import Client

from tests.staff import member, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_only]

SHORT = {path: model for model, owner in admin.site._registry.items() if (path := getattr(owner, "short_path", ""))}


def below(path: str) -> str:
    return f"/admin/{SHORT[path]._meta.app_label}/{SHORT[path]._meta.model_name}/"


@pytest.mark.parametrize("path", SHORT)
@pytest.mark.parametrize("rest", ["", "7/change/", "7/history/", "?p=1&e=%25"])
def test_app_and_model_lead_to_the_short_path_with_all_that_follows(path: str, rest: str) -> None:
    answer = signed_in(member(is_superuser=True)).get(f"{below(path)}{rest}", secure=True)
    assert (answer.status_code, answer["Location"]) == (302, f"/admin/{path}/{rest}")


def test_there_is_one_list_each_of_contacts_opt_outs_domains_and_imports() -> None:
    assert set(SHORT) == {"people", "opt-outs", "domains", "imports", "imports/answers"}


@pytest.mark.parametrize("path", SHORT)
def test_nobody_is_led_there_but_staff_and_no_form_is(path: str) -> None:
    url = below(path)
    assert Client(headers={"host": "mail.example.com"}).get(url, secure=True)["Location"].startswith("/admin/login/")
    assert signed_in(member(is_superuser=True)).post(url, secure=True).status_code == 405
