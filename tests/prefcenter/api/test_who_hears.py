"""Every mailbox of a contact hears of an opt-in, a download, an erasure and a new address (law 11), whichever
source it came from."""

import re
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from django.utils import timezone

from prefcenter.models import User
from tests.factories import ADA
from unsubscribe import actions, links
from unsubscribe.actions import Origin
from unsubscribe.choices import Source
from unsubscribe.links import LinkPurpose, Target
from unsubscribe.models import Address, Category

from .conftest import Caller
from .joined import MALLORY, deliver, link_for, post, switched_on

pytestmark = pytest.mark.django_db
WORK = "ada@work.example"
BOTH = {ADA, WORK}


@pytest.fixture
def client() -> Client:
    return Client(headers={"host": "mail.example.com"})


@pytest.fixture(autouse=True)
def work(ada: Address, join: Any) -> Address:
    work: Address = join(ADA, WORK)
    actions.agree([work.pk], Origin(Source.STAFF, timezone.now()))
    deliver()
    return Address.objects.get(pk=work.pk)


def sign_in(client: Client, text: str) -> str:
    user = User.objects.create(email=text)
    EmailAddress.objects.create(user=user, email=text, verified=True, primary=True)
    client.force_login(user)
    return "/preferences/mine/"


def short(address: Address, category: Category) -> str:
    [url] = actions.short_links([address.pk], Target(0, category.pk), now=timezone.now())
    return "/s/" + url.rpartition("/")[2]


def told(what: str) -> set[str]:
    return {to for to, text in deliver() if what in text}


class TestAnOptIn:
    @pytest.fixture(autouse=True)
    def _left(self, ada: Address, news: Category) -> None:
        """Long ago, as far as the outbox knows."""
        actions.opt_out([Target(ada.pk, news.pk)], Origin(Source.PAGE, timezone.now()))
        deliver()

    @pytest.mark.parametrize("speaker", [ADA, WORK])
    @pytest.mark.parametrize("source", ["fresh link", "signed in", "question", "text message"])
    def test_is_told_to_both(self, source: str, speaker: str, client: Client, news: Category) -> None:
        one = Address.objects.get(value=speaker)
        if source == "question":
            post(client, link_for(one, LinkPurpose.OPT_IN, news.pk), do="opt_in")
        elif source == "text message":
            actions.opt_in([Target(one.pk, news.pk)], Origin(Source.SMS, timezone.now(), wording="START"))
        else:
            path = link_for(one) if source == "fresh link" else sign_in(client, speaker)
            post(client, path, **switched_on(news))
        assert told("You’re subscribed to “News” by email") == BOTH

    @pytest.mark.parametrize("kind", ["unsubscribe", "short", "preferences", "fresh"])
    def test_by_undo_is_told_to_the_other_and_takes_the_mail_about_the_no_back(
        self, kind: str, client: Client, ada: Address, news: Category
    ) -> None:
        ways = {
            "short": short(ada, news),
            "unsubscribe": f"/u/{links.sign(Target(ada.pk), today=timezone.localdate())}",
            "preferences": link_for(ada, LinkPurpose.PREFERENCES),
            "fresh": link_for(ada),
        }
        path = ways[kind]
        page = post(client, path, do="everything")
        receipt = re.search(r'name="receipt" value="([^"]*)"', page)
        assert receipt
        post(client, path, do="undo", receipt=receipt[1])
        assert told("no longer unsubscribed") == {WORK}

    def test_by_a_senders_system_is_told_to_both(self, caller: Caller, ada: Address) -> None:
        category = Category.objects.create(slug="partners", name="Partners", needs_opt_in=True)
        body = {
            "preferences": [{"category": category.slug, "is_subscribed": True}],
            "evidence": {"given_at": "2026-01-01T10:00:00+01:00", "wording": "Yes", "where": "Form"},
        }
        assert caller.patch(f"/contacts/{ada.contact_id}/preferences", body).status_code == 200
        assert told("Partners") == BOTH


@pytest.mark.parametrize("source", ["fresh link", "signed in"])
@pytest.mark.parametrize("speaker", [ADA, WORK])
class TestWhatIsHeld:
    def path(self, source: str, speaker: str, client: Client) -> str:
        if source == "signed in":
            return f"{sign_in(client, speaker)}data/"
        return f"{link_for(Address.objects.get(value=speaker))}/data"

    def test_downloaded_is_told_to_both(self, speaker: str, source: str, client: Client) -> None:
        client.post(self.path(source, speaker, client), {"do": "download"}, secure=True)
        assert told("downloaded") == BOTH

    def test_to_be_erased_is_told_to_the_other_before_and_before_the_link_goes_out(
        self, speaker: str, source: str, client: Client
    ) -> None:
        post(client, self.path(source, speaker, client), do="erase")
        [other] = BOTH - {speaker}
        assert [(to, "/e/" in text) for to, text in deliver()] == [(other, False), (speaker, True)]


def test_an_erasure_asked_for_behind_a_newsletters_link_is_told_too(client: Client, ada: Address) -> None:
    post(client, f"{link_for(ada, LinkPurpose.PREFERENCES)}/data", do="erase")
    assert {to: "/e/" in text for to, text in deliver()} == {ADA: True, WORK: False}


@pytest.mark.parametrize("who", ["staff", "mailbox"])
def test_a_new_address_is_told_to_each_when_it_is_joined_and_when_it_is_agreed_to(
    who: str, client: Client, join: Any, ada: Address, work: Address
) -> None:
    mallory = join(ADA, MALLORY)
    assert told("Is this address yours, too?") == BOTH
    if who == "staff":
        actions.agree([mallory.pk], Origin(Source.STAFF, timezone.now()))
    else:
        post(client, link_for(work, LinkPurpose.JOIN), do=f"agree-{mallory.pk}")
    assert told("These addresses are now linked.") == BOTH | {MALLORY}


def test_an_opt_out_is_told_to_the_one_that_said_so(client: Client, ada: Address) -> None:
    post(client, link_for(ada), do="everything")
    assert {to for to, _ in deliver()} == {ADA}
