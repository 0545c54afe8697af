"""The admin's side of webhooks: the secret is shown once, endpoints are switched, lines are sent once more."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from prefcenter.admin import webhooks as webhooks_admin
from prefcenter.models import WebhookDelivery, WebhookEndpoint
from prefcenter.webhooks import delivery
from tests.staff import member, signed_in
from unsubscribe.models import Address

from .receiver import Receiver
from .sending import happen, send

pytestmark = pytest.mark.django_db

LIST = "admin:prefcenter_webhookendpoint_changelist"


@pytest.fixture
def staff_client() -> Any:
    names = [f"{verb}_webhook{model}" for verb in ("view", "add", "change") for model in ("endpoint", "delivery")]
    return signed_in(member(*names, "view_consentevent", "export_opt_outs"))


def make(staff_client: Any, url: str, **form: Any) -> Any:
    form = {"name": "Shop", "url": url, "kinds": ["opt_out"]} | form
    return staff_client.post(reverse("admin:prefcenter_webhookendpoint_add"), form, secure=True)


def test_the_secret_is_shown_once(staff_client: Any) -> None:
    page = make(staff_client, "https://shop.example/hook")
    made = WebhookEndpoint.objects.get()
    assert made.secret in page.content.decode()
    assert made.kinds == ["opt_out"]
    change = reverse("admin:prefcenter_webhookendpoint_change", args=[made.pk])
    for url in (reverse(LIST), change):
        assert made.secret not in staff_client.get(url, secure=True).content.decode()
    assert made.secret not in str(list(LogEntry.objects.values()))


def test_which_sources_are_left_out_is_chosen_and_changed_on_the_page(staff_client: Any) -> None:
    new = staff_client.get(reverse("admin:prefcenter_webhookendpoint_add"), secure=True).content.decode()
    assert re.findall(r'name="left_out" value="(\w+)"[^>]*checked', new) == ["import"]
    make(staff_client, "https://shop.example/hook", left_out=["import", "api"])
    made = WebhookEndpoint.objects.get()
    assert made.left_out == ["import", "api"]
    change = reverse("admin:prefcenter_webhookendpoint_change", args=[made.pk])
    staff_client.post(change, {"name": "Shop", "url": made.url, "left_out": []}, secure=True)
    made.refresh_from_db()
    assert made.left_out == []


def test_a_new_secret_is_asked_about_made_once_and_shown_once(staff_client: Any, endpoint: WebhookEndpoint) -> None:
    old = endpoint.secret
    change = reverse("admin:prefcenter_webhookendpoint_change", args=[endpoint.pk])
    page = reverse("admin:prefcenter_webhookendpoint_new_secret", args=[endpoint.pk])
    assert page in staff_client.get(change, secure=True).content.decode()
    asked = staff_client.get(page, secure=True).content.decode()
    endpoint.refresh_from_db()
    assert endpoint.secret == old, "GET changes nothing"
    form = dict(re.findall(r'name="(known)" value="([^"]*)"', asked))
    shown = staff_client.post(page, form, secure=True)
    endpoint.refresh_from_db()
    assert (endpoint.secret != old, endpoint.previous_secret) == (True, old)
    assert endpoint.secret in shown.content.decode()
    assert "no-store" in shown["Cache-Control"]
    staff_client.post(page, form, secure=True)
    assert WebhookEndpoint.objects.get().secret == endpoint.secret, "the page was only sent again"
    for url in (reverse(LIST), change, page):
        assert endpoint.secret not in staff_client.get(url, secure=True).content.decode()
    assert [entry.change_message for entry in LogEntry.objects.all()] == ["Created a new secret."]


def test_nobody_has_things_sent_who_may_not_see_them(endpoint: WebhookEndpoint) -> None:
    names = ("view_webhookendpoint", "add_webhookendpoint", "change_webhookendpoint", "view_consentevent")
    staff_client = signed_in(member(*names))
    assert make(staff_client, "https://shop.example/hook").status_code == 403
    url, form = endpoint.url, {"name": "Mine", "url": "https://mine.example/hook"}
    change = reverse("admin:prefcenter_webhookendpoint_change", args=[endpoint.pk])
    assert staff_client.post(change, form, secure=True).status_code == 403
    page = reverse("admin:prefcenter_webhookendpoint_new_secret", args=[endpoint.pk])
    assert staff_client.post(page, {"known": ""}, secure=True).status_code == 403
    assert WebhookEndpoint.objects.get().url == url


@pytest.mark.parametrize("method", ["get", "post"])
def test_who_may_only_look_makes_no_secret(method: str, endpoint: WebhookEndpoint) -> None:
    looking = signed_in(member("view_webhookendpoint"))
    page = reverse("admin:prefcenter_webhookendpoint_new_secret", args=[endpoint.pk])
    assert getattr(looking, method)(page, secure=True).status_code == 403
    change = reverse("admin:prefcenter_webhookendpoint_change", args=[endpoint.pk])
    assert page not in looking.get(change, secure=True).content.decode()


@pytest.mark.parametrize(
    "url",
    [
        "http://shop.example/",
        "https://localhost/",
        "https://localhost./",
        "https://shop.LOCALHOST/",
        "https://10.1.2.3/",
        "https://a:b@shop.example/",
        "ftp://x.example/",
    ],
)
def test_a_url_that_will_not_do_is_refused_when_it_is_typed(url: str, staff_client: Any, settings: Any) -> None:
    settings.WEBHOOKS_ALLOW_PRIVATE = False
    assert make(staff_client, url).status_code == 200
    assert not WebhookEndpoint.objects.exists()


def test_it_is_switched_off_and_on(staff_client: Any, endpoint: WebhookEndpoint) -> None:
    for action, is_off in (("disable", True), ("enable", False)):
        staff_client.post(reverse(LIST), {"action": action, "_selected_action": [endpoint.pk]}, secure=True)
        endpoint.refresh_from_db()
        assert bool(endpoint.disabled_at) == is_off
    assert LogEntry.objects.count() == 2


def test_a_line_is_sent_once_more_by_hand(
    staff_client: Any, endpoint: WebhookEndpoint, receiver: Receiver, ada: Address
) -> None:
    happen(ada)
    send(endpoint)
    form = {"action": "send_again", "_selected_action": [endpoint.deliveries.get().pk]}
    staff_client.post(reverse("admin:prefcenter_webhookdelivery_changelist"), form, secure=True)
    assert send(endpoint) == 1
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 1
    assert "Sent again." in LogEntry.objects.latest("id").change_message


def test_what_is_sent_once_more_stays_as_old_as_it_is(endpoint: WebhookEndpoint, ada: Address) -> None:
    happen(ada)
    send(endpoint)
    old = timezone.now() - timedelta(days=9)
    endpoint.deliveries.update(created_at=old)
    delivery.again(WebhookDelivery.objects.all(), now=timezone.now())
    assert endpoint.deliveries.get().created_at == old


def test_saving_a_name_takes_nothing_away_from_the_worker(
    staff_client: Any, endpoint: WebhookEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It moves on between the reading of the form and the saving."""
    clean = webhooks_admin.EndpointForm.clean_url

    def moved(form: Any) -> str:
        WebhookEndpoint.objects.filter(pk=endpoint.pk).update(position=99, failures=3)
        return clean(form)

    monkeypatch.setattr(webhooks_admin.EndpointForm, "clean_url", moved)
    form = {"name": "Other", "url": endpoint.url, "kinds": []}
    staff_client.post(reverse("admin:prefcenter_webhookendpoint_change", args=[endpoint.pk]), form, secure=True)
    endpoint.refresh_from_db()
    assert (endpoint.name, endpoint.position, endpoint.failures) == ("Other", 99, 3)


def test_the_list_counts_what_waits_for_all_of_them_in_one_query(
    staff_client: Any, endpoint: WebhookEndpoint, receiver: Receiver, ada: Address
) -> None:
    receiver.answers = [503]
    happen(ada, 37)
    send(endpoint)

    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert "37" in staff_client.get(reverse(LIST), secure=True).content.decode()
        return len(seen)

    before = queries()
    for name in "abc":
        delivery.make(name, receiver.url, [], now=timezone.now())
    assert queries() == before
