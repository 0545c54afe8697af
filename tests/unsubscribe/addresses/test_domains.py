"""Blocks on domains: how one is read, where it holds, what overcomes it, and who ends it."""

from datetime import timedelta
from typing import Any

import pytest

from tests.conftest import NOW
from tests.factories import AddressFactory, CategoryFactory
from unsubscribe import actions, gate, queries
from unsubscribe.actions import Origin
from unsubscribe.addresses import domains, mailbox, normalise
from unsubscribe.choices import Channel, Frequency, Outcome, Purpose, Source, SuppressionReason
from unsubscribe.errors import InvalidAddress, InvalidDomain, MayNotLift, MayNotLiftDomain, PublicMailDomain
from unsubscribe.links import Target
from unsubscribe.mailing import Mailing
from unsubscribe.models import Address, Category, ConsentEvent, DomainSuppression
from unsubscribe.rules import Rule, Verdict

CORP, EVE = "corp.example", "eve@corp.example"
EARLIER, LATER = NOW - timedelta(days=1), NOW + timedelta(days=1)
REASONS = [one for one in SuppressionReason if one != SuppressionReason.ERASED]
OWN, FOR_GOOD = SuppressionReason.UNSUBSCRIBED_ALL, SuppressionReason.MANUAL


def block(domain: str = CORP, reason: SuppressionReason = OWN, **how: Any) -> actions.DomainsTaken:
    said = {domain: how.pop("at", None)}
    return actions.suppress_domains(said, Origin(Source.STAFF, NOW)._replace(**how), reason=reason)


def answers(
    texts: list[str], category: Category | None, purpose: Purpose | None = None, channel: Channel = Channel.EMAIL
) -> list[str]:
    """Of each by itself, of all in a set, and of everybody at once: all must be alike."""
    mailing = Mailing(category, purpose=purpose, channel=channel)
    together = gate.check(texts, mailing, now=NOW)
    assert [gate.check([text], mailing, now=NOW)[0] for text in texts] == together
    everybody = gate.everybody(mailing, now=NOW)
    assert everybody
    assert [everybody.of(normalise(text, channel=channel))[:3] for text in texts] == [one[:3] for one in together]
    return [one.outcome.value for one in together]


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("*@corp.example", CORP),
        ("@corp.example", CORP),
        ("corp.example", CORP),
        (" *@Corp.EXAMPLE. ", CORP),
        ("*＠corp．example", CORP),
        ("\u200b@corp.example\u00a0", CORP),
        ("<*@corp.example>", CORP),
        ('"@corp.example";', CORP),
        ("*@bücher.example", "xn--bcher-kva.example"),
        ("*@XN--BCHER-KVA.example", "xn--bcher-kva.example"),
        ("mailto:*@corp.example", CORP),
        ("Corp <*@corp.example>", CORP),
        ("Corp <@corp.example>", CORP),
        ("(*@corp.example)", CORP),
        ("“*@corp.example”", CORP),
        ("*@corp.example (everybody)", CORP),
        ("* @ corp.example", CORP),
        ("**@corp.example", CORP),
        ("*.*@corp.example", CORP),
        (".*@corp.example", CORP),
        ("%@corp.example", CORP),
        ("Corp <%@corp.example>", CORP),
        ("\uff05@corp.example", CORP),
        ("\ufe6a@corp.example", CORP),
        ("*@\U0001f4a9.example", "xn--ls8h.example"),
        ("\uff0a@corp.example", CORP),
        ("\u2217@corp.example", CORP),
        ("*@corp\u3002example", CORP),
        ("*@mail.corp.example", "mail.corp.example"),
        ("*@notgmail.com", "notgmail.com"),
        ("*@mail.gmail.company.example", "mail.gmail.company.example"),
    ],
)
def test_a_domain_is_read_however_it_is_written(text: str, domain: str) -> None:
    assert domains.read(text) == domain
    assert domains.read(domain) == domain


@pytest.mark.parametrize(
    "text",
    [
        "",
        "@",
        "*@",
        "*",
        "*@*",
        "*@corp",
        "*@*.corp.example",
        "*.corp.example",
        "eve@corp.example",
        "*@eve@corp.example",
        "*@corp..example",
        "*@-corp.example",
        "*@corp example",
        "*@corp.example, *@firm.example",
        "*@192.0.2.1",
        "*@[192.0.2.1]",
        "*@" + "a" * 250 + ".example",
        "*@" + "corp." * 1000 + "example",
        "*@corp\0.example",
        "*@\ud800.example",
    ],
    ids=ascii,
)
def test_what_is_no_domain_or_more_than_one_is_refused(text: str) -> None:
    with pytest.raises(InvalidDomain):
        domains.read(text)


PUBLIC = (
    "gmail.com googlemail.com outlook.com outlook.fr hotmail.co.uk live.com yahoo.com yahoo.co.jp yahoo.de icloud.com "
    "me.com mac.com gmx.de gmx.net gmx.at web.de t-online.de orange.fr free.fr laposte.net docomo.ne.jp ezweb.ne.jp "
    "softbank.ne.jp qq.com 163.com 126.com mail.ru yandex.ru ya.ru proton.me protonmail.com aol.com comcast.net "
    "hotmail.fr hotmail.com.br outlook.com.br outlook.jp yahoo.com.tw gmx.ch gmx.co.uk aol.co.uk yandex.com.tr "
    "ymail.com live.com.pt fastmail.net fastmail.co.uk zoho.eu sina.com.cn orange.es wanadoo.nl hinet.net "
    "singnet.com.sg mail.de usa.net vivaldi.net compuserve.com mindspring.com anonaddy.com rr.com nc.rr.com "
    "t.vodafone.ne.jp mtj.biglobe.ne.jp users.noreply.github.com"
)


@pytest.mark.parametrize("domain", PUBLIC.split())
def test_a_public_mail_domain_is_never_blocked(domain: str) -> None:
    for text in (domain, f"*@{domain}", f" @{domain.upper()}. "):
        with pytest.raises(PublicMailDomain):
            domains.read(text)


@pytest.mark.parametrize(
    ("text", "channel", "is_one"),
    [
        ("*@corp.example", Channel.EMAIL, True),
        ("＠corp.example", Channel.EMAIL, True),
        ("＊@corp.example", Channel.EMAIL, True),
        ("Corp <*@corp.example>", Channel.EMAIL, True),
        ("mailto:@corp.example", Channel.EMAIL, True),
        ("**@corp.example", Channel.EMAIL, True),
        (".*@corp.example", Channel.EMAIL, True),
        ("%@corp.example", Channel.EMAIL, True),
        ("\ufe6a@corp.example", Channel.EMAIL, True),
        ("50%@corp.example", Channel.EMAIL, False),
        ("a*@corp.example", Channel.EMAIL, False),
        ("Eve <eve@corp.example>", Channel.EMAIL, False),
        ("''@corp.example", Channel.EMAIL, False),
        (EVE, Channel.EMAIL, False),
        ("corp.example", Channel.EMAIL, False),
        ("@", Channel.EMAIL, False),
        ("*@", Channel.EMAIL, False),
        ("*eve@corp.example", Channel.EMAIL, False),
        ("*@corp.example", Channel.PUSH, False),
    ],
)
def test_only_what_stands_for_a_domain_is_a_pattern(text: str, channel: Channel, is_one: bool) -> None:
    assert domains.is_pattern(text, channel=channel) is is_one


@pytest.mark.parametrize(
    "text",
    [
        *("*@corp.example", "**@corp.example", "*.*@corp.example", ".*@corp.example"),
        *("Corp <*@corp.example>", "mailto:*@corp.example", "＊@corp.example", "*\u200b@corp.example", "@corp.example"),
    ],
)
def test_what_stands_for_a_domain_is_nobodys_address(text: str) -> None:
    with pytest.raises(InvalidAddress):
        normalise(text)
    assert mailbox(text) == ""


def test_a_star_among_other_letters_is_one_of_an_address() -> None:
    for text in ("*eve@corp.example", "eve*@corp.example", "e%e@corp.example"):
        assert normalise(text).value == mailbox(text) == text


@pytest.mark.django_db
class TestTheGate:
    def test_a_block_covers_everybody_there_and_nobody_else(self, news: Category) -> None:
        AddressFactory.create(text=EVE)
        AddressFactory.create(text="ada@sub.corp.example")
        block()
        texts = [EVE, "stranger@CORP.example", "Eve <eve@corp.example>", "eve@corp.example.", "ada@sub.corp.example"]
        texts += ["x@notcorp.example", "corp.example@firm.example"]
        assert answers(texts, news) == ["suppressed"] * 4 + ["send"] * 3
        verdicts = gate.everybody(Mailing(news), now=NOW)
        assert verdicts
        assert verdicts.has_covers

    def test_an_address_of_which_only_the_hash_is_known_is_covered_too(self, news: Category) -> None:
        AddressFactory.create(text=EVE, value="")
        block()
        assert answers([EVE], news) == ["suppressed"]

    def test_other_channels_are_not_asked_about(self, news: Category, django_assert_num_queries: Any) -> None:
        block()
        assert answers(["+4930901820"], news, channel=Channel.SMS) == ["send"]
        with django_assert_num_queries(1):
            gate.check(["+4930901820"], Mailing(news, channel=Channel.SMS), now=NOW)

    @pytest.mark.parametrize("reason", REASONS)
    def test_receipts_go_where_the_reason_lets_them(self, reason: SuppressionReason, news: Category) -> None:
        receipts = CategoryFactory.create(transactional=True)
        block(reason=reason)
        assert answers([EVE], news) == answers([EVE], None) == ["suppressed"]
        may_go = reason in {SuppressionReason.UNSUBSCRIBED_ALL, SuppressionReason.COMPLAINT}
        assert (
            answers([EVE], receipts)
            == answers([EVE], None, Purpose.TRANSACTIONAL)
            == ["send" if may_go else "suppressed"]
        )

    def test_several_blocks_count_together(self, news: Category) -> None:
        block()
        block(reason=FOR_GOOD)
        assert answers([EVE], None, Purpose.TRANSACTIONAL) == ["suppressed"]

    def test_what_an_address_said_itself_still_counts(self, news: Category) -> None:
        eve = AddressFactory.create(text=EVE)
        actions.suppress([eve.pk], Origin(Source.STAFF, NOW), reason=SuppressionReason.HARD_BOUNCE)
        block()
        assert answers([EVE], None, Purpose.TRANSACTIONAL) == ["suppressed"]

    def test_it_takes_as_many_queries_for_many_as_for_one(self, news: Category, django_assert_num_queries: Any) -> None:
        for number in range(30):
            block(f"corp{number}.example")
        known = [AddressFactory.create(text=f"eve@corp{number}.example") for number in range(30)]
        for texts in ([known[0].value], [one.value for one in known] + ["x@corp1.example"] * 500):
            with django_assert_num_queries(3):  # who is known, which domains are blocked, who said yes since
                decisions = gate.check(texts, Mailing(news), now=NOW)
            assert {one.outcome for one in decisions} == {Outcome.SUPPRESSED}

    def test_once_lifted_it_is_as_if_it_had_never_been(self, news: Category) -> None:
        block()
        assert (
            actions.lift_domains([CORP], Origin(Source.STAFF, NOW, actor="staff 1", note="An error."), reason=OWN) == 1
        )
        assert answers([EVE], news) == ["send"]

    @pytest.mark.parametrize(("earlier", "answer"), [(timedelta(0), "suppressed"), (timedelta(seconds=1), "send")])
    def test_a_file_that_says_when_counts_from_the_moment_of_the_lift_on(
        self, earlier: timedelta, answer: str, news: Category
    ) -> None:
        block()
        actions.lift_domains([CORP], Origin(Source.STAFF, LATER), reason=OWN)
        block(at=LATER - earlier, source=Source.IMPORT, import_id=7, now=LATER + timedelta(days=1))
        assert answers([EVE], news) == [answer]


@pytest.mark.django_db
class TestTheirOwnYes:
    def yes(self, address: Address, category: Category, *, source: Source = Source.PAGE, now: Any = LATER) -> Any:
        target = Target(address.pk, category.pk)
        return actions.opt_in([target], Origin(source, now, wording="Yes, please."))

    def test_a_later_yes_to_a_category_lets_that_through_and_nothing_else(self, news: Category) -> None:
        offers, eve = CategoryFactory.create(slug="offers"), AddressFactory.create(text=EVE)
        self.yes(eve, offers, now=EARLIER)
        block()
        self.yes(eve, news)
        assert answers([EVE, "bob@corp.example"], news) == ["send", "suppressed"]
        assert answers([EVE], offers) == answers([EVE], None) == ["suppressed"]

    def test_it_is_one_also_where_they_had_chosen_it_before(self, news: Category) -> None:
        eve = AddressFactory.create(text=EVE)
        self.yes(eve, news, now=EARLIER)
        block()
        assert answers([EVE], news) == ["suppressed"]
        assert len(self.yes(eve, news)) == 1
        assert answers([EVE], news) == ["send"]
        assert self.yes(eve, news) == []

    @pytest.mark.parametrize("at", [EARLIER, NOW], ids=["earlier", "of the same moment"])
    def test_a_yes_that_is_not_later_does_not_win(self, at: Any, news: Category) -> None:
        eve = AddressFactory.create(text=EVE)
        CategoryFactory.create(slug="news", needs_opt_in=True)
        self.yes(eve, news, now=at)
        block()
        assert answers([EVE], news) == ["suppressed"]

    def test_a_yes_before_the_block_was_written_down_but_after_it_was_said_wins(self, news: Category) -> None:
        eve = AddressFactory.create(text=EVE)
        self.yes(eve, news, now=EARLIER)
        block(at=EARLIER - timedelta(days=1))
        assert answers([EVE], news) == ["send"]

    @pytest.mark.parametrize(
        ("at", "answer"),
        [(None, "send"), (NOW - timedelta(hours=1), "send"), (LATER + timedelta(hours=1), "suppressed")],
    )
    def test_the_same_said_again_counts_from_then_if_it_says_when(self, at: Any, answer: str, news: Category) -> None:
        eve = AddressFactory.create(text=EVE)
        block(at=EARLIER)
        self.yes(eve, news)
        block(at=at, source=Source.IMPORT, import_id=7, now=LATER + timedelta(days=1))
        assert answers([EVE], news) == [answer]
        self.yes(eve, news, now=LATER + timedelta(days=2))
        assert answers([EVE], news) == ["send"]

    def test_it_is_one_too_where_only_the_hash_is_known(self, news: Category) -> None:
        texts = [EVE, "bob@corp.example", "ada@corp.example"]
        eve, bob, _ = (AddressFactory.create(text=text, value="") for text in texts)
        offers = CategoryFactory.create(slug="offers")
        block()
        for one in (eve, bob):
            self.yes(one, news)
        assert answers(texts, news) == ["send", "send", "suppressed"]
        assert answers([EVE], offers) == ["suppressed"]
        block(reason=FOR_GOOD)
        assert answers([EVE], news) == ["suppressed"]

    def test_nor_do_numbers_whose_owners_said_yes_and_are_forgotten_hide_it(self, news: Category) -> None:
        phones = [AddressFactory.create(text=f"+49309018{n}", channel=Channel.SMS, value="") for n in range(10, 30)]
        eve = AddressFactory.create(text=EVE)
        block()
        for one in [*phones, eve]:
            self.yes(one, news)
        assert answers([EVE], news) == ["send"]

    def test_a_yes_from_another_address_of_theirs_is_not_about_this_one(self, news: Category) -> None:
        eve = AddressFactory.create(text=EVE)
        home = AddressFactory.create(text="eve@home.example", contact=eve.contact)
        block()
        self.yes(home, news)
        assert answers([EVE, home.value], news) == ["suppressed", "send"]

    @pytest.mark.parametrize("reason", [SuppressionReason.MANUAL, SuppressionReason.HARD_BOUNCE])
    def test_it_does_not_lift_what_is_not_theirs_to_lift(self, reason: SuppressionReason, news: Category) -> None:
        eve = AddressFactory.create(text=EVE)
        block(reason=reason)
        self.yes(eve, news)
        assert answers([EVE], news) == ["suppressed"]

    def test_a_sender_may_not_say_it_for_them(self, news: Category) -> None:
        eve = AddressFactory.create(text=EVE)
        block()
        with pytest.raises(MayNotLift):
            self.yes(eve, news, source=Source.API)
        assert answers([EVE], news) == ["suppressed"]

    def test_whoever_takes_it_back_is_not_written_to(self, news: Category) -> None:
        eve = AddressFactory.create(text=EVE)
        block()
        events = self.yes(eve, news)
        actions.undo([one.pk for one in events], Origin(Source.PAGE, LATER))
        assert answers([EVE], news) == ["unsubscribed"]

    def test_a_slower_frequency_is_no_yes(self, news: Category) -> None:
        eve = AddressFactory.create(text=EVE)
        self.yes(eve, news, now=EARLIER)
        block()
        actions.opt_down([Target(eve.pk, news.pk)], Origin(Source.PAGE, LATER), frequency=Frequency.WEEKLY)
        assert answers([EVE], news) == ["suppressed"]

    def test_their_page_shows_what_they_get_and_offers_the_rest(self, news: Category) -> None:
        CategoryFactory.create(slug="offers")
        eve = AddressFactory.create(text=EVE)
        block()
        sheet = queries.preference_sheet(eve, today=NOW.date())
        assert [one.is_subscribed for one in sheet.choices] == [False, False]
        assert not sheet.is_blocked
        self.yes(eve, news)
        sheet = queries.preference_sheet(eve, today=NOW.date())
        assert {one.category.slug: one.is_subscribed for one in sheet.choices} == {"news": True, "offers": False}

    def test_their_page_says_when_nothing_can_reach_them(self, news: Category) -> None:
        eve = AddressFactory.create(text=EVE)
        block(reason=FOR_GOOD)
        assert queries.preference_sheet(eve, today=NOW.date()).is_blocked


@pytest.mark.django_db
class TestTheRecord:
    def test_twice_is_the_same_as_once(self) -> None:
        assert block(note="A letter.", actor="staff 7") == ([CORP], [], [])
        assert block(note="Another.", now=LATER) == ([], [CORP], [])
        row = DomainSuppression.objects.get()
        assert (row.source, row.actor, row.note, row.since, row.lifted_at) == (
            "staff",
            "staff 7",
            "A letter.",
            NOW,
            None,
        )
        assert not ConsentEvent.objects.exists()

    def test_said_again_the_time_moves_on_where_it_is_known(self) -> None:
        block(at=EARLIER)
        block(source=Source.API, now=LATER)
        row = DomainSuppression.objects.get()
        assert (row.since, row.said_at, row.said_by) == (EARLIER, EARLIER, "api")
        block(at=NOW, now=LATER)
        block(at=EARLIER, now=LATER)
        row.refresh_from_db()
        assert (row.since, row.said_at, row.said_by) == (EARLIER, NOW, "staff")

    def test_the_same_import_has_said_it_once_and_another_one_again(self) -> None:
        block(source=Source.IMPORT, import_id=1)
        block(source=Source.IMPORT, import_id=1, now=LATER)
        assert DomainSuppression.objects.get().said_at is None
        block(source=Source.IMPORT, import_id=2, now=LATER)
        row = DomainSuppression.objects.get()
        assert (row.import_id, row.said_at, row.said_by) == (1, NOW, "import")

    def test_of_many_each_is_taken_in_as_many_queries(self, django_assert_num_queries: Any) -> None:
        for many in (1, 60):
            said = dict.fromkeys([f"d{number}.of{many}.example" for number in range(many)])
            with django_assert_num_queries(6):  # with the savepoint of the test's transaction
                actions.suppress_domains(said, Origin(Source.IMPORT, NOW), reason=OWN)
        assert DomainSuppression.objects.count() == 61

    def test_it_is_lifted_and_not_deleted_and_can_be_said_again(self) -> None:
        block()
        assert (
            actions.lift_domains([CORP], Origin(Source.STAFF, NOW, actor="staff 7", note="An error."), reason=OWN) == 1
        )
        assert actions.lift_domains([CORP], Origin(Source.STAFF, NOW, actor="staff 7", note="Again."), reason=OWN) == 0
        assert block(now=LATER) == ([CORP], [], [])
        rows = DomainSuppression.objects.order_by("id").values_list("lifted_at", "lifted_by", "lifted_note", "said_at")
        assert list(rows) == [(NOW, "staff 7", "An error.", None), (None, "", "", None)]
        block(now=LATER, source=Source.API, at=LATER)
        lifted, standing = DomainSuppression.objects.order_by("id")
        assert (lifted.said_at, standing.said_at) == (None, LATER)

    def test_an_older_no_does_not_undo_the_lifting(self) -> None:
        block(at=EARLIER - timedelta(days=1))
        actions.lift_domains([CORP], Origin(Source.STAFF, EARLIER, note="An error."), reason=OWN)
        assert block(at=EARLIER - timedelta(days=1)) == ([], [], [CORP])
        assert block(at=NOW) == ([CORP], [], [])

    @pytest.mark.parametrize(
        ("set_by", "lifted_by", "may"),
        [
            (Source.STAFF, Source.STAFF, True),
            (Source.IMPORT, Source.STAFF, True),
            (Source.API, Source.STAFF, True),
            (Source.API, Source.API, True),
            (Source.IMPORT, Source.API, False),
            (Source.STAFF, Source.API, False),
            (Source.API, Source.IMPORT, False),
            (Source.IMPORT, Source.IMPORT, False),
        ],
    )
    def test_staff_lift_any_and_a_senders_system_its_own_kind(
        self, set_by: Source, lifted_by: Source, may: bool
    ) -> None:
        block(source=set_by)
        if may:
            assert actions.lift_domains([CORP], Origin(lifted_by, NOW), reason=OWN) == 1
            return
        with pytest.raises(MayNotLiftDomain):
            actions.lift_domains([CORP], Origin(lifted_by, NOW), reason=OWN)
        assert DomainSuppression.objects.get().lifted_at is None


def test_a_verdict_alone_says_nothing_of_covers() -> None:
    send = Verdict(Outcome.SEND, Rule.NOTHING)
    verdicts = gate.BulkVerdicts({}, send, {})
    assert (verdicts.of(normalise(EVE)), verdicts.has_covers) == (send, False)
