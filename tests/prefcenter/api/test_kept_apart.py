"""Whoever says that an address is not theirs is heard whenever they say so, and has their own no back (law 11)."""

import re
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from django.utils import timezone

from prefcenter.models import User
from tests.factories import ADA, AddressFactory, CategoryFactory
from unsubscribe import actions, links
from unsubscribe.actions import ImportedNo, Origin
from unsubscribe.choices import Channel, EventKind, Frequency, Outcome, Source, SuppressionReason
from unsubscribe.links import LinkPurpose, Target
from unsubscribe.models import Address, Category, ConsentEvent, Preference

from .joined import MALLORY, answer, deliver, get, link_for, path_in, post, switched_on

pytestmark = pytest.mark.django_db
WORK = "ada@work.example"


@pytest.fixture
def client() -> Client:
    return Client(headers={"host": "mail.example.com"})


@pytest.fixture
def mallory() -> Address:
    """Known for long, and the one who joins Ada's address to her own."""
    then = timezone.now() - timedelta(days=90)
    return AddressFactory.create(text=MALLORY, contact__created_at=then, created_at=then)


@pytest.fixture
def ada(mallory: Address, join: Any) -> Address:
    """The victim: nobody knew her address before it was joined to Mallory's, who agreed."""
    victim = join(MALLORY, ADA)
    deliver()
    actions.agree([victim.pk], Origin(Source.PAGE, timezone.now()), by=mallory.pk)
    return Address.objects.get(pk=victim.pk)


def expired(address: Address) -> str:
    old = timezone.localdate() - timedelta(days=400)
    return f"/j/{links.sign(Target(address.pk), purpose=LinkPurpose.JOIN, today=old)}"


def are_one(one: Address, other: Address) -> bool:
    one.refresh_from_db()
    other.refresh_from_db()
    return one.contact_id == other.contact_id


class TestKeepingApart:
    """It stops something, so it never expires, and takes one tap from the mail and from the preferences."""

    def test_takes_one_tap_from_the_mail(self, client: Client, ada: Address, mallory: Address) -> None:
        mails = {to: text for to, text in deliver() if "These addresses are now linked." in text}
        assert set(mails) == {ADA, MALLORY}
        path = path_in(mails[ADA], LinkPurpose.JOIN)
        assert "m•••@evil.example" in get(client, path)
        assert "The addresses are kept separate." in post(client, path, do=f"part-{mallory.pk}")
        assert not are_one(ada, mallory)

    def test_works_from_a_mail_that_is_a_year_old_and_shows_nothing(
        self, client: Client, ada: Address, mallory: Address
    ) -> None:
        page = get(client, expired(ada))
        assert "This link has expired." in page
        assert "m•••" not in page
        assert are_one(ada, mallory)
        page = post(client, expired(ada), do="alone")
        assert "The addresses are kept separate." in page
        assert "m•••" not in page
        assert not are_one(ada, mallory)
        assert "This has already been answered." in post(client, expired(ada), do="alone")
        assert 'value="alone"' not in get(client, expired(ada))

    def test_works_from_a_page_that_was_open_until_its_link_expired(
        self, client: Client, ada: Address, mallory: Address
    ) -> None:
        assert "This link has expired." in post(client, expired(ada), do=f"agree-{mallory.pk}")
        assert "The addresses are kept separate." in post(client, expired(ada), do=f"part-{mallory.pk}")
        assert not are_one(ada, mallory)

    @pytest.mark.parametrize("purpose", [LinkPurpose.FRESH, LinkPurpose.PREFERENCES])
    def test_stands_on_the_preference_page(
        self, purpose: LinkPurpose, client: Client, ada: Address, mallory: Address
    ) -> None:
        page = get(client, link_for(ada, purpose))
        assert ("m•••@evil.example" in page) == (purpose == LinkPurpose.FRESH)
        [do] = re.findall(r'name="do" value="((?:part|alone)[^"]*)"', page)
        assert "The addresses are kept separate." in post(client, link_for(ada, purpose), do=do)
        assert not are_one(ada, mallory)
        assert not re.search(r'name="do" value="(part|alone)', get(client, link_for(ada, purpose)))

    def test_and_on_that_of_whoever_is_signed_in(self, client: Client, ada: Address, mallory: Address) -> None:
        user = User.objects.create(email=ADA)
        EmailAddress.objects.create(user=user, email=ADA, verified=True, primary=True)
        client.force_login(user)
        assert "m•••@evil.example" in get(client, "/preferences/mine/")
        assert "kept separate" in post(client, "/preferences/mine/", do=f"part-{mallory.pk}")
        assert not are_one(ada, mallory)

    def test_a_look_keeps_nobody_apart(self, client: Client, ada: Address, mallory: Address) -> None:
        for path in (
            expired(ada),
            link_for(ada, LinkPurpose.JOIN),
            link_for(ada),
            link_for(ada, LinkPurpose.PREFERENCES),
        ):
            get(client, path)
            client.head(path, secure=True)
        assert are_one(ada, mallory)

    def test_by_the_address_that_others_were_joined_to_leaves_each_alone(
        self, client: Client, join: Any, ada: Address, mallory: Address
    ) -> None:
        work = join(MALLORY, WORK)
        post(client, expired(mallory), do="alone")
        assert not are_one(ada, mallory)
        assert not are_one(work, mallory)
        assert not are_one(work, ada)

    def test_of_three_says_which_of_them_is_meant(
        self, client: Client, join: Any, ada: Address, mallory: Address
    ) -> None:
        work = join(MALLORY, WORK)
        actions.agree([work.pk], Origin(Source.STAFF, timezone.now()))
        page = get(client, link_for(work))
        assert f"part-{ada.pk}" in page
        post(client, link_for(work), do=f"part-{ada.pk}")
        assert (are_one(work, mallory), are_one(ada, mallory)) == (True, False)
        post(client, link_for(work), do=f"part-{mallory.pk}")
        assert not are_one(work, mallory)

    def test_touches_nobody_elses(self, client: Client, ada: Address, mallory: Address) -> None:
        other, more = AddressFactory.create(), AddressFactory.create()
        actions.add_addresses(other.contact_id, [], now=timezone.now())
        Address.objects.filter(pk=more.pk).update(
            contact=other.contact_id, joined_at=timezone.now(), agreed_at=timezone.now()
        )
        for path in (link_for(ada), link_for(ada, LinkPurpose.JOIN), expired(ada)):
            for id_ in (other.pk, more.pk):
                post(client, path, do=f"part-{id_}")
        assert are_one(other, more)

    def test_of_somebody_erased_brings_nobody_back(self, client: Client, ada: Address, mallory: Address) -> None:
        actions.erase([ada.contact_id], Origin(Source.PAGE, timezone.now()))
        for path, do in ((expired(ada), "alone"), (link_for(ada, LinkPurpose.JOIN), f"part-{ada.pk}")):
            post(client, path, do=do)
        actions.part([ada.pk], Origin(Source.STAFF, timezone.now()))
        assert are_one(ada, mallory)
        assert not ConsentEvent.objects.filter(after__is_theirs=False).exists()


class TestLinksThatWereMintedBefore:
    """They name the address, and speak for whoever has it now."""

    @pytest.fixture
    def paths(self, ada: Address) -> dict[str, str]:
        unsubscribe = f"/u/{links.sign(Target(ada.pk), today=timezone.localdate())}"
        return {one.value: link_for(ada, one) for one in LinkPurpose} | {"u": unsubscribe}

    @pytest.fixture
    def receipt(self, client: Client, ada: Address, news: Category) -> str:
        page = post(client, link_for(ada, category_id=news.pk), do="everything")
        found = re.search(r'name="receipt" value="([^"]*)"', page)
        assert found
        return found[1]

    def test_do_nothing_to_the_other_one(
        self, client: Client, ada: Address, mallory: Address, paths: dict[str, str], news: Category
    ) -> None:
        actions.part([ada.pk], Origin(Source.PAGE, timezone.now()))
        post(client, paths["u"], do="unsubscribe")
        assert (answer(ADA, news), answer(MALLORY, news)) == (Outcome.SUPPRESSED, Outcome.SEND)
        data = client.post(f"{paths['f']}/data", {"do": "download"}, secure=True).content.decode()
        assert (ADA in data, MALLORY in data) == (True, False)
        post(client, paths["e"], do="erase")
        assert list(Address.objects.exclude(value="").values_list("value", flat=True)) == [MALLORY]
        for path in paths.values():
            assert "m•••" not in get(client, path)

    def test_undo_nothing(self, client: Client, ada: Address, mallory: Address, receipt: str, news: Category) -> None:
        actions.part([ada.pk], Origin(Source.PAGE, timezone.now()))
        for one in (ada, mallory):
            assert "can no longer be undone" in post(client, link_for(one), do="undo", receipt=receipt)
            assert answer(one.value, news) == Outcome.SUPPRESSED

    def test_of_the_question_agree_to_nothing_any_more(
        self, client: Client, ada: Address, mallory: Address, paths: dict[str, str]
    ) -> None:
        actions.part([ada.pk], Origin(Source.PAGE, timezone.now()))
        for path in (paths["j"], link_for(mallory, LinkPurpose.JOIN)):
            for do in (f"agree-{ada.pk}", f"part-{ada.pk}", f"part-{mallory.pk}", "alone"):
                assert "This has already been answered." in post(client, path, do=do)
        assert ConsentEvent.objects.filter(kind=EventKind.JOIN).count() == 2


class TestTheirOwnNo:
    """What the other took back in their name does not hold against them once they are kept apart."""

    def says(self, one: Address, what: str, category: Category) -> None:
        until = timezone.localdate() + timedelta(days=30)
        origin = Origin(Source.PAGE, timezone.now())
        here, whole = Target(one.pk, category.pk), Target(one.pk)
        {
            "everything": lambda: actions.opt_out([whole], origin),
            "category": lambda: actions.opt_out([here], origin),
            "complaint": lambda: actions.suppress([one.pk], origin, reason=SuppressionReason.COMPLAINT),
            "pause": lambda: actions.pause([here], origin, until=until),
            "break": lambda: actions.pause([whole], origin, until=until),
            "monthly": lambda: actions.opt_down([here], origin, frequency=Frequency.MONTHLY),
            "yes": lambda: actions.opt_in([here], origin._replace(wording="Yes")),
            "resume": lambda: actions.pause([whole, here], origin, until=None),
            "as sent": lambda: actions.opt_down([here], origin, frequency=Frequency.AS_SENT),
        }[what]()

    AFTER = {"everything": Outcome.SUPPRESSED, "category": Outcome.UNSUBSCRIBED, "complaint": Outcome.SUPPRESSED}

    @pytest.mark.parametrize("no", AFTER)
    def test_comes_back_in_force_with_an_event(
        self, no: str, client: Client, ada: Address, mallory: Address, news: Category
    ) -> None:
        self.says(ada, no, news)
        self.says(mallory, "yes", news)
        assert answer(ADA, news) == Outcome.SEND
        deliver()
        last = ConsentEvent.objects.order_by("-id")[0].pk
        page = post(client, expired(ada), do="alone")
        assert "This takes effect immediately." in page
        assert answer(ADA, news) == self.AFTER[no]
        ada.refresh_from_db()
        events = ConsentEvent.objects.filter(id__gt=last, contact=ada.contact_id)
        assert {one.address_id for one in events} == {ada.pk}
        assert events.exists()
        assert [to for to, text in deliver() if "Your preferences are saved" in text] == [ADA]
        assert answer(MALLORY, news) == Outcome.SEND

    @pytest.mark.parametrize("less", ["pause", "break", "monthly"])
    def test_and_so_does_what_was_less(
        self, less: str, client: Client, ada: Address, mallory: Address, news: Category
    ) -> None:
        self.says(ada, less, news)
        for what in ("resume", "as sent"):
            self.says(mallory, what, news)
        page = post(client, expired(ada), do="alone")
        ada.refresh_from_db()
        if less == "monthly":
            assert Preference.objects.get(contact=ada.contact_id).frequency == Frequency.MONTHLY
            assert "at most once a month" in page
        else:
            assert answer(ADA, news) == Outcome.PAUSED
        assert answer(MALLORY, news) == Outcome.SEND
        assert Preference.objects.filter(contact=mallory.contact_id, frequency=Frequency.MONTHLY).count() == 0

    @pytest.mark.parametrize("no", AFTER)
    def test_stays_taken_back_where_they_did_so_themselves(
        self, no: str, client: Client, ada: Address, mallory: Address, news: Category
    ) -> None:
        self.says(ada, no, news)
        self.says(mallory, "yes", news)
        self.says(ada, no, news)
        self.says(ada, "yes", news)
        post(client, expired(ada), do="alone")
        assert answer(ADA, news) == Outcome.SEND

    @pytest.mark.parametrize("no", AFTER)
    def test_of_the_older_one_comes_back_as_well(
        self, no: str, client: Client, ada: Address, mallory: Address, news: Category
    ) -> None:
        """The staff were fooled, so that here the newer address is the one that takes back."""
        self.says(mallory, no, news)
        self.says(ada, "yes", news)
        assert answer(MALLORY, news) == Outcome.SEND
        deliver()
        post(client, link_for(mallory), do=f"part-{ada.pk}")
        assert answer(MALLORY, news) == self.AFTER[no]
        assert MALLORY in {to for to, text in deliver() if "Your preferences are saved" in text}
        assert answer(ADA, news) == Outcome.SEND

    def test_that_stands_is_not_said_a_second_time(
        self, client: Client, ada: Address, mallory: Address, news: Category
    ) -> None:
        self.says(ada, "everything", news)
        self.says(mallory, "category", news)
        deliver()
        post(client, expired(ada), do="alone")
        assert ConsentEvent.objects.order_by("-id")[0].kind == EventKind.JOIN
        assert deliver() == []
        for text in (ADA, MALLORY):
            assert answer(text, news) == Outcome.SUPPRESSED

    def test_that_was_said_anew_since_is_not_said_once_more(
        self, client: Client, ada: Address, mallory: Address, news: Category
    ) -> None:
        self.says(ada, "everything", news)
        self.says(mallory, "yes", news)
        actions.opt_out([Target(ada.pk)], Origin(Source.ONE_CLICK, timezone.now()))
        post(client, expired(ada), do="alone")
        assert not ConsentEvent.objects.filter(kind=EventKind.AGAIN).exists()

    def test_on_one_channel_is_not_taken_back_by_their_own_yes_on_another(
        self, client: Client, join: Any, ada: Address, mallory: Address, news: Category
    ) -> None:
        phone = join(MALLORY, "+49 30 901820", channel="sms")
        actions.agree([phone.pk], Origin(Source.STAFF, timezone.now()))
        self.says(mallory, "complaint", news)
        self.says(ada, "yes", news)
        self.says(phone, "yes", CategoryFactory.create(opt_in=True))
        assert answer(MALLORY, news) == Outcome.SEND
        post(client, expired(ada), do="alone")
        assert answer(MALLORY, news) == Outcome.SUPPRESSED

    @pytest.mark.parametrize("less", ["pause", "break"])
    def test_does_not_begin_again_where_it_would_be_over_by_now(
        self, less: str, ada: Address, mallory: Address, news: Category
    ) -> None:
        self.says(ada, less, news)
        self.says(mallory, "resume", news)
        later = timezone.now() + timedelta(days=31)
        events = actions.part([ada.pk], Origin(Source.PAGE, later))
        assert [one.kind for one in events] == [EventKind.JOIN]

    def test_is_not_what_the_older_one_had_said_before_they_were_joined(
        self, client: Client, join: Any, mallory: Address, news: Category
    ) -> None:
        self.says(mallory, "category", news)
        self.says(mallory, "yes", news)
        Preference.objects.update(state="unspecified")
        ada = join(MALLORY, ADA)
        actions.agree([ada.pk], Origin(Source.STAFF, timezone.now()))
        post(client, expired(ada), do="alone")
        assert answer(ADA, news) == Outcome.SEND

    @pytest.mark.parametrize("speaker", [ADA, MALLORY])
    @pytest.mark.parametrize("do", ["everything", "unsubscribe", "pause-30", "often"])
    def test_that_was_undone_by_its_own_receipt_stays_undone(
        self, do: str, speaker: str, client: Client, ada: Address, mallory: Address, news: Category
    ) -> None:
        one, key = Address.objects.get(value=speaker), f"{news.pk}-email"
        fields = {"do": do, "pause": ""}
        if do == "often":
            fields = {"do": "save", f"on-{key}": "on", f"often-{key}": "monthly", f"was-{key}": "on as_sent"}
        path = link_for(one, category_id=news.pk)
        if do == "unsubscribe":
            path = f"/u/{links.sign(Target(one.pk, news.pk), today=timezone.localdate())}"
        receipt = re.search(r'name="receipt" value="([^"]*)"', post(client, path, **fields))
        assert receipt
        post(client, path, do="undo", receipt=receipt[1])
        assert "This takes effect immediately." not in post(client, expired(ada), do="alone")
        assert (answer(ADA, news), answer(MALLORY, news)) == (Outcome.SEND, Outcome.SEND)
        assert not Preference.objects.exclude(frequency=Frequency.AS_SENT).exists()

    @pytest.mark.parametrize("speaker", [ADA, MALLORY])
    @pytest.mark.parametrize("scope", ["category", "everywhere", "address"])
    def test_that_an_import_brought_and_took_back_stays_taken_back(
        self, scope: str, speaker: str, client: Client, ada: Address, mallory: Address, news: Category
    ) -> None:
        one = Address.objects.get(value=speaker)
        options: dict[str, Any] = {"category": {"category_id": news.pk}, "everywhere": {"everywhere": True}}
        said, origin = [ImportedNo(bytes(one.digest), one.value)], Origin(Source.IMPORT, timezone.now(), import_id=7)
        actions.import_opt_outs(said, origin, channel=Channel.EMAIL, **options.get(scope, {}))
        while actions.take_back(7, most=10, now=timezone.now()).looked_at:
            pass
        assert "This takes effect immediately." not in post(client, expired(ada), do="alone")
        assert (answer(ADA, news), answer(MALLORY, news)) == (Outcome.SEND, Outcome.SEND)

    def test_ended_by_the_other_stays_ended_while_they_are_one(
        self, client: Client, ada: Address, mallory: Address, news: Category
    ) -> None:
        self.says(ada, "everything", news)
        deliver()
        post(client, link_for(mallory), **switched_on(news))
        assert (answer(ADA, news), answer(MALLORY, news)) == (Outcome.SEND, Outcome.SEND)
        assert {to for to, _ in deliver()} == {ADA, MALLORY}

    def test_yes_of_the_other_is_none_of_theirs_and_they_are_told(
        self, client: Client, ada: Address, mallory: Address
    ) -> None:
        partners, events = CategoryFactory.create(opt_in=True), CategoryFactory.create(slug="events", needs_opt_in=True)
        self.says(mallory, "yes", partners)
        self.says(ada, "yes", events)
        assert answer(ADA, partners) == Outcome.SEND
        page = post(client, link_for(ada, LinkPurpose.JOIN), do=f"part-{mallory.pk}")
        assert "You’ll no longer get “Partners” by email." in page
        assert (answer(ADA, partners), answer(MALLORY, partners)) == (Outcome.UNSUBSCRIBED, Outcome.SEND)
        assert answer(ADA, events) == Outcome.SEND

    def test_is_shown_to_whom_it_is_about_alone(
        self, client: Client, ada: Address, mallory: Address, news: Category
    ) -> None:
        self.says(ada, "category", news)
        self.says(mallory, "yes", news)
        assert "“News”" not in post(client, link_for(mallory), do=f"part-{ada.pk}")
        assert [to for to, text in deliver() if "You’ll no longer get “News” by email." in text] == [ADA]


class TestWhatTheStaffAgreedTo:
    def test_is_shown_to_the_older_one_with_what_can_be_done(
        self, client: Client, join: Any, mallory: Address, news: Category
    ) -> None:
        other = join(MALLORY, ADA)
        deliver()
        actions.agree([other.pk], Origin(Source.STAFF, timezone.now(), note="They rang."))
        path = path_in(dict(deliver())[MALLORY], LinkPurpose.JOIN)
        page = get(client, path)
        assert "a•••@example.com" in page
        assert f'value="part-{other.pk}"' in page
        post(client, path, do=f"part-{other.pk}")
        assert not are_one(other, mallory)


class TestAnAddressThatWasKnownByItself:
    """It had been somebody's already: they have to agree as well."""

    @pytest.fixture(params=[9, 400])
    def pair(self, request: pytest.FixtureRequest, mallory: Address, join: Any) -> tuple[Address, Address]:
        """For less long than Mallory, who joins it to her own, or for longer."""
        then = timezone.now() - timedelta(days=request.param)
        AddressFactory.create(text=ADA, contact__created_at=then, created_at=then)
        return mallory, join(MALLORY, ADA)

    def test_is_asked_too(self, pair: tuple[Address, Address], client: Client) -> None:
        mails = {to: text for to, text in deliver() if "Is this address yours, too?" in text}
        assert ("m•••@evil.example" in mails[ADA], "a•••@example.com" in mails[MALLORY]) == (True, True)
        page = get(client, path_in(mails[ADA], LinkPurpose.JOIN))
        assert "m•••@evil.example" in page
        assert f'value="agree-{pair[1].pk}"' in page

    @pytest.mark.parametrize("first", [0, 1])
    @pytest.mark.parametrize("purpose", [LinkPurpose.JOIN, LinkPurpose.FRESH])
    def test_is_joined_once_both_said_yes(
        self, first: int, purpose: LinkPurpose, pair: tuple[Address, Address], client: Client
    ) -> None:
        ada, yes = pair[1], f"agree-{pair[1].pk}"
        for _ in range(2):
            page = post(client, link_for(pair[first], purpose), do=yes)
            ada.refresh_from_db()
            assert ada.is_pending
        assert "This has already been answered." in page
        assert ConsentEvent.objects.count() == 1
        page = get(client, link_for(pair[first], purpose))
        assert (yes in page, f"part-{ada.pk}" in page) == (False, True)
        deliver()
        assert "The addresses are now linked." in post(client, link_for(pair[not first], purpose), do=yes)
        ada.refresh_from_db()
        assert not ada.is_pending
        assert {to for to, text in deliver() if "These addresses are now linked." in text} == {ADA, MALLORY}

    def test_is_joined_by_the_staff_alone(self, pair: tuple[Address, Address]) -> None:
        actions.agree([pair[1].pk], Origin(Source.STAFF, timezone.now(), note="Both rang up."))
        pair[1].refresh_from_db()
        assert not pair[1].is_pending

    def test_shows_gives_and_lifts_nothing_on_one_yes(
        self, pair: tuple[Address, Address], client: Client, news: Category
    ) -> None:
        mallory, ada = pair
        actions.opt_out([Target(ada.pk)], Origin(Source.PAGE, timezone.now()))
        post(client, link_for(mallory), do=f"agree-{ada.pk}")
        post(client, link_for(mallory), **switched_on(news))
        assert answer(ADA, news) == Outcome.SUPPRESSED
        assert ADA not in client.post(f"{link_for(mallory)}/data", {"do": "download"}, secure=True).content.decode()

    def test_one_yes_is_none_once_they_were_kept_apart(self, pair: tuple[Address, Address], client: Client) -> None:
        mallory, ada = pair
        post(client, link_for(mallory), do=f"agree-{ada.pk}")
        post(client, link_for(ada), do=f"part-{ada.pk}")
        for one in pair:
            assert "This has already been answered." in post(
                client, link_for(one, LinkPurpose.JOIN), do=f"agree-{ada.pk}"
            )
        assert not are_one(ada, mallory)

    def test_that_nobody_had_known_needs_the_older_one_alone_and_cannot_agree_itself(
        self, mallory: Address, join: Any, client: Client
    ) -> None:
        new = join(MALLORY, WORK)
        post(client, link_for(new), do=f"agree-{new.pk}")
        assert not ConsentEvent.objects.exists()
        post(client, link_for(mallory), do=f"agree-{new.pk}")
        new.refresh_from_db()
        assert not new.is_pending
