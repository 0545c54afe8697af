"""The cache is a Redis, and away: what counts nothing works as ever, and what must count asks to come again."""

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from django.utils import timezone

from prefcenter.models import User
from tests.factories import ADA, BOB, CategoryFactory
from tests.prefcenter.accounts.test_accounts import ASK, CONFIRM, code
from tests.prefcenter.api.conftest import Caller
from tests.prefcenter.pages.test_preferences import answer_for, preferences_of, sheet
from tests.prefcenter.staff_browser import BOSS, FACTOR, SHOW, Staff
from tests.services import RedisService, ServiceMissing, missing, start_redis
from tests.staff import given_an_app, member, shown_by_the_app, signed_in
from unsubscribe import actions
from unsubscribe.choices import Outcome
from unsubscribe.links import LinkPurpose, Target
from unsubscribe.models import Address, Category

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_only]
BROWSER = "text/html,application/xhtml+xml,*/*;q=0.8"


@pytest.fixture(scope="module")
def server() -> RedisService:
    try:
        return start_redis()
    except ServiceMissing as reason:
        missing(reason)


@pytest.fixture
def redis(server: RedisService, settings: Any) -> Iterator[RedisService]:
    """Running; it is the site's cache."""
    server.start()
    own = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": server.url}
    settings.CACHES = {"default": settings.CACHES["default"] | own}
    yield server
    server.stop()


@pytest.fixture
def away(redis: RedisService) -> None:
    redis.stop()


def path(purpose: LinkPurpose, address: Address, category: Category) -> str:
    return preferences_of(address, category, purpose=purpose)


@pytest.mark.usefixtures("away")
class TestANo:
    """It never depends on the cache, whichever way it comes."""

    @pytest.mark.parametrize("form", [{"List-Unsubscribe": "One-Click"}, {"do": "unsubscribe"}, {"do": "everything"}])
    def test_behind_a_link(self, form: dict[str, str], browser_client: Client, ada: Address, news: Category) -> None:
        url = path(LinkPurpose.UNSUBSCRIBE, ada, news)
        assert browser_client.get(url, secure=True).status_code == 200
        assert browser_client.post(url, form, secure=True).status_code == 200
        assert answer_for(ada, news) != Outcome.SEND

    def test_behind_a_short_link(self, browser_client: Client, ada: Address, news: Category) -> None:
        [url] = actions.short_links([ada.pk], Target(0, news.pk), now=timezone.now())
        answer = browser_client.post(urlsplit(url).path, {"do": "unsubscribe"}, secure=True)
        assert answer.status_code == 200
        assert answer_for(ada, news) == Outcome.UNSUBSCRIBED
        assert browser_client.get("/s/nonsense", secure=True).status_code == 404

    @pytest.mark.parametrize("purpose", [LinkPurpose.FRESH, LinkPurpose.PREFERENCES])
    def test_in_the_preference_center(
        self, purpose: LinkPurpose, browser_client: Client, ada: Address, news: Category
    ) -> None:
        form = sheet(**{f"c{news.pk}_email": "off as_sent was on as_sent"})
        assert browser_client.post(path(purpose, ada, news), form, secure=True).status_code == 200
        assert answer_for(ada, news) == Outcome.UNSUBSCRIBED

    def test_of_whoever_is_signed_in(self, ada: Address, news: Category) -> None:
        user = User.objects.create_user(ADA)
        EmailAddress.objects.create(user=user, email=ADA, verified=True, primary=True)
        client = Client(headers={"host": "mail.example.com"})
        client.force_login(user)
        form = sheet(**{f"c{news.pk}_email": "off as_sent was on as_sent"})
        assert client.post("/preferences/mine/", form, secure=True).status_code == 200
        assert answer_for(ada, news) == Outcome.UNSUBSCRIBED

    def test_of_whoever_asks_for_a_link_first(self, browser_client: Client, ada: Address) -> None:
        assert browser_client.post("/preferences/", {"email": ADA}, secure=True).status_code == 200

    def test_that_a_senders_system_hands_over(self, ada: Address, news: Category) -> None:
        caller = Caller()
        assert caller.post("/suppressions", {"suppressions": [{"address": ADA}]}).status_code == 200
        asked = {"category": "news", "addresses": [ADA, BOB]}
        verdicts = json.loads(caller.post("/audience", asked).content)["results"]
        assert [one["verdict"] for one in verdicts] == ["suppressed", "send"]

    def test_that_the_staff_record(self, ada: Address, news: Category) -> None:
        staff_client = signed_in(member(is_superuser=True))
        form = {"what": "everything", "how": "phone", "note": "She called."}
        page = staff_client.get(f"/admin/people/{ada.contact_id}/", secure=True)
        assert page.status_code == 200
        assert staff_client.post(f"/admin/people/{ada.contact_id}/opt-out/", form, secure=True).status_code < 500
        assert staff_client.get("/admin/", secure=True).status_code == 200


@pytest.mark.usefixtures("away")
@pytest.mark.parametrize("where", ["/", "/preferences/", ASK, "/admin/login/", "/logo", "/proof-key.pem", "/nowhere"])
def test_whoever_only_looks_notices_nothing(where: str, browser_client: Client) -> None:
    assert browser_client.get(where, secure=True).status_code < 500


@pytest.mark.usefixtures("away")
def test_the_other_links_work_as_ever(browser_client: Client, ada: Address) -> None:
    partners = CategoryFactory.create(opt_in=True)
    yes = path(LinkPurpose.OPT_IN, ada, partners)
    assert browser_client.post(yes, {"do": "opt_in"}, secure=True).status_code == 200
    assert answer_for(ada, partners) == Outcome.SEND
    data = f"{path(LinkPurpose.FRESH, ada, partners)}/data"
    assert browser_client.post(data, {"do": "download"}, secure=True).status_code == 200
    assert browser_client.post(path(LinkPurpose.ERASE, ada, partners), {"do": "erase"}, secure=True).status_code == 200


class TestSigningIn:
    """Its limits are what keeps guessers out, so without them nobody gets in."""

    def test_is_a_calm_page_until_the_cache_is_back(self, redis: RedisService) -> None:
        staff = Staff()
        secret = given_an_app(User.objects.create_superuser(BOSS))
        redis.stop()
        self.assert_calm(staff.posts(ASK, email=BOSS))
        redis.start()
        assert staff.comes() == SHOW
        redis.stop()
        self.assert_calm(staff.posts(SHOW, code=shown_by_the_app(secret)))
        assert not staff.is_in()
        redis.start()
        staff.posts(SHOW, code=shown_by_the_app(secret))
        assert staff.is_in()
        redis.stop()
        assert staff.is_in()
        assert staff.open(FACTOR).status_code == 200
        assert staff.posts("/accounts/logout/").status_code == 302

    def test_a_code_that_was_mailed_before_still_signs_in(self, redis: RedisService) -> None:
        staff = Staff()
        User.objects.create_user(ADA)
        staff.send(ASK, email=ADA)
        redis.stop()
        staff.posts(CONFIRM, code=code())
        assert staff.is_signed_in()

    def assert_calm(self, answer: Any) -> None:
        assert (answer.status_code, answer["Retry-After"]) == (503, "60")
        assert re.search(r"We can't save|temporarily unavailable", answer.content.decode())
