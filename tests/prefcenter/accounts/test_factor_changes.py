"""Nobody sets up or removes a second factor who has only somebody's mail or open session. Who lost theirs is helped."""

import re
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.core import mail
from django.http.response import HttpResponseBase
from django.test import Client

from prefcenter.accounts import second_factor
from prefcenter.models import User
from tests.prefcenter.accounts.test_accounts import ASK, work
from tests.prefcenter.staff_browser import BOSS, CHANGING, FACTOR, SHOW, Staff
from tests.staff import given_an_app, member, shown_by_the_app, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_only]


@pytest.fixture
def staff() -> Staff:
    return Staff()


@pytest.fixture
def boss(db: None) -> User:
    return User.objects.create_superuser(BOSS)


@pytest.fixture
def secret(boss: User) -> str:
    return given_an_app(boss)


class TestWhoMayChangeThem:
    def test_a_stolen_mailbox_is_not_enough(self, staff: Staff, boss: User, secret: str) -> None:
        staff.comes()
        for page in ("", "again/", *CHANGING):
            assert staff.open(FACTOR + page)["Location"].startswith(ASK)
            assert staff.posts(FACTOR + page, code="1")["Location"].startswith(ASK)
        assert Authenticator.objects.count() == 1

    def test_a_fresh_code_is_not_enough_once_there_is_a_factor(self, staff: Staff, boss: User) -> None:
        staff.comes()
        given_an_app(boss)
        for page in CHANGING:
            assert staff.open(FACTOR + page)["Location"].startswith(f"{FACTOR}again/?next=")

    @pytest.mark.parametrize("page", CHANGING)
    def test_a_stolen_session_is_not_enough(self, page: str, staff: Staff, boss: User, secret: str) -> None:
        RecoveryCodes.activate(boss)
        staff.comes()
        staff.send(SHOW, code=shown_by_the_app(secret))
        staff.waits()
        assert staff.is_in()
        before = list(Authenticator.objects.values_list("pk", "data"))
        for answer in (staff.open(FACTOR + page), staff.posts(FACTOR + page, code="1", credential="{}")):
            assert answer["Location"].startswith(f"{FACTOR}again/?next=")
        assert list(Authenticator.objects.values_list("pk", "data")) == before

    @pytest.mark.parametrize("page", ["app/", "passkey/"])
    def test_the_first_one_is_set_up_right_after_a_code_only(self, page: str, staff: Staff, boss: User) -> None:
        staff.comes()
        staff.waits()
        shown = staff.open(f"{FACTOR}{page}?next=/admin/people/").content.decode()
        assert "Sign in again" in shown
        assert staff.posts(FACTOR + page, code="1", credential="{}").status_code == 200
        assert not Authenticator.objects.exists()
        answer = staff.send(f"{FACTOR}{page}?next=/admin/people/")
        assert "Sign in again" in answer.content.decode()
        [back] = re.findall(r'name="next" value="([^"]+)"', shown)
        leads = staff.posts("/accounts/logout/", next=back)["Location"]
        assert leads.startswith(f"{ASK}?next=")
        assert not staff.is_signed_in()

    def test_a_password_does_not_make_a_session_fresh(self, staff: Staff, boss: User) -> None:
        staff.client.force_login(boss)
        assert "Sign in again" in staff.open(f"{FACTOR}app/").content.decode()

    def test_whoever_has_just_shown_theirs_removes_it_and_sets_up_another(self, staff: Staff, secret: str) -> None:
        staff.comes()
        staff.send(SHOW, code=shown_by_the_app(secret))
        assert staff.send(f"{FACTOR}app/remove/")["Location"] == FACTOR
        assert not Authenticator.objects.exists()
        assert not staff.is_in()
        staff.sets_up_the_app()
        assert staff.is_in()

    def test_nobody_removes_somebody_elses(self, staff: Staff, secret: str) -> None:
        theirs = Authenticator.objects.create(user=member(), type="webauthn", data={"name": "Theirs"})
        staff.comes()
        staff.send(SHOW, code=shown_by_the_app(secret))
        assert staff.posts(f"{FACTOR}passkey/{theirs.pk}/remove/").status_code == 404
        assert Authenticator.objects.filter(pk=theirs.pk).exists()

    def test_each_change_is_told_by_mail_and_the_mail_names_no_link(
        self, staff: Staff, boss: User, django_capture_on_commit_callbacks: Any
    ) -> None:
        staff.comes()
        mail.outbox.clear()
        with django_capture_on_commit_callbacks(execute=True):
            staff.sets_up_the_app()
        with django_capture_on_commit_callbacks(execute=True):
            staff.send(f"{FACTOR}codes/new/")
        staff.send(f"{FACTOR}app/remove/")
        said = [str(one.body).partition("\n")[0] for one in mail.outbox]
        assert said == [
            "An authenticator app was added to your account.",
            "New recovery codes were made for your account. The old ones no longer work.",
            "The authenticator app was removed from your account.",
        ]
        assert {one.subject for one in mail.outbox} == {"Your account was changed · Example Post"}
        assert {tuple(one.to) for one in mail.outbox} == {(BOSS,)}
        assert not any("http" in str(one.body) for one in mail.outbox)


class TestWhoeverLostTheirs:
    @pytest.fixture
    def lost(self, db: None) -> User:
        user = member(group="", is_superuser=False)
        given_an_app(user)
        RecoveryCodes.activate(user)
        return user

    def remove(self, client: Client, user: User) -> HttpResponseBase:
        page = f"/admin/prefcenter/user/{user.pk}/change/"
        form = {"email": user.email, "is_active": "on", "is_staff": "on", "removes_second_factors": "on"}
        answer = client.post(page, form | {"date_joined_0": "2026-03-09", "date_joined_1": "12:00:00"}, secure=True)
        work()
        return answer

    def test_a_colleague_removes_them_which_is_logged_and_told(self, boss: User, lost: User) -> None:
        staff_client, open_session, half_in = signed_in(boss), signed_in(lost), Staff()
        assert half_in.comes(email=lost.email) == SHOW
        mail.outbox.clear()
        page = staff_client.get(f"/admin/prefcenter/user/{lost.pk}/change/", secure=True).content.decode()
        assert re.search(r"app since \d{4}-\d\d-\d\d", page)
        assert self.remove(staff_client, lost).status_code == 302
        assert not Authenticator.objects.filter(user=lost).exists()
        assert open_session.get("/preferences/mine/", secure=True).status_code == 302
        assert half_in.open(SHOW)["Location"].startswith("/accounts/login/")
        assert half_in.open(ASK).status_code == 200
        assert [one.to for one in mail.outbox] == [[lost.email]]
        log = staff_client.get("/admin/admin/logentry/", secure=True).content.decode()
        assert "Reset two-step sign-in" in log
        assert staff_client.get("/admin/", secure=True).status_code == 200

    def test_they_set_up_a_new_one_then_even_if_too_many_codes_were_wrong(
        self, boss: User, lost: User, staff: Staff
    ) -> None:
        staff.comes(email=lost.email)
        assert [staff.send(SHOW, code="0").status_code for _ in range(6)] == [200] * 5 + [429]
        self.remove(signed_in(boss), lost)
        assert staff.comes(email=lost.email) == "/admin/"
        staff.sets_up_the_app()
        assert staff.is_in()

    def test_whoever_may_only_look_at_accounts_removes_none(self, lost: User) -> None:
        reader = signed_in(member("view_user"))
        assert "app since" in reader.get(f"/admin/prefcenter/user/{lost.pk}/change/", secure=True).content.decode()
        assert self.remove(reader, lost).status_code == 403
        assert second_factor.has_one(lost)

    def test_saving_an_account_leaves_them_alone(self, boss: User, lost: User) -> None:
        page = f"/admin/prefcenter/user/{lost.pk}/change/"
        form = {"email": lost.email, "is_active": "on", "date_joined_0": "2026-03-09", "date_joined_1": "12:00:00"}
        assert signed_in(boss).post(page, form, secure=True).status_code == 302
        assert second_factor.has_one(lost)

    def test_no_page_of_the_admin_shows_their_secrets(self, boss: User, lost: User) -> None:
        assert signed_in(boss).get("/admin/mfa/authenticator/", secure=True).status_code == 404
