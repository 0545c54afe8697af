"""A long file is answered as a short one is, line by line, however its lines are asked about."""

import csv
import gc
import io
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from prefcenter.lists import audience
from prefcenter.lists.audience import answering
from prefcenter.lists.reader import open_table
from tests.conftest import NOW
from tests.factories import ADA, BOB, CLEO, DAN, AddressFactory, CategoryFactory
from unsubscribe import actions, gate, queries
from unsubscribe.actions import Origin
from unsubscribe.addresses import normalise
from unsubscribe.choices import Channel, Frequency, PreferenceState, Source, SuppressionReason
from unsubscribe.links import Target
from unsubscribe.mailing import Mailing
from unsubscribe.models import Address, Category, Contact, LastSent

pytestmark = pytest.mark.django_db
WEEK = timedelta(days=7)
FILE = "\n".join(
    [
        "email,name",
        *(ADA, f"{BOB},Bob", f"{CLEO.upper()},Cleo", "not an address,?", "emil@example.com,", f"{DAN},Dan"),
        '"fay@example.com","Fay, ""the"" reader"',
        'gus@example.com,"two\nlines"',
        '"an open quote,x',
        f"{BOB},again",
    ]
)


@pytest.fixture
def long_from_two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answering, "SHORT", 2)
    monkeypatch.setattr(answering, "LONG", 2)
    monkeypatch.setattr(audience, "BATCH", 3)


@pytest.fixture(params=[False, True], ids=["in sets", "everybody at once"])
def ways(request: pytest.FixtureRequest) -> bool:
    if request.param:
        request.getfixturevalue("long_from_two")
    return bool(request.param)


def answered(text: str, category: Category, **options: Any) -> str:
    only, out = options.pop("only", ""), io.StringIO()
    asked: dict[str, Any] = {"channel": Channel.EMAIL, "campaign": "", "now": NOW, "is_recorded": False}
    request = audience.request(category, **(asked | options))
    progress = options.pop("on_progress", lambda rows: None)
    table = open_table(io.BytesIO(text.encode()), channel=request.mailing.channel.value)
    audience.write_answers(table, request, out, only=only, on_problem=lambda line, problem: None, on_progress=progress)
    return out.getvalue()


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def settle(category: Category) -> None:
    """Everybody but Dan, Fay and Gus is known, and most of them said something."""
    now = NOW
    ada, bob, cleo, emil = (AddressFactory.create(text=text) for text in (ADA, BOB, CLEO, "emil@example.com"))
    actions.opt_out([Target(ada.pk, category.pk)], Origin(Source.ONE_CLICK, now))
    actions.suppress([bob.pk], Origin(Source.COMPLAINT, now), reason=SuppressionReason.COMPLAINT)
    actions.suppress([bob.pk], Origin(Source.API, now), reason=SuppressionReason.HARD_BOUNCE)
    actions.opt_down([Target(cleo.pk, category.pk)], Origin(Source.PAGE, now), frequency=Frequency.WEEKLY)
    LastSent.objects.create(contact=cleo.contact, category=category, channel=Channel.EMAIL, sent_on=NOW.date())
    actions.opt_in([Target(emil.pk, category.pk)], Origin(Source.PAGE, now, wording="Yes"))


@pytest.mark.parametrize("kind", [{}, {"opt_in": True}, {"transactional": True}], ids=["usual", "opt-in", "receipts"])
@pytest.mark.parametrize("with_links", [True, False])
def test_a_long_file_gets_the_answers_of_a_short_one(
    kind: dict[str, bool], with_links: bool, request: pytest.FixtureRequest
) -> None:
    category = CategoryFactory.create(**kind)
    settle(category)
    actions.learn(map(normalise, (DAN, "fay@example.com", "gus@example.com")), now=NOW)
    in_sets = answered(FILE, category, with_links=with_links)
    request.getfixturevalue("long_from_two")
    assert answered(FILE, category, with_links=with_links) == in_sets
    verdicts = [row["verdict"] for row in rows_of(in_sets)]
    assert len(verdicts) == 10
    assert {"send", "suppressed", "invalid"} <= set(verdicts)


@pytest.mark.usefixtures("ways")
def test_strangers_become_contacts_where_there_are_links_for_them(news: Category) -> None:
    answered(FILE, news, with_links=False)
    assert not Contact.objects.exists()
    rows = rows_of(answered(FILE, news))
    assert Address.objects.count() == 7
    assert len({row["unsubscribe_url"] for row in rows if row["verdict"] == "send"}) == 7


@pytest.mark.usefixtures("ways")
def test_without_links_there_are_two_columns_of_ours(news: Category) -> None:
    settle(news)
    rows = rows_of(answered(FILE, news, with_links=False))
    assert list(rows[0]) == ["email", "name", "verdict", "until"]
    assert rows[2] == {
        "email": CLEO.upper(),
        "name": "Cleo",
        "verdict": "too_soon",
        "until": rows[2]["until"],
    }
    assert [row["verdict"] for row in rows][:4] == ["unsubscribed", "suppressed", "too_soon", "invalid"]


@pytest.mark.usefixtures("ways")
def test_whatever_the_fields_hold_csv_gives_it_back(news: Category, settings: Any) -> None:
    settings.UNSUBSCRIBE_MAILTO = "leave@example.com"
    news.name = 'News, the "new" ones'
    news.save()
    text = 'email,a,b\nada@example.com,"1,2","say ""hi"""\nbob@example.com,"two\nlines"," x "\ncleo@example.com,,\n'
    rows = rows_of(answered(text, news))
    assert [(row["a"], row["b"]) for row in rows] == [("1,2", 'say "hi"'), ("two\nlines", " x "), ("", "")]
    assert all(None not in row and None not in row.values() for row in rows)
    for row in rows:
        token = row["unsubscribe_url"].rpartition("/")[2]
        assert row["list_unsubscribe"] == f"<{row['unsubscribe_url']}>, <mailto:leave+{token}@example.com>"
        assert row["list_unsubscribe_post"] == "List-Unsubscribe=One-Click"
        assert row["list_id"] == '"News, the \\"new\\" ones" <news.mail.example.com>'


@pytest.mark.usefixtures("ways")
def test_an_answered_file_keeps_its_own_columns_and_gets_new_answers(news: Category) -> None:
    first = answered(FILE, news)
    again = answered(first, news)
    assert len(rows_of(again)) == len(rows_of(first)) == 10
    assert rows_of(again)[0] == rows_of(first)[0]


@pytest.mark.usefixtures("ways")
def test_only_those_who_were_asked_for_are_there(news: Category) -> None:
    settle(news)
    rows = rows_of(answered(FILE, news, only="suppressed"))
    assert [row["name"] for row in rows] == ["Bob", "again"]


@pytest.mark.usefixtures("long_from_two")
def test_what_the_gate_said_of_everybody_grows_old(news: Category, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answering, "FRESH", 0)
    fay = AddressFactory.create(text="fay@example.com")
    out = io.StringIO()

    def leave(rows: int) -> None:
        actions.opt_out([Target(fay.pk)], Origin(Source.ONE_CLICK, NOW))

    request = audience.request(news, channel=Channel.EMAIL, campaign="", now=NOW, is_recorded=False, with_links=False)
    audience.write_answers(
        open_table(io.BytesIO(FILE.encode())), request, out, on_problem=lambda line, problem: None, on_progress=leave
    )
    assert [row["verdict"] for row in rows_of(out.getvalue())][5:7] == ["send", "suppressed"]


@pytest.mark.usefixtures("long_from_two")
def test_where_too_many_said_something_sets_are_asked_about(news: Category, monkeypatch: pytest.MonkeyPatch) -> None:
    settle(news)
    expected = answered(FILE, news)
    monkeypatch.setattr(gate, "everybody", partial(gate.everybody, most=1))
    assert gate.everybody(Mailing(news), now=NOW) is None
    assert answered(FILE, news) == expected


@pytest.mark.usefixtures("long_from_two")
def test_what_is_recorded_counts_for_the_next_lines(news: Category) -> None:
    ada = AddressFactory.create(text=ADA)
    actions.opt_down([Target(ada.pk, news.pk)], Origin(Source.PAGE, NOW), frequency=Frequency.WEEKLY)
    text = "email\n" + "\n".join([ADA, BOB, CLEO, ADA])
    rows = rows_of(answered(text, news, is_recorded=True, with_links=False))
    assert [row["verdict"] for row in rows] == ["send", "send", "send", "too_soon"]
    assert LastSent.objects.count() == 3


@pytest.mark.usefixtures("ways")
def test_phone_numbers_are_asked_about_in_their_own_spelling(news: Category) -> None:
    ada = AddressFactory.create(text="+49309018000", channel=Channel.SMS)
    actions.opt_out([Target(ada.pk, news.pk)], Origin(Source.SMS, NOW))
    text = "phone\n0049 30 901 8000\n+49 30 901 8001\n12\n"
    table = open_table(io.BytesIO(text.encode()), channel="sms")
    request = audience.request(news, channel=Channel.SMS, campaign="", now=NOW, is_recorded=False, with_links=False)
    out = io.StringIO()
    counts = audience.write_answers(table, request, out, on_problem=lambda line, problem: None)
    assert (counts["unsubscribed"], counts["send"], counts["invalid"]) == (1, 1, 1)
    assert PreferenceState.UNSUBSCRIBED in out.getvalue()


def test_the_collector_of_garbage_is_left_as_it_was(news: Category) -> None:
    before = gc.get_threshold()
    answered(FILE, news)
    assert gc.get_threshold() == before


def test_who_chose_a_frequency_is_written_to_at_one_of_their_addresses(ways: bool, news: Category) -> None:
    ada = AddressFactory.create(text=ADA)
    AddressFactory.create(text=BOB, contact=ada.contact)
    AddressFactory.create(text=DAN, contact=ada.contact)
    actions.opt_down([Target(ada.pk, news.pk)], Origin(Source.PAGE, NOW), frequency=Frequency.WEEKLY)
    lines = "\n".join(["email", BOB, CLEO, "emil@example.com", "fay@example.com", "gus@example.com", ADA, BOB])
    for options in ({"with_links": False}, {}, {"is_recorded": True, "campaign": "June"}):
        said = [line.split(",")[:2] for line in answered(lines, news, **options).splitlines()[1:]]
        assert said == [
            *([text, "send"] for text in (BOB, CLEO, "emil@example.com", "fay@example.com", "gus@example.com")),
            [ADA, "too_soon"],
            [BOB, "too_soon"],
        ]


def test_each_phone_gets_its_own_short_link(ways: bool, db: None) -> None:
    news = CategoryFactory.create()
    known = AddressFactory.create(channel=Channel.SMS, text="+49 30 901820")
    text = "phone\n+49 30 901820\n+49 30 901821\n+49 30 901820\nno phone\n"
    rows = rows_of(answered(text, news, channel=Channel.SMS))
    tokens = [row["unsubscribe_url"].rpartition("/s/")[2] for row in rows]
    assert queries.short_link(tokens[0])[0] == Target(known.pk, news.pk)
    assert tokens[0] == tokens[2] != tokens[1]
    assert tokens[3] == ""
    assert {row["list_unsubscribe"] for row in rows} == {""}


def test_whole_domains_and_other_spellings_count_however_the_lines_are_asked_about(
    ways: bool, news: Category, settings: Any
) -> None:
    settings.UNSUBSCRIBE_GMAIL_SPELLINGS = True
    settle(news)
    eve, kim = AddressFactory.create(text="eve@corp.example"), AddressFactory.create(text="k.im@gmail.com")
    two = AddressFactory.create(text="gil@corp.example")
    AddressFactory.create(text="gil@home.example", contact=two.contact)
    actions.opt_down([Target(two.pk, news.pk)], Origin(Source.PAGE, NOW), frequency=Frequency.WEEKLY)
    LastSent.objects.create(contact=two.contact, category=news, channel=Channel.EMAIL, sent_on=NOW.date() - WEEK)
    actions.suppress_domains(
        {"corp.example": None}, Origin(Source.STAFF, NOW), reason=SuppressionReason.UNSUBSCRIBED_ALL
    )
    actions.opt_out([Target(kim.pk, news.pk)], Origin(Source.PAGE, NOW))
    actions.opt_in([Target(eve.pk, news.pk)], Origin(Source.PAGE, NOW + WEEK, wording="Yes"))
    expected = {
        "eve@corp.example": "send",
        "Bob <bob@corp.example>": "suppressed",
        "gil@corp.example": "suppressed",
        "gil@home.example": "send",
        "x@sub.corp.example": "send",
        "kim+x@googlemail.com": "unsubscribed",
        "k.im@gmail.com": "unsubscribed",
        ADA: "unsubscribed",
        BOB: "suppressed",
        "*@corp": "invalid",
    }
    found = rows_of(answered("\n".join(["email", *expected]), news))
    assert {row["email"]: row["verdict"] for row in found} == expected
    assert all(bool(row["list_unsubscribe"]) is (row["verdict"] == "send") for row in found)
