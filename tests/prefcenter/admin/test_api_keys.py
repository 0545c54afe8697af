"""Keys of the API are made in the admin or by a command, shown once, and revoked."""

import re
from io import StringIO
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from prefcenter.accounts import api_keys
from prefcenter.accounts.api_keys import Scope
from prefcenter.models import ApiKey
from tests.staff import member, signed_in

pytestmark = pytest.mark.django_db
LIST = "admin:prefcenter_apikey_changelist"


@pytest.fixture
def staff_client() -> Any:
    sees = ("view_suppression", "view_preference", "view_consentevent", "export_opt_outs")
    return signed_in(member("view_apikey", "add_apikey", "change_apikey", *sees))


def make(staff_client: Any, **fields: Any) -> Any:
    form = {"name": "Shop", "scopes": ["audience", "events:read"], "expires_at_0": "", "expires_at_1": ""} | fields
    return staff_client.post(reverse("admin:prefcenter_apikey_add"), form, secure=True)


def test_a_key_is_shown_once_and_opens_what_it_is_for(staff_client: Any) -> None:
    answer = make(staff_client)
    row = ApiKey.objects.get()
    [key] = re.findall(rf"{row.hint}[\w-]+", answer.content.decode())
    assert api_keys.find(key, now=timezone.now()) == row
    assert row.scopes == ["audience", "events:read"]
    assert "no-store" in answer["Cache-Control"]
    for page in (reverse(LIST), reverse("admin:prefcenter_apikey_change", args=[row.pk])):
        assert key not in staff_client.get(page, secure=True).content.decode()
    assert key not in str(list(LogEntry.objects.values()))
    assert LogEntry.objects.get().object_id == str(row.pk)


def test_what_it_may_do_cannot_be_widened_later(staff_client: Any) -> None:
    row, _ = api_keys.make("Shop", [Scope.AUDIENCE], now=timezone.now())
    url = reverse("admin:prefcenter_apikey_change", args=[row.pk])
    form = {"name": "The shop", "scopes": ["feedback:read"], "expires_at_0": "2999-01-01", "expires_at_1": "0:00"}
    assert staff_client.post(url, form, secure=True).status_code == 302
    row.refresh_from_db()
    assert (row.name, row.scopes, row.expires_at) == ("The shop", ["audience"], None)


def test_the_page_of_a_key_shows_each_fact_once(staff_client: Any) -> None:
    row, _ = api_keys.make("Shop", [Scope.AUDIENCE], now=timezone.now())
    page = staff_client.get(reverse("admin:prefcenter_apikey_change", args=[row.pk]), secure=True).content.decode()
    assert page.count("Expires at:") == 1


@pytest.mark.parametrize(
    ("permissions", "scopes"),
    [
        ((), set()),
        (("view_feedback", "export_feedback"), {"feedback:read"}),
        (("view_suppression", "view_preference"), {"audience"}),
        (("view_suppression", "export_opt_outs"), {"suppressions:read"}),
        (("act_for_contact",), set()),
        (("act_for_contact", "import_opt_outs"), {"contacts:write", "suppressions:write"}),
        (("view_domainsuppression",), {"domains:read"}),
        (("block_domain",), {"domains:write"}),
    ],
)
def test_staff_give_a_key_only_what_they_may_do_themselves(permissions: tuple[str, ...], scopes: set[str]) -> None:
    staff_client = signed_in(member("add_apikey", *permissions))
    page = staff_client.get(reverse("admin:prefcenter_apikey_add"), secure=True).content.decode()
    assert set(re.findall(r'name="scopes" value="([\w:]+)"', page)) == scopes
    for scope in Scope:
        ApiKey.objects.all().delete()
        make(staff_client, scopes=[scope.value])
        assert ApiKey.objects.exists() == (scope in scopes)
    boss = signed_in(member(is_superuser=True))
    assert make(boss, scopes=list(Scope)).status_code == 200
    assert ApiKey.objects.latest("id").scopes == list(Scope)


@pytest.mark.parametrize(
    "fields",
    [{"scopes": []}, {"scopes": ["everything"]}, {"name": ""}, {"expires_at_0": "2020-01-01", "expires_at_1": "0:00"}],
)
def test_a_key_without_sense_is_not_made(fields: dict[str, Any], staff_client: Any) -> None:
    assert make(staff_client, **fields).status_code == 200
    assert not ApiKey.objects.exists()


def test_a_revoked_key_opens_nothing_and_stays_in_the_list(staff_client: Any) -> None:
    row, key = api_keys.make("Shop", [Scope.AUDIENCE], now=timezone.now())
    staff_client.post(reverse(LIST), {"action": "revoke", "_selected_action": [row.pk]}, secure=True)
    assert api_keys.find(key, now=timezone.now()) is None
    assert "Shop" in staff_client.get(reverse(LIST), secure=True).content.decode()
    assert LogEntry.objects.get().get_change_message() == "Revoked."
    assert (
        staff_client.post(
            reverse("admin:prefcenter_apikey_delete", args=[row.pk]), {"post": "yes"}, secure=True
        ).status_code
        == 403
    )


def test_the_command_prints_the_key_and_nothing_else_to_standard_output() -> None:
    out, err = StringIO(), StringIO()
    call_command("api_key", "Shop", "audience", "events:read", days=30, stdout=out, stderr=err)
    row = api_keys.find(out.getvalue().strip(), now=timezone.now())
    assert row
    assert row.scopes == ["audience", "events:read"]
    assert row.expires_at
    assert "once" in err.getvalue()


def test_the_command_refuses_a_key_without_a_life() -> None:
    with pytest.raises(CommandError, match="at least one day"):
        call_command("api_key", "Shop", "audience", days=0)
