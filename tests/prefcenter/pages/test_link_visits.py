"""E12: looks at links are counted apart from what people do, and without saying who looked."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from prefcenter.models import Visits
from prefcenter.pages import link_visits
from tests.factories import CampaignFactory
from tests.staff import member, signed_in
from unsubscribe import links
from unsubscribe.links import Target
from unsubscribe.models import Address, Campaign

pytestmark = pytest.mark.django_db
ANY = 7  # whose link it is does not matter


@pytest.fixture
def june(db: None) -> Campaign:
    return CampaignFactory.create(name="June")


def look(method: str = "GET", *, campaign_id: int | None = None) -> None:
    link_visits.count(RequestFactory().generic(method, "/u/token"), Target(ANY, None, campaign_id))


def counted() -> set[tuple[Any, ...]]:
    return set(Visits.objects.values_list("day", "campaign__name", "method", "count"))


def test_looks_are_counted_by_day_campaign_and_method(june: Campaign) -> None:
    for method in ("GET", "GET", "HEAD"):
        look(method, campaign_id=june.pk)
    look()
    look()
    today = timezone.localdate()
    assert counted() == {(today, "June", "GET", 2), (today, "June", "HEAD", 1), (today, None, "GET", 2)}


@pytest.mark.parametrize("method", ["POST", "OPTIONS", "PUT", "BREW"])
def test_what_is_no_look_is_not_counted(method: str) -> None:
    look(method)
    assert not Visits.objects.exists()


def test_a_campaign_that_is_gone_counts_as_none(june: Campaign) -> None:
    for _ in range(2):
        look(campaign_id=june.pk + 1)
    assert counted() == {(timezone.localdate(), None, "GET", 2)}


def test_one_statement_is_enough(june: Campaign, django_assert_num_queries: Callable[[int], Any]) -> None:
    look(campaign_id=june.pk)
    with django_assert_num_queries(1):
        look(campaign_id=june.pk)


@pytest.mark.parametrize("has_campaign", [True, False])
def test_two_first_looks_at_once_are_both_counted(has_campaign: bool, june: Campaign) -> None:
    campaign_id = june.pk if has_campaign else None
    others = [Visits(day=timezone.localdate(), campaign_id=campaign_id, method="GET", count=1)]

    def the_other_is_quicker(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        """After our UPDATE has found no row, and before our INSERT."""
        if sql.startswith("SAVEPOINT") and others:
            others.pop().save()
        return execute(sql, params, many, context)

    with connection.execute_wrapper(the_other_is_quicker):
        look(campaign_id=campaign_id)
    assert not others
    assert [one.count for one in Visits.objects.all()] == [2]


def test_a_look_that_cannot_be_counted_costs_nobody_the_page(
    ada: Address, june: Campaign, browser_client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    token = links.sign(Target(ada.pk, june.category_id, june.pk), today=timezone.localdate())

    def refuse(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if "prefcenter_visits" in sql:
            raise DatabaseError(f"no room for /u/{token}")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(refuse):
        assert browser_client.get(f"/u/{token}", secure=True).status_code == 200
    assert caplog.messages == ["A look at a link was not counted: DatabaseError"]


def test_staff_can_read_the_counts_and_change_none(june: Campaign) -> None:
    look("HEAD", campaign_id=june.pk)
    staff = signed_in(member(is_superuser=True))
    page = staff.get(reverse("admin:prefcenter_visits_changelist"), secure=True).content.decode()
    assert "June" in page
    assert "HEAD" in page
    assert staff.get(reverse("admin:prefcenter_visits_add"), secure=True).status_code == 403
