"""By no page of the admin do staff come to more than they were given."""

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group, Permission
from django.core import mail
from django.test import Client
from django.utils import timezone

from prefcenter.accounts import outbox as account_outbox
from prefcenter.models import User
from tests.factories import ADA, CategoryFactory
from tests.prefcenter.accounts.test_accounts import ASK
from tests.prefcenter.staff_browser import SHOW, Staff
from tests.staff import given_an_app, make_groups, member, shown_by_the_app, signed_in
from unsubscribe import actions
from unsubscribe.actions import Origin
from unsubscribe.choices import Source, SuppressionReason
from unsubscribe.models import Address, Suppression

pytestmark = pytest.mark.django_db
ACCOUNTS = ("view_user", "add_user", "change_user", "delete_user")
JOINED = {"date_joined_0": "2026-03-09", "date_joined_1": "12:00:00"}
POWERS = {"is_active": "on", "is_staff": "on", "is_superuser": "on"}


def page(user: User, what: str = "change") -> str:
    return f"/admin/prefcenter/user/{user.pk}/{what}/"


@pytest.fixture
def manager() -> User:
    make_groups()
    return member(*ACCOUNTS, "view_group", "add_group", "change_group", "delete_group")


@pytest.fixture
def staff_client(manager: User) -> Client:
    return signed_in(manager)


def test_nobody_makes_themselves_a_superuser_or_gives_themselves_rights(manager: User, staff_client: Client) -> None:
    every = {"groups": [*Group.objects.values_list("id", flat=True)], "user_permissions": ["1", "2", "3"]}
    answer = staff_client.post(
        page(manager), {"email": manager.email, "wants_digest": "on"} | JOINED | POWERS | every, secure=True
    )
    assert answer.status_code == 302
    before = manager.user_permissions.count()
    manager.refresh_from_db()
    assert (manager.is_superuser, manager.wants_digest, manager.groups.count()) == (False, True, 0)
    assert manager.user_permissions.count() == before


def test_nobody_makes_another_account_that_may_do_more(staff_client: Client) -> None:
    form = {"email": "new@example.com", "groups": [*Group.objects.values_list("id", flat=True)]} | POWERS
    assert staff_client.post("/admin/prefcenter/user/add/", form, secure=True).status_code == 302
    new = User.objects.get(email="new@example.com")
    assert (new.is_superuser, new.is_staff, new.groups.count()) == (False, False, 0)


@pytest.mark.parametrize("is_active", [True, False])
@pytest.mark.parametrize("kind", ["superuser", "group", "permission"])
def test_nobody_takes_over_an_account_that_may_do_more(
    kind: str, is_active: bool, manager: User, staff_client: Client
) -> None:
    other = member(is_superuser=kind == "superuser", group="compliance" if kind == "group" else "")
    if kind == "permission":
        other.user_permissions.add(Permission.objects.get(codename="export_opt_outs"))
    given_an_app(other)
    User.objects.filter(pk=other.pk).update(is_active=is_active)
    form = {"email": "mine@example.com", "removes_second_factors": "on", "is_active": "on"} | JOINED
    assert staff_client.post(page(other), form, secure=True).status_code == 403
    assert staff_client.post(page(other, "delete"), {"post": "yes"}, secure=True).status_code == 403
    several = {"action": "delete_selected", "_selected_action": [other.pk, manager.pk], "post": "yes"}
    staff_client.post("/admin/prefcenter/user/", several, secure=True)
    assert User.objects.filter(pk=other.pk, email=other.email, is_active=is_active).exists()
    assert Authenticator.objects.filter(user=other).exists()
    assert staff_client.get(page(other), secure=True).status_code == 200, "to be looked at"


def test_accounts_that_may_do_no_more_are_seen_to(staff_client: Client) -> None:
    other = member("view_user")
    given_an_app(other)
    form = {"email": "Ben@Example.com", "removes_second_factors": "on"} | JOINED
    assert staff_client.post(page(other), form, secure=True).status_code == 302
    other.refresh_from_db()
    assert (other.email, other.is_active, other.is_staff) == ("ben@example.com", True, True)
    assert not Authenticator.objects.filter(user=other).exists()


def test_only_superusers_say_what_a_group_may(manager: User, staff_client: Client) -> None:
    group = Group.objects.get(name="marketer")
    manager.groups.add(group)
    url, first = f"/admin/auth/group/{group.pk}", Permission.objects.earliest("pk")
    form = {"name": "marketer", "permissions": [str(first.pk)]}
    assert staff_client.get(f"{url}/change/", secure=True).status_code == 200
    assert staff_client.post(f"{url}/change/", form, secure=True).status_code == 403
    assert staff_client.post(f"{url}/delete/", {"post": "yes"}, secure=True).status_code == 403
    assert staff_client.post("/admin/auth/group/add/", form, secure=True).status_code == 403
    assert group.permissions.count() > 1
    boss = signed_in(member(is_superuser=True))
    assert boss.post(f"{url}/change/", form, secure=True).status_code == 302
    assert group.permissions.count() == 1


def test_a_superuser_gives_and_takes_everything() -> None:
    boss, other = signed_in(member(is_superuser=True)), member(is_superuser=True)
    assert boss.post(page(other), {"email": other.email, "is_staff": "on"} | JOINED, secure=True).status_code == 302
    other.refresh_from_db()
    assert (other.is_superuser, other.is_active, other.is_staff) == (False, False, True)


def test_the_address_of_before_is_told_that_it_was_changed() -> None:
    boss, other = signed_in(member(is_superuser=True)), member()
    old = other.email
    mail.outbox.clear()
    form = {"email": "ben@example.com", "is_active": "on", "is_staff": "on"} | JOINED
    for _ in range(2):
        boss.post(page(other), form, secure=True)
    account_outbox.sweep(now=timezone.now())
    [told] = mail.outbox
    assert told.to == [old]
    assert "email address of your account was changed" in told.body
    assert "ben@example.com" not in told.body
    assert [one.email for one in EmailAddress.objects.filter(user=other)] == ["ben@example.com"]


def test_who_gives_their_account_the_address_of_a_reader_is_not_signed_in_as_that_reader(
    manager: User, staff_client: Client, ada: Address
) -> None:
    news = CategoryFactory.create()
    actions.suppress([ada.pk], Origin(Source.PAGE, timezone.now()), reason=SuppressionReason.UNSUBSCRIBED_ALL)
    assert staff_client.post(page(manager), {"email": ADA} | JOINED, secure=True).status_code == 302
    for url in ("/preferences/mine/", "/preferences/mine/data/", "/admin/"):
        answer = staff_client.get(url, secure=True)
        assert (answer.status_code, answer.content) == (302, b""), url
        assert "/accounts/login/" in answer["Location"] or url == "/admin/"
    form = {"do": "save", f"on-{news.pk}-email": "on"}
    assert staff_client.post("/preferences/mine/", form, secure=True).status_code == 302
    assert not Suppression.objects.exclude(lifted_at=None).exists()


def test_nor_is_who_had_read_the_code_and_not_shown_the_second_factor_yet(manager: User, ada: Address) -> None:
    secret, browser = given_an_app(manager), Staff()
    assert browser.comes("/preferences/mine/", email=manager.email).startswith(SHOW)
    assert signed_in(manager).post(page(manager), {"email": ADA} | JOINED, secure=True).status_code == 302
    answer = browser.send(SHOW, code=shown_by_the_app(secret))
    assert (answer.status_code, answer["Location"]) == (302, ASK)
    assert not browser.is_signed_in()
