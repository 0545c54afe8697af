"""No question about one person reads a large table through, and every index of one is used by a question that is asked.

Of a made-up year with 40,000 lines in the ledger; `PLAN_LINES=1000000 pytest tests/test_plans.py` takes a million.
"""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import override_settings

from prefcenter.contact_data import profile, proof
from prefcenter.lists import suppressions
from prefcenter.models import Feedback, FeedbackReason, User
from prefcenter.reports import Period, Selection, counts, health
from tests.sample_data.writing import Size, write
from tests.staff import member, signed_in
from unsubscribe import actions, gate, outbox, queries
from unsubscribe.actions import ImportedNo, Origin
from unsubscribe.choices import Channel, OutboxStatus, Source, SuppressionReason
from unsubscribe.ledger import feed
from unsubscribe.links import Target
from unsubscribe.mailing import Mailing
from unsubscribe.models import (
    Address,
    Category,
    ConsentEvent,
    Contact,
    ImportRepeat,
    LastSent,
    OutboxMessage,
    Preference,
    Suppression,
)
from unsubscribe.outbox import compose

LINES = int(os.environ.get("PLAN_LINES", "10000"))
LARGE = {
    model._meta.db_table
    for model in (
        Address,
        ConsentEvent,
        Contact,
        Feedback,
        ImportRepeat,
        LastSent,
        OutboxMessage,
        Preference,
        Suppression,
    )
}

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(1800), pytest.mark.starts_first]


class Plans:
    """What the database says of each statement, at the moment in which it is asked."""

    def __init__(self) -> None:
        self.indexes: set[str] = set()
        self.read_through: set[str] = set()

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if not many and sql.lstrip("( ").startswith(("SELECT", "UPDATE", "WITH")):
            self._look(sql, params)
        return execute(sql, params, many, context)

    def _look(self, sql: str, params: Any) -> None:
        with closing(connection.create_cursor()) as cursor:  # one that asks no wrapper
            if connection.vendor == "postgresql":
                cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", params)
                self._read_postgresql(cursor.fetchone()[0][0]["Plan"])
            else:
                cursor.execute(f"EXPLAIN QUERY PLAN {sql}", params)
                self._read_sqlite([row[3] for row in cursor.fetchall()], sql)

    def _read_postgresql(self, node: dict[str, Any]) -> None:
        if "Index Name" in node:
            self.indexes.add(node["Index Name"])
        if node["Node Type"] == "Seq Scan":
            self.read_through.add(node["Relation Name"])
        for inner in node.get("Plans", []):
            self._read_postgresql(inner)

    def _read_sqlite(self, steps: list[str], sql: str) -> None:
        tables: dict[str, str] = {alias: table for table, alias in re.findall(r'"(\w+)" "?([A-Z]\w*)"?', sql)}
        for step in steps:
            if found := re.search(r"USING (?:COVERING )?INDEX (\w+)", step):
                self.indexes.add(found[1])
            elif found := re.match(r"SCAN (\w+)", step):
                self.read_through.add(tables.get(found[1], found[1]))


@contextmanager
def plans() -> Iterator[Plans]:
    """Whatever is done within is taken back."""
    seen = Plans()
    with transaction.atomic(), connection.execute_wrapper(seen):
        yield seen
        transaction.set_rollback(True)


class OneContact:
    """Of the made-up year: an address, its contact, a category, and what else the questions are about."""

    def __init__(self, staff: User, now: datetime) -> None:
        self.staff, self.staff_client, self.now, self.today = staff, signed_in(staff), now, now.date()
        self.address = Address.objects.exclude(value="").filter(channel=Channel.EMAIL).order_by("-id")[0]
        self.contact = self.address.contact
        self.category = Category.objects.filter(purpose="marketing", needs_opt_in=False)[0]
        self.target = Target(self.address.pk, self.category.pk)
        self.message = OutboxMessage.objects.filter(status=OutboxStatus.SENT).order_by("-id")[0]
        self.reason = FeedbackReason.objects.order_by("-id")[0]
        self.newest = ConsentEvent.objects.latest("id").pk
        self.year = Selection(Period.latest(365, now=now))

    def opens(self, path: str) -> None:
        assert self.staff_client.get(path, secure=True).status_code == 200, path


def repeated_by_imports(now: datetime) -> None:
    """The made-up year has no imports."""
    ImportRepeat.objects.bulk_create(
        [
            ImportRepeat(model="suppression", row_id=number, import_id=number % 40 + 1, at=now)
            for number in range(LINES // 2)
        ],
        batch_size=1000,
    )


def another_spelling(one: OneContact) -> None:
    with override_settings(UNSUBSCRIBE_GMAIL_SPELLINGS=True):
        gate.check(["a.da+news@gmail.com", "ada@googlemail.com"], Mailing(one.category), now=one.now)


Question = Callable[[OneContact], object]
OF_ONE: dict[str, Question] = {
    "may three addresses be written to?": lambda one: gate.check(
        [one.address.value, "stranger@example.com", "x@example.com"], Mailing(one.category), now=one.now
    ),
    "may another spelling be written to?": another_spelling,
    "one-click": lambda one: actions.opt_out([one.target], Origin(Source.ONE_CLICK, one.now)),
    "everything": lambda one: actions.opt_out([Target(one.address.pk)], Origin(Source.PAGE, one.now)),
    "a yes": lambda one: actions.opt_in([one.target], Origin(Source.PAGE, one.now, wording="Yes")),
    "a complaint": lambda one: actions.suppress(
        [one.address.pk], Origin(Source.COMPLAINT, one.now), reason=SuppressionReason.COMPLAINT
    ),
    "a bounce is lifted": lambda one: actions.lift(
        [one.address.pk], Origin(Source.STAFF, one.now), reason=SuppressionReason.HARD_BOUNCE
    ),
    "a mailing is recorded": lambda one: actions.record_sent(
        [one.contact.pk], Mailing(one.category, channel=Channel.EMAIL), now=one.now
    ),
    "erased": lambda one: actions.erase([one.contact.pk], Origin(Source.PAGE, one.now)),
    "the preference center": lambda one: queries.preference_sheet(queries.address(one.target), today=one.today),
    "what is due in the outbox": lambda one: outbox.due(now=one.now, limit=100),
    "what a dead worker held": lambda one: outbox.release(now=one.now),
    "has the address had enough?": lambda one: compose.has_had_enough(one.message, now=one.now),
    "the feed from near its end": lambda one: feed.after(one.newest - 20, limit=20),
    "a person by address": lambda one: profile.find(one.address.value),
    "a person by mask": lambda one: profile.find_masked("z•••@nowhere.example"),
    "a person's page": lambda one: one.opens(f"/admin/people/{one.contact.pk}/"),
    "a person's proof": lambda one: proof.make(one.contact, proof.Made(one.now, "staff 1")),
    "the newest feedback": lambda one: list(Feedback.objects.order_by("-created_at", "-id")[:100]),
    "the newest feedback nobody has reviewed": lambda one: list(
        Feedback.objects.filter(reviewed_at=None).order_by("-created_at", "-id")[:100]
    ),
    "the feedback somebody is to answer": lambda one: Feedback.objects.filter(assigned_to=one.staff).count(),
    "the feedback on one campaign": lambda one: list(
        Feedback.objects.filter(campaign=one.message.pk % 100 + 1).order_by("-created_at")[:100]
    ),
}
OF_ALL: dict[str, Question] = {
    "opt-outs over a year": lambda one: counts.count(one.year),
    "waits of a year": lambda one: health.outbox(one.year.period),
    "how many gave a reason": lambda one: Feedback.objects.filter(reason=one.reason).count(),
    "how many left a category with feedback": lambda one: Feedback.objects.filter(category=one.category).count(),
    "an imported no": lambda one: actions.import_opt_outs(
        [ImportedNo(bytes(one.address.digest))], Origin(Source.IMPORT, one.now), channel=Channel.EMAIL
    ),
    "what an import set": lambda one: actions.standing(1),
    "an import is taken back": lambda one: actions.take_back(1, most=100, now=one.now),
    "an import stands for good": lambda one: actions.settle([2], most=100),
    "who left a category": lambda one: suppressions.Newest(suppressions.SuppressionQuery(category=one.category)).rows(
        0, 100
    ),
}


def test_no_question_of_one_person_reads_a_table_through_and_no_index_is_there_for_nothing(now: datetime) -> None:
    staff = member(is_superuser=True)
    write(Size(LINES, LINES // 2, days=30), seed=1, now=now)
    repeated_by_imports(now)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        one, used, slow = OneContact(staff, now), set(), {}
        for name, question in (OF_ONE | OF_ALL).items():
            with plans() as seen:
                question(one)
            used |= seen.indexes
            if name in OF_ONE and seen.read_through & LARGE:
                slow[name] = seen.read_through & LARGE
        there = {
            name
            for table in LARGE
            for name, known in connection.introspection.get_constraints(cursor, table).items()
            if known["index"] and not known["unique"]
        }
    assert slow == {}
    assert there - used == set()
