"""A made-up year: the verbs have written it, everything occurs in it, and nobody real is ever joined."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from prefcenter.demo.history import Written
from prefcenter.models import Feedback, ImportRun, ImportState, Visits
from tests.conftest import NOW
from tests.factories import AddressFactory
from tests.sample_data.__main__ import main
from tests.sample_data.guard import holds_real_addresses
from tests.sample_data.writing import Size, write
from tests.shared_rows import shared_rows
from unsubscribe import actions, gate
from unsubscribe.actions import Origin
from unsubscribe.addresses import normalise
from unsubscribe.choices import (
    Channel,
    EventKind,
    OutboxKind,
    OutboxStatus,
    Outcome,
    PreferenceState,
    Source,
    SuppressionReason,
)
from unsubscribe.ledger import seals
from unsubscribe.links import Target
from unsubscribe.mailing import Mailing
from unsubscribe.models import (
    Address,
    Category,
    ConsentEvent,
    Contact,
    OutboxMessage,
    Preference,
    SentCount,
    Suppression,
)

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_only]
SIZE = Size(events=1_200, contacts=400, days=56)


def run(*arguments: str) -> str:
    """What went wrong, or ""."""
    return main(["--events", "60", "--contacts", "20", "--days", "20", *arguments])


@pytest.fixture(scope="class")
def year(django_db_setup: None, django_db_blocker: Any) -> Iterator[Written]:
    with shared_rows(django_db_blocker):
        yield write(SIZE, seed=1, now=NOW)


class TestTheYear:
    def test_it_is_as_large_as_was_asked_for_and_everything_that_can_be_said_is_said_from_every_source(
        self, year: Written
    ) -> None:
        assert Contact.objects.count() == year.contacts == SIZE.contacts
        assert ConsentEvent.objects.count() == year.events
        assert abs(year.events - SIZE.events) < SIZE.events / 50
        assert Feedback.objects.count() == year.feedback > 100
        assert SentCount.objects.count() > year.campaigns > 20
        assert set(Visits.objects.values_list("method", flat=True)) == {"GET", "HEAD"}
        said = ConsentEvent.objects.values_list("kind", "source")
        assert {kind for kind, _ in said} >= set(EventKind) - {EventKind.AGAIN}
        assert {source for _, source in said} == set(Source)
        assert set(Suppression.objects.values_list("reason", flat=True)) == set(SuppressionReason)
        assert set(ImportRun.objects.values_list("state", flat=True)) == {ImportState.DONE, ImportState.TAKEN_BACK}

    def test_what_holds_is_what_the_ledger_said_last(self, year: Written, now: datetime) -> None:
        choices_are_what_the_ledger_said_last()
        blocks_are_what_the_ledger_said_last()
        whoever_said_no_last_is_refused_and_whoever_said_nothing_is_not(now)

    def test_nobody_acts_before_they_came_or_is_written_to_after_they_were_erased(
        self, year: Written, now: datetime
    ) -> None:
        nothing_happens_before_somebody_is_there_or_after_the_year(now)
        confirmations_are_mostly_sent_and_confirm_what_their_contact_wished(now)
        of_whoever_was_erased_nothing_is_left()

    def test_the_verbs_go_on_where_the_year_ends(self, year: Written, now: datetime) -> None:
        known = actions.learn([normalise("somebody.new@example.com")], now=now)
        [address_id] = [one.address_id for one in known.values()]
        [event] = actions.opt_out([Target(address_id)], Origin(Source.ONE_CLICK, now))
        assert event.pk > ConsentEvent.objects.exclude(pk=event.pk).latest("id").pk
        assert seals.seal(now=now)
        assert list(seals.verify()) == []


def choices_are_what_the_ledger_said_last() -> None:
    last = {
        (one.contact_id, one.category_id, one.channel): one
        for one in ConsentEvent.objects.filter(category__isnull=False).order_by("id")
        if one.category_id is not None
    }
    rows = {(one.contact_id, one.category_id, one.channel): one for one in Preference.objects.all()}
    assert last.keys() <= rows.keys()
    for key, event in last.items():
        assert event.after["state"] == rows[key].state
        if "frequency" in event.after:
            until = rows[key].paused_until
            assert event.after["frequency"] == rows[key].frequency
            assert event.after["paused_until"] == (until.isoformat() if until else None)


def blocks_are_what_the_ledger_said_last() -> None:
    blocked: set[tuple[int | None, str]] = set()
    for event in ConsentEvent.objects.filter(category=None).order_by("id"):
        blocked -= {(event.address_id, reason) for reason in event.before.get("suppressed", ())}
        blocked |= {(event.address_id, reason) for reason in event.after.get("suppressed", ())}
    assert blocked == set(Suppression.objects.filter(lifted_at=None).values_list("address_id", "reason"))


def whoever_said_no_last_is_refused_and_whoever_said_nothing_is_not(now: datetime) -> None:
    addresses = list(Address.objects.filter(channel=Channel.EMAIL).exclude(value=""))
    said = defaultdict(set)
    for event in ConsentEvent.objects.order_by("id").exclude(kind=EventKind.ACCESS):
        said[event.contact_id].add(event.category_id)
    no = set(
        Preference.objects.filter(state=PreferenceState.UNSUBSCRIBED).values_list("contact", "category", "channel")
    )
    blocked = set(Suppression.objects.filter(lifted_at=None).values_list("address", flat=True))
    answers = set()
    for category in Category.objects.filter(purpose="marketing"):
        for address, one in zip(
            addresses, gate.check([each.value for each in addresses], Mailing(category), now=now), strict=True
        ):
            answers.add(one.outcome)
            if address.pk in blocked:
                assert one.outcome == Outcome.SUPPRESSED
            elif (address.contact_id, category.pk, "email") in no:
                assert one.outcome == Outcome.UNSUBSCRIBED
            elif not said[address.contact_id] & {category.pk, None}:
                only_chosen = category.needs_opt_in or Contact.objects.get(id=address.contact_id).only_chosen
                assert one.may_send is not only_chosen
    assert answers == set(Outcome) - {Outcome.INVALID}


def nothing_happens_before_somebody_is_there_or_after_the_year(now: datetime) -> None:
    events = ConsentEvent.objects.select_related("contact").order_by("id")
    times = [event.at for event in events]
    assert times == sorted(times)
    assert now - timedelta(days=SIZE.days) < times[0] < times[-1] <= now
    assert all(event.contact.created_at <= event.at for event in events)
    weekdays = [sum(time.weekday() == day for time in times) for day in range(7)]
    assert weekdays[0] > weekdays[5]


def confirmations_are_mostly_sent_and_confirm_what_their_contact_wished(now: datetime) -> None:
    rows = OutboxMessage.objects.filter(kind=OutboxKind.CONFIRMATION).select_related("address")
    statuses = [row.status for row in rows]
    assert statuses.count(OutboxStatus.SENT) > 0.95 * len(statuses) > 600
    assert {OutboxStatus.QUEUED, OutboxStatus.FAILED} <= set(statuses)
    whose = dict(ConsentEvent.objects.values_list("id", "contact_id"))
    for row in rows:
        assert {whose[id_] for id_ in row.event_ids} == {row.contact_id}
        assert row.address.contact_id == row.contact_id
        assert row.address.channel == Channel.EMAIL
        assert row.status != OutboxStatus.QUEUED or row.due_at > now


def of_whoever_was_erased_nothing_is_left() -> None:
    erased = Contact.objects.exclude(erased_at=None)
    assert erased
    assert not Address.objects.filter(contact__in=erased).exclude(value="").exists()
    assert not erased.exclude(language="", paused_until=None).exists()
    assert not Feedback.objects.filter(event__contact__in=erased).exclude(text="", more="").exists()
    assert not OutboxMessage.objects.filter(contact__in=erased).exclude(last_error="").exists()
    for contact in erased:
        last = ConsentEvent.objects.filter(contact=contact).latest("id")
        assert last.kind == EventKind.ERASE


def test_the_same_seed_makes_the_same_year(now: datetime) -> None:
    assert _told(1, now) == _told(1, now)
    assert _told(1, now) != _told(2, now)


def _told(seed: int, now: datetime) -> list[tuple[object, ...]]:
    with transaction.atomic():
        write(Size(events=200, contacts=50, days=15), seed=seed, now=now)
        columns = ("at", "kind", "source", "after", "wording")
        told: list[tuple[object, ...]] = [*ConsentEvent.objects.order_by("id").values_list(*columns)]
        transaction.set_rollback(True)
    return told


def test_categories_that_are_there_are_used(now: datetime, news: Category) -> None:
    write(Size(events=60, contacts=20, days=20), seed=1, now=now)
    assert list(Category.objects.all()) == [news]
    assert news.campaigns.exists()


def test_another_year_may_join_the_first_if_it_is_told_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--yes") == ""
    assert capsys.readouterr().out.startswith("20 days of 20 contacts: ")
    assert "already contains sample contacts" in run("--yes")
    run("--yes", "--add", "--seed", "2")
    assert Contact.objects.count() == 40


def test_without_debug_it_wants_to_be_told_that_nobody_uses_this_site() -> None:
    assert "DEBUG is off" in run()
    assert not Contact.objects.exists()


@pytest.mark.parametrize("real", ["ada@lovelace.org", "ada@notexample.com", "ada@example.com.evil.org"])
def test_nobody_real_is_joined_whatever_it_is_told(real: str) -> None:
    AddressFactory.create(text=real)
    refusal = run("--yes", "--add")
    assert "not sample data" in refusal
    assert real not in refusal
    assert Contact.objects.count() == 1


def test_who_is_made_up_is_known_by_the_domain_or_the_number() -> None:
    for text in ("ada@example.com", "bob@mail.example.org", "cleo@fernwood.example"):
        AddressFactory.create(text=text)
    AddressFactory.create(text="+12005550143", channel=Channel.SMS)
    assert not holds_real_addresses()
    AddressFactory.create(text="+12005551143", channel=Channel.SMS)
    assert holds_real_addresses()


def test_it_ends_today(now: datetime) -> None:
    run("--yes")
    assert timezone.localdate() - ConsentEvent.objects.latest("id").at.date() <= timedelta(days=30)
