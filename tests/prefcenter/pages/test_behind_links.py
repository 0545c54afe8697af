"""What holds behind every kind of link: nothing is kept, listed or told, and nobody's address is given away."""

import pytest
from django.test import Client
from django.utils import timezone

from prefcenter.models import Visits
from tests.factories import ADA, AddressFactory, CampaignFactory, CategoryFactory
from unsubscribe import links
from unsubscribe.choices import Channel
from unsubscribe.links import LinkPurpose, Target
from unsubscribe.models import Address, Category, ConsentEvent, Contact, OutboxMessage, Preference, Suppression

pytestmark = pytest.mark.django_db
PATHS = [f"/{purpose}/{{}}" for purpose in LinkPurpose] + ["/p/{}/data", "/f/{}/data"]


@pytest.fixture(params=PATHS)
def url(request: pytest.FixtureRequest, ada: Address, news: Category) -> str:
    AddressFactory.create(contact=ada.contact, channel=Channel.SMS, text="+49 30 901820")
    CategoryFactory.create(slug="secret-hobby", is_listed=False, needs_opt_in=True)
    target = Target(ada.pk, news.pk, CampaignFactory.create(category=news).pk)
    purpose = LinkPurpose(request.param[1])
    return str(request.param).format(links.sign(target, purpose=purpose, today=timezone.localdate()))


def test_e13_nothing_behind_a_good_token_is_kept_listed_or_told(url: str, browser_client: Client) -> None:
    answer = browser_client.get(url, secure=True)
    assert answer.status_code == 200
    assert answer["Referrer-Policy"] == "no-referrer"
    assert answer["Cache-Control"] == "no-store"
    assert "noindex" in answer["X-Robots-Tag"]
    assert not answer.cookies


def test_p7_no_page_gives_an_address_or_a_hidden_kind_of_mail_away(url: str, browser_client: Client) -> None:
    page = browser_client.get(url, secure=True).content.decode()
    assert "a•••@example.com" in page
    for secret in (ADA, "901820", "Secret hobby"):
        assert secret not in page


@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_e5_looking_changes_nothing(method: str, url: str, browser_client: Client) -> None:
    tables = (Address, Contact, ConsentEvent, OutboxMessage, Preference, Suppression)
    before = [list(table.objects.order_by("pk").values()) for table in tables]
    getattr(browser_client, method)(f"{url}?lang=de", secure=True)
    assert [list(table.objects.order_by("pk").values()) for table in tables] == before


def test_e12_looks_are_counted_per_campaign_apart_from_what_people_do(
    browser_client: Client, ada: Address, news: Category
) -> None:
    target = Target(ada.pk, news.pk, CampaignFactory.create(category=news).pk)
    today = timezone.localdate()
    for purpose in (LinkPurpose.UNSUBSCRIBE, LinkPurpose.PREFERENCES):
        url = f"/{purpose}/{links.sign(target, purpose=purpose, today=today)}"
        for method in ("get", "head", "head", "options"):
            getattr(browser_client, method)(url, secure=True)
        browser_client.post(url, {"do": "unsubscribe" if purpose == LinkPurpose.UNSUBSCRIBE else "save"}, secure=True)
    counted = {(row.campaign_id, row.method): row.count for row in Visits.objects.all()}
    assert counted == {(target.campaign_id, "GET"): 2, (target.campaign_id, "HEAD"): 4}
