"""Whoever joins an address of their own to somebody's contact gets nothing of theirs (law 11): from the API to
the link in the mail, at every entry point that shows, lifts, gives away or erases."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail as sent
from django.test import Client
from django.utils import timezone

from prefcenter.models import User
from prefcenter.pages import link_requests
from tests.factories import ADA, BOB, AddressFactory, CategoryFactory
from unsubscribe import actions, links
from unsubscribe.actions import Origin
from unsubscribe.addresses import normalise
from unsubscribe.choices import Channel, EventKind, Frequency, Outcome, Source, SuppressionReason
from unsubscribe.links import LinkPurpose, Target
from unsubscribe.models import Address, Category, ConsentEvent, Preference

from .conftest import Caller
from .joined import MALLORY, answer, deliver, get, link_for, path_in, post, switched_on

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    return Client(headers={"host": "mail.example.com"})


def fresh_link_to(text: str) -> str:
    """As somebody gets it who asks for one at /preferences/."""
    link_requests.take(normalise(text), network="192.0.2.7", now=timezone.now())
    link_requests.answer(now=timezone.now())
    mails = [body for to, body in deliver() if to == text and "/f/" in body]
    return path_in(mails[-1], LinkPurpose.FRESH)


class TestTheTakeover:
    @pytest.fixture(params=["everything", "category", "complaint"])
    def said_no(self, request: pytest.FixtureRequest, ada: Address, news: Category) -> str:
        if request.param == "complaint":
            actions.suppress([ada.pk], Origin(Source.COMPLAINT, timezone.now()), reason=SuppressionReason.COMPLAINT)
        else:
            target = Target(ada.pk, news.pk if request.param == "category" else None)
            actions.opt_out([target], Origin(Source.PAGE, timezone.now()))
        deliver()
        return str(request.param)

    def test_lifts_nothing_shows_nothing_and_the_victim_hears(
        self, said_no: str, client: Client, join: Any, ada: Address, news: Category
    ) -> None:
        join(ADA, MALLORY)
        assert [to for to, text in deliver() if "Is this address yours, too?" in text] == [ADA]
        fresh = fresh_link_to(MALLORY)
        page = get(client, fresh)
        assert "a•••" not in page
        assert "m•••@evil.example" in page
        post(client, fresh, **switched_on(news))
        post(client, link_for(Address.objects.get(value=MALLORY), LinkPurpose.OPT_IN, news.pk), do="opt_in")
        assert answer(ADA, news) != Outcome.SEND
        if said_no != "complaint":  # it stands on the address alone, as it always did
            assert answer(MALLORY, news) != Outcome.SEND

    def test_downloads_and_erases_nothing_of_the_victims(
        self, said_no: str, client: Client, join: Any, ada: Address
    ) -> None:
        join(ADA, MALLORY)
        fresh = fresh_link_to(MALLORY)
        data = client.post(f"{fresh}/data", {"do": "download"}, secure=True).content.decode()
        assert [one["address"] for one in json.loads(data)["addresses"]] == [MALLORY]
        assert ADA not in data
        assert all(one["address"] == MALLORY for one in json.loads(data)["consent"])
        post(client, f"{fresh}/data", do="erase")
        [erase] = [path_in(text, LinkPurpose.ERASE) for to, text in deliver() if "/e/" in text]
        post(client, erase, do="erase")
        assert "Your data has been deleted." in get(client, fresh)
        ada.refresh_from_db()
        assert ada.value == ADA
        assert ada.contact.erased_at is None
        assert not Address.objects.filter(value=MALLORY).exists()
        assert answer(ADA) != Outcome.SEND or said_no == "category"
        assert answer(MALLORY) == Outcome.SUPPRESSED

    def test_signed_in_it_is_the_same(
        self, said_no: str, client: Client, join: Any, ada: Address, news: Category
    ) -> None:
        join(ADA, MALLORY)
        user = User.objects.create(email=MALLORY)
        EmailAddress.objects.create(user=user, email=MALLORY, verified=True, primary=True)
        client.force_login(user)
        assert "a•••" not in get(client, "/preferences/mine/")
        post(client, "/preferences/mine/", **switched_on(news))
        data = client.post("/preferences/mine/data/", {"do": "download"}, secure=True).content.decode()
        assert ADA not in data
        assert answer(ADA, news) != Outcome.SEND


def test_what_the_older_one_chose_is_not_shown_to_the_other(client: Client, join: Any, ada: Address) -> None:
    partners = CategoryFactory.create(opt_in=True)
    mallory = join(ADA, MALLORY)
    actions.opt_in([Target(ada.pk, partners.pk)], Origin(Source.PAGE, timezone.now(), wording="Yes"))
    key = f"{partners.pk}-email"
    assert f'value="off as_sent" name="was-{key}"' in _sorted(get(client, link_for(mallory)), key)
    assert (answer(ADA, partners), answer(MALLORY, partners)) == (Outcome.SEND, Outcome.UNSUBSCRIBED)
    data = client.post(f"{link_for(mallory)}/data", {"do": "download"}, secure=True).content.decode()
    assert "partners" not in data


def _sorted(page: str, key: str) -> str:
    found = re.search(rf'<input type="hidden" name="was-{key}" value="([^"]*)"', page)
    assert found
    return f'value="{found[1]}" name="was-{key}"'


class TestANo:
    @pytest.mark.parametrize("speaker", [ADA, MALLORY])
    @pytest.mark.parametrize("do", ["everything", "category", "one-click"])
    def test_by_either_holds_for_both(
        self, do: str, speaker: str, client: Client, join: Any, ada: Address, news: Category
    ) -> None:
        join(ADA, MALLORY)
        target = Target(Address.objects.get(value=speaker).pk, news.pk)
        path = f"/u/{links.sign(target, today=timezone.localdate())}"
        if do == "one-click":
            client.post(path, {"List-Unsubscribe": "One-Click"}, secure=True)
        else:
            post(client, path, do="everything" if do == "everything" else "unsubscribe")
        assert answer(ADA, news) != Outcome.SEND
        assert answer(MALLORY, news) != Outcome.SEND

    @pytest.mark.parametrize("reason", ["unsubscribed_all", "complaint"])
    @pytest.mark.parametrize("speaker", [ADA, MALLORY])
    @pytest.mark.parametrize("source", ["api", "verb"])
    def test_of_an_address_as_a_whole_holds_for_both_as_well(
        self, source: str, speaker: str, reason: str, caller: Caller, join: Any, ada: Address, news: Category
    ) -> None:
        join(ADA, MALLORY)
        for _ in range(2):
            if source == "api":
                caller.post("/suppressions", {"suppressions": [{"address": speaker, "reason": reason}]})
            else:
                id_ = Address.objects.get(value=speaker).pk
                actions.suppress([id_], Origin(Source.COMPLAINT, timezone.now()), reason=SuppressionReason(reason))
        assert (answer(ADA, news), answer(MALLORY, news)) == (Outcome.SUPPRESSED, Outcome.SUPPRESSED)
        complaints = ConsentEvent.objects.filter(kind=EventKind.SUPPRESS, source=Source.COMPLAINT, note="")
        assert complaints.count() == (1 if source == "verb" and reason == "complaint" else 0)

    @pytest.mark.parametrize("reason", ["hard_bounce", "manual"])
    def test_that_is_about_a_mailbox_is_about_that_mailbox(
        self, reason: str, caller: Caller, join: Any, ada: Address, news: Category
    ) -> None:
        join(ADA, MALLORY)
        caller.post("/suppressions", {"suppressions": [{"address": ADA, "reason": reason}]})
        assert (answer(ADA, news), answer(MALLORY, news)) == (Outcome.SUPPRESSED, Outcome.SEND)

    @pytest.mark.parametrize("whole", [True, False])
    def test_of_the_other_is_told_to_the_older_one_for_whom_it_holds_and_not_the_other_way_round(
        self, whole: bool, join: Any, ada: Address, news: Category
    ) -> None:
        mallory = join(ADA, MALLORY)
        deliver()
        offers = CategoryFactory.create(slug="offers")
        for speaker, category in ((ada, offers), (mallory, news)):
            actions.opt_out([Target(speaker.pk, category.pk)], Origin(Source.ONE_CLICK, timezone.now()))
            told = {to for to, text in deliver() if "Your preferences are saved" in text}
            assert told == ({ADA} if speaker == ada else {ADA, MALLORY})
        if whole:
            actions.opt_out([Target(mallory.pk)], Origin(Source.ONE_CLICK, timezone.now()))
            assert {to for to, _ in deliver()} == {ADA, MALLORY}

    def test_of_a_number_to_one_category_is_nothing_to_the_mailbox(
        self, join: Any, ada: Address, news: Category
    ) -> None:
        phone = join(ADA, "+49 30 901820", channel="sms")
        deliver()
        actions.opt_out([Target(phone.pk, news.pk)], Origin(Source.PAGE, timezone.now()))
        assert deliver() == []
        assert answer(ADA, news) == Outcome.SEND

    def test_of_the_other_is_ended_by_the_older_ones_yes_for_the_older_one_alone(
        self, client: Client, join: Any, ada: Address, news: Category
    ) -> None:
        mallory = join(ADA, MALLORY)
        actions.opt_out([Target(mallory.pk)], Origin(Source.PAGE, timezone.now()))
        post(client, link_for(ada), **switched_on(news))
        assert (answer(ADA, news), answer(MALLORY, news)) == (Outcome.SEND, Outcome.SUPPRESSED)

    def test_just_said_is_undone_by_its_own_receipt(
        self, client: Client, join: Any, ada: Address, news: Category
    ) -> None:
        mallory = join(ADA, MALLORY)
        page = post(client, link_for(mallory, category_id=news.pk), do="everything")
        receipt = re.search(r'name="receipt" value="([^"]*)"', page)
        assert receipt
        post(client, link_for(mallory), do="undo", receipt=receipt[1])
        assert (answer(ADA, news), answer(MALLORY, news)) == (Outcome.SEND, Outcome.SEND)

    def test_said_by_the_older_one_is_undone_by_nothing_of_the_others(
        self, client: Client, join: Any, ada: Address, news: Category
    ) -> None:
        mallory = join(ADA, MALLORY)
        actions.opt_out([Target(ada.pk)], Origin(Source.PAGE, timezone.now()))
        page = post(client, link_for(mallory), do="everything")
        receipt = re.search(r'name="receipt" value="([^"]*)"', page)
        post(client, link_for(mallory), do="undo", receipt=receipt[1] if receipt else "")
        assert (answer(ADA, news), answer(MALLORY, news)) == (Outcome.SUPPRESSED, Outcome.SUPPRESSED)


class TestAYesOfTheOther:
    def test_holds_for_it_alone(self, client: Client, join: Any, ada: Address) -> None:
        partners = CategoryFactory.create(opt_in=True)
        mallory = join(ADA, MALLORY)
        assert [to for to, _ in deliver()] == [ADA]
        post(client, link_for(mallory), **switched_on(partners))
        assert (answer(ADA, partners), answer(MALLORY, partners)) == (Outcome.UNSUBSCRIBED, Outcome.SEND)
        assert not Preference.objects.filter(contact=ada.contact_id).exists()
        assert [to for to, _ in deliver()] == [MALLORY]

    def test_to_more_often_or_to_end_a_pause_leaves_the_older_one_as_it_was(
        self, client: Client, join: Any, ada: Address, news: Category
    ) -> None:
        mallory = join(ADA, MALLORY)
        now = timezone.now()
        actions.opt_down([Target(ada.pk, news.pk)], Origin(Source.PAGE, now), frequency=Frequency.MONTHLY)
        actions.pause([Target(ada.pk)], Origin(Source.PAGE, now), until=timezone.localdate() + timedelta(days=30))
        key = f"{news.pk}-email"
        fields = {f"on-{key}": "on", f"often-{key}": "as_sent", f"was-{key}": "on monthly"}
        post(client, link_for(mallory), do="save", **fields)
        post(client, link_for(mallory), do="resume")
        assert Preference.objects.get(contact=ada.contact_id).frequency == Frequency.MONTHLY
        assert (answer(ADA, news), answer(MALLORY, news)) == (Outcome.PAUSED, Outcome.SEND)

    def test_of_a_number_is_its_own(self, client: Client, join: Any, ada: Address, news: Category) -> None:
        phone = join(ADA, "+49 30 901820", channel="sms")
        actions.opt_out([Target(phone.pk, news.pk)], Origin(Source.SMS, timezone.now()))
        assert answer("+4930901820", news, Channel.SMS) == Outcome.UNSUBSCRIBED
        actions.opt_in([Target(phone.pk, news.pk)], Origin(Source.SMS, timezone.now(), wording="START"))
        assert answer("+4930901820", news, Channel.SMS) == Outcome.SEND
        assert "text message" not in get(client, link_for(ada)).lower()

    def test_choosing_a_language_changes_nothing_for_the_older_one(
        self, client: Client, join: Any, ada: Address
    ) -> None:
        mallory = join(ADA, MALLORY)
        client.post(link_for(mallory) + "?lang=ar", {"do": "everything"}, secure=True)
        ada.contact.refresh_from_db()
        assert ada.contact.language == ""


class TestTheQuestion:
    @pytest.fixture
    def path(self, join: Any, ada: Address) -> str:
        join(ADA, MALLORY)
        [(to, text)] = deliver()
        assert (to, "m•••@evil.example" in text, MALLORY in text) == (ADA, True, False)
        return path_in(text, LinkPurpose.JOIN)

    @pytest.fixture
    def mallory(self, path: str) -> Address:
        return Address.objects.get(value=MALLORY)

    def test_a_look_changes_nothing(self, path: str, client: Client, mallory: Address) -> None:
        for _ in range(2):
            assert "m•••@evil.example" in get(client, path)
        mallory.refresh_from_db()
        assert mallory.is_pending

    def test_answered_yes_they_are_one_and_every_mailbox_hears(
        self, path: str, client: Client, ada: Address, mallory: Address, news: Category
    ) -> None:
        actions.opt_out([Target(ada.pk)], Origin(Source.PAGE, timezone.now()))
        deliver()
        assert "The addresses are now linked." in post(client, path, do=f"agree-{mallory.pk}")
        assert {to for to, text in deliver() if "These addresses are now linked." in text} == {ADA, MALLORY}
        data = client.post(f"{link_for(mallory)}/data", {"do": "download"}, secure=True).json()
        assert [one["address"] for one in data["addresses"]] == [ADA, MALLORY]
        post(client, link_for(mallory), **switched_on(news))
        assert (answer(ADA, news), answer(MALLORY, news)) == (Outcome.SEND, Outcome.SEND)
        event = ConsentEvent.objects.get(kind=EventKind.JOIN)
        assert (event.source, event.address_id, event.after) == (Source.PAGE, mallory.pk, {"is_theirs": True})

    def test_answered_no_they_are_two_and_both_noes_stay(
        self, path: str, client: Client, ada: Address, mallory: Address, news: Category
    ) -> None:
        actions.opt_out([Target(mallory.pk, news.pk)], Origin(Source.PAGE, timezone.now()))
        assert "The addresses are kept separate." in post(client, path, do=f"part-{mallory.pk}")
        assert (answer(ADA, news), answer(MALLORY, news)) == (Outcome.UNSUBSCRIBED, Outcome.UNSUBSCRIBED)
        mallory.refresh_from_db()
        assert mallory.contact_id != ada.contact_id
        actions.opt_out([Target(ada.pk)], Origin(Source.PAGE, timezone.now()))
        post(client, link_for(mallory), **switched_on(news))
        assert (answer(ADA, news), answer(MALLORY, news)) == (Outcome.SUPPRESSED, Outcome.SEND)

    def test_answered_twice_or_both_ways_only_the_first_counts(
        self, path: str, client: Client, mallory: Address
    ) -> None:
        post(client, path, do=f"part-{mallory.pk}")
        for do in ("agree", "part"):
            assert "This has already been answered." in post(client, path, do=f"{do}-{mallory.pk}")
        assert ConsentEvent.objects.filter(kind=EventKind.JOIN).count() == 1

    def test_is_not_answered_yes_by_the_other_nor_about_anybody_else(
        self, path: str, client: Client, ada: Address, mallory: Address
    ) -> None:
        stranger = AddressFactory.create(text=BOB)
        for own in (link_for(mallory), link_for(mallory, LinkPurpose.JOIN)):
            for id_ in (mallory.pk, ada.pk, stranger.pk):
                post(client, own, do=f"agree-{id_}")
        post(client, path, do=f"agree-{stranger.pk}")
        post(client, path, do=f"part-{ada.pk}")
        assert not ConsentEvent.objects.exists()
        mallory.refresh_from_db()
        assert mallory.is_pending

    def test_by_a_newsletters_link_is_neither_shown_nor_answered(
        self, path: str, client: Client, ada: Address, mallory: Address
    ) -> None:
        forwarded = link_for(ada, LinkPurpose.PREFERENCES)
        assert "m•••" not in get(client, forwarded)
        post(client, forwarded, do=f"agree-{mallory.pk}")
        mallory.refresh_from_db()
        assert mallory.is_pending

    def test_the_other_may_keep_them_apart_too(
        self, path: str, client: Client, ada: Address, mallory: Address, news: Category
    ) -> None:
        actions.opt_out([Target(ada.pk)], Origin(Source.PAGE, timezone.now()))
        assert "still unsubscribed" in post(client, link_for(mallory), **switched_on(news))
        post(client, link_for(mallory), do=f"part-{mallory.pk}")
        assert answer(MALLORY, news) == Outcome.SUPPRESSED
        post(client, link_for(mallory), **switched_on(news))
        assert (answer(ADA, news), answer(MALLORY, news)) == (Outcome.SUPPRESSED, Outcome.SEND)

    def test_comes_once_for_each_join_and_not_again(self, path: str, join: Any, mallory: Address) -> None:
        join(ADA, MALLORY)
        assert deliver() == []
        actions.part([mallory.pk], Origin(Source.PAGE, timezone.now()))
        assert (
            actions.add_addresses(Address.objects.get(value=ADA).contact_id, [normalise(MALLORY)], now=timezone.now())
            == []
        )
        assert deliver() == []

    def test_expires_and_stands_on_the_preference_page_afterwards(
        self, path: str, client: Client, ada: Address, mallory: Address
    ) -> None:
        old = timezone.localdate() - timedelta(days=8)
        token = links.sign(Target(ada.pk), purpose=LinkPurpose.JOIN, today=old)
        assert "This link has expired." in post(client, f"/j/{token}", do=f"agree-{mallory.pk}")
        assert f'value="agree-{mallory.pk}"' in get(client, link_for(ada))
        post(client, link_for(ada), do=f"agree-{mallory.pk}")
        mallory.refresh_from_db()
        assert not mallory.is_pending


def test_whoever_erases_themselves_leaves_the_address_that_was_joined_to_them(
    client: Client, join: Any, ada: Address, news: Category
) -> None:
    mallory = join(ADA, MALLORY)
    actions.opt_out([Target(ada.pk, news.pk)], Origin(Source.PAGE, timezone.now()))
    post(client, link_for(ada, LinkPurpose.ERASE), do="erase")
    ada.refresh_from_db()
    mallory.refresh_from_db()
    assert (ada.value, mallory.value) == ("", MALLORY)
    assert answer(MALLORY, news) == Outcome.UNSUBSCRIBED
    assert answer(MALLORY) == Outcome.UNSUBSCRIBED


def test_a_typing_error_starts_nothing_for_whoever_has_that_address(
    client: Client, join: Any, ada: Address, news: Category
) -> None:
    """Bob's address was typed where Ada's work address was meant; what Ada chooses is not sent to Bob."""
    partners = CategoryFactory.create(opt_in=True)
    bob = join(ADA, BOB)
    post(client, link_for(ada), **switched_on(partners))
    assert (answer(ADA, partners), answer(BOB, partners)) == (Outcome.SEND, Outcome.UNSUBSCRIBED)
    bob.refresh_from_db()
    assert "Partners" not in json.dumps(_mails_to(BOB))


def _mails_to(text: str) -> list[tuple[str, str]]:
    return [(one.to[0], str(one.body)) for one in sent.outbox if one.to == [text]]


class TestLessMailIsNotAskedForBehindAnybodysBack:
    def test_a_number_that_says_everything_is_confirmed_to_the_mailbox_that_came_with_it(
        self, client: Client, caller: Caller, news: Category
    ) -> None:
        """The number was handed over first, so the mailbox is the pending one; it is blocked all the same."""
        places = [{"address": "+49 30 901820", "channel": "sms"}, {"address": ADA}]
        caller.post("/contacts", {"contacts": [{"addresses": places}]})
        phone = Address.objects.get(channel=Channel.SMS)
        post(client, link_for(phone, LinkPurpose.PREFERENCES), do="everything")
        assert answer(ADA, news) == Outcome.SUPPRESSED
        assert [to for to, text in deliver() if "unsubscribed from everything" in text] == [ADA]
        post(client, link_for(phone, LinkPurpose.PREFERENCES), do="everything")
        assert deliver() == []

    def test_the_older_one_hears_of_a_pause_and_a_slower_frequency_that_hold_for_it(
        self, join: Any, ada: Address, news: Category
    ) -> None:
        mallory, until = join(ADA, MALLORY), timezone.localdate() + timedelta(days=30)
        deliver()
        for target in (Target(mallory.pk), Target(mallory.pk, news.pk)):
            actions.pause([target], Origin(Source.PAGE, timezone.now()), until=until)
            assert {to for to, text in deliver() if "paused until" in text} == {ADA, MALLORY}
        target = Target(mallory.pk, news.pk)
        actions.opt_down([target], Origin(Source.PAGE, timezone.now()), frequency=Frequency.MONTHLY)
        assert {to for to, text in deliver() if "at most once a month" in text} == {ADA, MALLORY}

    def test_nobody_is_told_that_addresses_belong_together_which_were_kept_apart_by_then(
        self, join: Any, ada: Address
    ) -> None:
        mallory = join(ADA, MALLORY)
        deliver()
        actions.agree([mallory.pk], Origin(Source.PAGE, timezone.now()))
        actions.part([mallory.pk], Origin(Source.PAGE, timezone.now()))
        assert deliver() == []
