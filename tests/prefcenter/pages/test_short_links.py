"""The page behind a short link: the unsubscribe page, for a tap. Wrong ones are counted for each network."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.factories import AddressFactory, CampaignFactory
from tests.services import free_port
from unsubscribe import actions, gate, links
from unsubscribe.actions import Origin
from unsubscribe.choices import Channel, Outcome, Source
from unsubscribe.links import LinkPurpose, Target
from unsubscribe.mailing import Mailing
from unsubscribe.models import Address, Category, ConsentEvent, ShortLink

pytestmark = pytest.mark.django_db


@pytest.fixture
def phone(db: None) -> Address:
    return AddressFactory.create(channel=Channel.SMS, text="+49 30 901820")


@pytest.fixture
def url(phone: Address, news: Category) -> str:
    campaign = CampaignFactory.create(category=news)
    [made] = actions.short_links([phone.pk], Target(0, news.pk, campaign.pk), now=timezone.now())
    return made.removeprefix("https://mail.example.com")


def answer_for(address: Address, category: Category) -> Outcome:
    channel, now = Channel(address.channel), timezone.now()
    return gate.check([address.value], Mailing(category, channel=channel), now=now)[0].outcome


def test_a_look_changes_nothing_and_a_tap_unsubscribes(
    url: str, phone: Address, news: Category, browser_client: Client
) -> None:
    for method in ("get", "head", "options"):
        answer = getattr(browser_client, method)(url, secure=True)
        assert not answer.cookies
        assert not ConsentEvent.objects.exists()
    page = browser_client.get(url, secure=True)
    assert "Unsubscribe from “News”?" in page.content.decode()
    assert (page["Referrer-Policy"], page["Cache-Control"]) == ("no-referrer", "no-store")
    page = browser_client.post(url, {"do": "unsubscribe"}, secure=True)
    assert "You’re unsubscribed." in page.content.decode()
    [event] = ConsentEvent.objects.all()
    assert (event.source, event.campaign_id) == (Source.PAGE, news.campaigns.get().pk)
    assert answer_for(phone, news) == Outcome.UNSUBSCRIBED


@pytest.mark.parametrize("body", [{}, {"List-Unsubscribe": "One-Click"}, {"a": "b"}])
def test_a_post_that_is_no_tap_gets_the_page_and_changes_nothing(
    body: dict[str, str], url: str, browser_client: Client
) -> None:
    answer = browser_client.post(url, body, secure=True)
    assert answer.status_code == 400
    assert 'value="unsubscribe"' in answer.content.decode()
    assert not ConsentEvent.objects.exists()


@pytest.mark.parametrize(("do", "answer"), [("pause", Outcome.PAUSED), ("everything", Outcome.SUPPRESSED)])
def test_all_of_the_page_works(
    do: str, answer: Outcome, url: str, phone: Address, news: Category, browser_client: Client
) -> None:
    page = browser_client.post(url, {"do": do, "days": "30"}, secure=True).content.decode()
    assert answer_for(phone, news) == answer
    receipt = page.partition('name="receipt" value="')[2].partition('"')[0]
    assert (
        "Your previous settings are back"
        in browser_client.post(url, {"do": "undo", "receipt": receipt}, secure=True).content.decode()
    )
    assert answer_for(phone, news) == Outcome.SEND


def test_it_is_read_leniently(url: str, browser_client: Client) -> None:
    clean = browser_client.get(url, secure=True).content.decode()
    assert "News" in clean
    shapes = ["{}.", "{}/", "{}%20", "{}&x=1", "{}?x=1", "{}/foo"]
    for one in [url.upper(), f"/s//{url[3:]}", f"/s/%20{url[3:]}", *(shape.format(url) for shape in shapes)]:
        answer = browser_client.get(one, secure=True)
        assert (answer.status_code, answer.content.decode()) == (200, clean)


@pytest.mark.parametrize(("days", "is_fresh"), [(60, True), (61, False)])
def test_its_preferences_are_as_old_as_the_last_time_it_was_handed_out(
    days: int, is_fresh: bool, url: str, browser_client: Client
) -> None:
    ShortLink.objects.update(issued_on=timezone.localdate() - timedelta(days=days))
    page = browser_client.get(url, secure=True).content.decode()
    preferences = page.partition('href="https://mail.example.com/p/')[2].partition('"')[0]
    shown = browser_client.get(f"/p/{preferences}", secure=True).content.decode()
    assert ("Your preferences" in shown) == is_fresh
    assert browser_client.post(url, {"do": "unsubscribe"}, secure=True).status_code == 200


class TestFailures:
    @pytest.fixture(autouse=True)
    def _few(self, settings: Any) -> None:
        settings.SHORT_LINK_FAILURES_PER_HOUR = 3

    def fail(self, client: Client, network: str, path: str = "/s/nonsense", method: str = "get") -> Any:
        return getattr(client, method)(path, secure=True, REMOTE_ADDR=network)

    def test_are_limited_for_each_network(self, browser_client: Client) -> None:
        answers = [self.fail(browser_client, "203.0.113.9") for _ in range(5)]
        assert [one.status_code for one in answers] == [404, 404, 404, 429, 429]
        assert 0 < int(answers[-1]["Retry-After"]) <= 3600
        assert self.fail(browser_client, "203.0.113.10").status_code == 404

    def test_are_not_counted_while_the_cache_is_away(self, browser_client: Client, settings: Any) -> None:
        redis = "django.core.cache.backends.redis.RedisCache"
        settings.CACHES = {"default": {"BACKEND": redis, "LOCATION": f"redis://127.0.0.1:{free_port()}"}}
        assert {self.fail(browser_client, "203.0.113.9").status_code for _ in range(5)} == {404}

    def test_of_every_kind_count_and_look_alike(self, url: str, news: Category, browser_client: Client) -> None:
        token = url.removeprefix("/s/")
        wrong = [f"/s/{token}a", f"/s/{token[:-1]}", "/s/" + links.sign_short([2**30])[0]]
        answers = [self.fail(browser_client, "203.0.113.9", path) for path in wrong]
        assert {one.status_code for one in answers} == {404}
        assert len({one.content for one in answers}) == 1
        assert self.fail(browser_client, "203.0.113.9", "/s/", "post").status_code == 429

    def test_never_keep_a_right_link_from_working(self, url: str, browser_client: Client) -> None:
        for _ in range(10):
            self.fail(browser_client, "203.0.113.9")
        for _ in range(10):
            assert self.fail(browser_client, "203.0.113.9", url).status_code == 200
        data = {"do": "unsubscribe"}
        assert browser_client.post(url, data, secure=True, REMOTE_ADDR="203.0.113.9").status_code == 200
        assert ConsentEvent.objects.count() == 1

    def test_right_links_are_not_counted(self, url: str, browser_client: Client) -> None:
        for _ in range(10):
            self.fail(browser_client, "203.0.113.9", url)
        assert self.fail(browser_client, "203.0.113.9").status_code == 404

    def test_long_links_are_never_limited(self, browser_client: Client) -> None:
        assert {self.fail(browser_client, "203.0.113.9", "/u/nonsense").status_code for _ in range(9)} == {404}

    def test_an_ipv6_household_is_one_network(self, browser_client: Client) -> None:
        answers = [self.fail(browser_client, f"2001:db8:0:{number:x}::1") for number in range(5)]
        assert [one.status_code for one in answers] == [404, 404, 404, 429, 429]


def test_a_short_link_is_no_other_link_and_no_other_is_one(
    url: str, ada: Address, news: Category, browser_client: Client
) -> None:
    for purpose in LinkPurpose:
        assert browser_client.get(url.replace("/s/", f"/{purpose}/"), secure=True).status_code == 404
        token = links.sign(Target(ada.pk, news.pk), purpose=purpose, today=timezone.localdate())
        assert browser_client.get(f"/s/{token}", secure=True).status_code == 404


def test_of_somebody_erased_it_says_so(url: str, phone: Address, browser_client: Client) -> None:
    actions.erase([phone.contact_id], Origin(Source.PAGE, timezone.now()))
    page = browser_client.get(url, secure=True)
    assert "Your data has been deleted." in page.content.decode()


def test_any_host_and_plain_http_will_do(url: str, browser_client: Client) -> None:
    assert browser_client.get(url, headers={"host": "old-name.example.net"}).status_code == 200
