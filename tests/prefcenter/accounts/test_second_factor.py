"""Nobody enters the admin without a second factor, shown in this session; what is kept of it tells nobody how."""

import json
import logging
import re
import time
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.db import connection

from prefcenter.models import User
from tests.prefcenter.accounts.test_accounts import ASK, alerts
from tests.prefcenter.staff_browser import BOSS, CHANGING, FACTOR, PASSWORD, SHOW, Staff
from tests.staff import given_an_app, shown_by_the_app, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_only]


@pytest.fixture
def staff() -> Staff:
    return Staff()


@pytest.fixture
def boss(db: None) -> User:
    return User.objects.create_superuser(BOSS, PASSWORD)


@pytest.fixture
def secret(boss: User) -> str:
    return given_an_app(boss)


class TestTheWayIn:
    def test_the_first_time_it_leads_by_way_of_setting_one_up(self, staff: Staff, boss: User) -> None:
        assert staff.comes("/admin/people/") == "/admin/people/"
        assert staff.open("/admin/people/")["Location"] == "/admin/login/?next=/admin/people/"
        assert staff.open("/admin/login/?next=/admin/people/")["Location"] == f"{FACTOR}?next=%2Fadmin%2Fpeople%2F"
        page = staff.open(f"{FACTOR}?next=/admin/people/").content.decode()
        assert f'href="{FACTOR}app/?next=%2Fadmin%2Fpeople%2F"' in page
        staff.sets_up_the_app()
        page = staff.open(f"{FACTOR}codes/?next=/admin/people/").content.decode()
        assert len(re.findall(r"<code>\d{4} \d{4}</code>", page)) == 10
        assert 'href="/admin/people/"' in page
        assert staff.is_in()

    def test_from_then_on_the_code_from_the_mail_is_half_of_it(self, staff: Staff, secret: str) -> None:
        assert staff.comes("/admin/people/") == SHOW
        assert not staff.is_signed_in()
        assert staff.open("/admin/people/")["Location"].startswith("/admin/login/")
        assert staff.open("/preferences/mine/")["Location"].startswith(ASK)
        assert staff.send(SHOW, code=shown_by_the_app(secret))["Location"] == "/admin/people/"
        assert staff.is_in()

    def test_a_session_from_before_it_was_set_up_has_to_show_it(self, staff: Staff, boss: User) -> None:
        staff.comes()
        elsewhere = given_an_app(boss)
        again = staff.open("/admin/login/?next=/admin/people/")["Location"]
        assert again == f"{FACTOR}again/?next=%2Fadmin%2Fpeople%2F"
        assert "isn’t right" in alerts(staff.send(again, code="000"))[0]
        assert not staff.is_in()
        assert staff.send(again, code=shown_by_the_app(elsewhere))["Location"] == "/admin/people/"
        assert staff.is_in()

    def test_a_session_counts_for_as_long_as_the_factor_it_showed(self, staff: Staff, boss: User, secret: str) -> None:
        sign_in(staff.client, boss)
        assert staff.is_in()
        Authenticator.objects.all().delete()
        given_an_app(boss)
        assert not staff.is_in()

    @pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
    def test_nobody_is_led_off_the_site(self, target: str, staff: Staff, secret: str) -> None:
        staff.comes()
        staff.send(SHOW, code=shown_by_the_app(secret))
        assert staff.open(f"/admin/login/?next={target}")["Location"] == "/admin/"
        assert "evil" not in staff.open(f"{FACTOR}?next={target}").content.decode()
        assert staff.posts(f"{FACTOR}again/?next={target}", code="1").status_code == 200

    def test_who_is_no_staff_is_told_so_and_not_sent_in_circles(self, staff: Staff) -> None:
        User.objects.create_user(BOSS)
        assert staff.comes() == "/admin/"
        assert staff.open("/admin/")["Location"].startswith("/admin/login/")
        assert staff.open("/admin/login/?next=/admin/").status_code == 403

    def test_subscribers_are_not_bothered(self, staff: Staff) -> None:
        User.objects.create_user(BOSS)
        assert staff.comes("/preferences/mine/") == "/preferences/mine/"
        statuses = {staff.open(FACTOR + page).status_code for page in ("", "again/", "skip/", *CHANGING)}
        assert statuses == {404}
        assert staff.open(SHOW)["Location"] == "/preferences/mine/"


class TestCodes:
    def test_one_works_once_for_as_long_as_it_could_be_taken(
        self, staff: Staff, secret: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        shown, clock = shown_by_the_app(secret), time.time()
        staff.comes()
        assert staff.send(SHOW, code=shown)["Location"] == "/admin/"
        monkeypatch.setattr("time.time", lambda: clock + 31)
        thief = Staff()
        thief.comes()
        assert "isn’t right" in alerts(thief.send(SHOW, code=shown))[0]
        assert not thief.is_signed_in()
        assert thief.send(SHOW, code=shown_by_the_app(secret))["Location"] == "/admin/"

    @pytest.mark.parametrize("backend", ["locmem.LocMemCache", "db.DatabaseCache"])
    def test_five_wrong_ones_are_enough(self, backend: str, staff: Staff, secret: str, settings: Any) -> None:
        where = {"BACKEND": f"django.core.cache.backends.{backend}", "LOCATION": "codes_cache"}
        settings.CACHES = {"default": where}
        import_module("prefcenter.migrations.0003_cache_table").make_table(None, SimpleNamespace(connection=connection))
        staff.comes()
        answers = [staff.send(SHOW, code=wrong) for wrong in ("000", "", "001", "abc", "🔑", "002")]
        assert [answer.status_code for answer in answers] == [200] * 6
        answer = staff.send(SHOW, code=shown_by_the_app(secret))
        assert answer.status_code == 429
        assert "Too many attempts" in alerts(answer)[0]
        again = Staff()
        again.comes()
        assert again.send(SHOW, code=shown_by_the_app(secret)).status_code == 429
        assert not again.is_signed_in()

    def test_no_more_than_thirty_a_day_are_tried(self, secret: str, monkeypatch: pytest.MonkeyPatch) -> None:
        clock = time.time()
        for number in range(6):
            staff = Staff()
            monkeypatch.setattr("time.time", lambda number=number: clock + 301 * number)
            staff.comes()
            assert {staff.send(SHOW, code="000").status_code for _ in range(5)} == {200}
        late = Staff()
        monkeypatch.setattr("time.time", lambda: clock + 301 * 6)
        late.comes()
        assert late.send(SHOW, code=shown_by_the_app(secret)).status_code == 429

    def test_a_recovery_code_stands_in_once(self, staff: Staff, boss: User, secret: str) -> None:
        recovery = RecoveryCodes.activate(boss).get_unused_codes()[0]
        staff.comes()
        assert staff.send(SHOW, code=f"{recovery[:4]} {recovery[4:]}")["Location"] == "/admin/"
        assert staff.is_in()
        thief = Staff()
        thief.comes()
        assert "isn’t right" in alerts(thief.send(SHOW, code=recovery))[0]

    def test_whoever_came_in_with_an_old_recovery_code_stays_in_with_new_ones(
        self, staff: Staff, boss: User, secret: str
    ) -> None:
        recovery = RecoveryCodes.activate(boss).get_unused_codes()
        staff.comes()
        staff.send(SHOW, code=recovery[0])
        assert staff.send(f"{FACTOR}codes/new/")["Location"] == f"{FACTOR}codes/"
        assert staff.is_in()
        new = re.findall(r"<code>(\d{4} \d{4})</code>", staff.open(f"{FACTOR}codes/").content.decode())
        assert len(new) == 10
        assert not {one.replace(" ", "") for one in new} & set(recovery)
        assert "<code>" not in staff.open(f"{FACTOR}codes/").content.decode()

    @pytest.mark.parametrize(
        "credential",
        ["", "{", "{}", "[]", "null", "1", '"x"', '{"id": 1}', '{"id": "a", "rawId": "a", "type": "public-key"}']
        + [
            json.dumps({"id": "YQ", "rawId": "YQ", "type": "public-key", "response": response})
            for response in (
                {},
                {"clientDataJSON": "e30", "attestationObject": "x", "authenticatorData": "e", "signature": "s"},
                {"clientDataJSON": "e30", "attestationObject": "oA", "authenticatorData": "oA", "signature": "oA"},
            )
        ],
    )
    def test_what_no_browser_sends_is_refused_calmly(self, credential: str, staff: Staff, secret: str) -> None:
        staff.comes()
        assert staff.posts(SHOW, credential=credential).status_code == 200
        assert not staff.is_signed_in()
        staff.send(SHOW, code=shown_by_the_app(secret))
        for page in ("passkey/", "again/"):
            staff.open(FACTOR + page)
            assert staff.posts(FACTOR + page, credential=credential).status_code == 200
        assert Authenticator.objects.count() == 1


class TestSecrets:
    def test_a_stolen_database_does_not_tell_them(self, staff: Staff, boss: User) -> None:
        staff.comes()
        secret = staff.sets_up_the_app()
        stored = json.dumps(list(Authenticator.objects.values_list("data", flat=True)))
        assert secret not in stored
        assert secret not in json.dumps(dict(staff.client.session.items()))
        assert set(re.findall(r'"(\w+)": "gAAAA', stored)) == {"secret", "seed"}

    def test_they_outlive_a_change_of_keys_as_links_do(self, staff: Staff, secret: str, settings: Any) -> None:
        settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "new" * 20, [settings.SECRET_KEY]
        staff.comes()
        assert staff.send(SHOW, code=shown_by_the_app(secret))["Location"] == "/admin/"

    def test_without_the_key_they_open_nothing_and_the_page_says_what_to_do(
        self, staff: Staff, secret: str, settings: Any
    ) -> None:
        settings.SECRET_KEY = "new" * 20
        staff.comes()
        assert (
            "Ask a colleague who manages accounts to reset it."
            in alerts(staff.send(SHOW, code=shown_by_the_app(secret)))[0]
        )
        assert not staff.is_signed_in()

    def test_no_log_line_and_no_url_holds_one(self, staff: Staff, boss: User, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        staff.comes()
        secret = staff.sets_up_the_app()
        shown = shown_by_the_app(secret)
        again = Staff()
        again.comes()
        again.send(SHOW, code=shown)
        assert again.is_in()
        assert not [one for one in (secret, shown, BOSS) if one in caplog.text]


class TestTheDemo:
    def test_there_alone_it_can_be_skipped(self, staff: Staff, boss: User, settings: Any) -> None:
        staff.comes()
        assert staff.posts(f"{FACTOR}skip/").status_code == 404
        settings.DEMO = True
        assert not staff.is_in()
        assert "You can skip this step in the demo." in staff.open(FACTOR).content.decode()
        assert staff.posts(f"{FACTOR}skip/", next="/admin/people/")["Location"] == "/admin/people/"
        assert staff.is_in()
        settings.DEMO = False
        assert not staff.is_in()
        assert "Skip" not in staff.open(FACTOR).content.decode()

    def test_looking_skips_nothing(self, staff: Staff, boss: User, settings: Any) -> None:
        settings.DEMO = True
        staff.comes()
        assert staff.open(f"{FACTOR}skip/").status_code == 405
        assert not staff.is_in()
