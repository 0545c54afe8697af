"""The ledger as a feed: whoever keeps the position of the last line misses none and gets none twice."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest
from django.db import connection, transaction

from tests.factories import AddressFactory, CategoryFactory
from unsubscribe import actions
from unsubscribe.actions import Origin
from unsubscribe.choices import Source
from unsubscribe.ledger import feed, seals
from unsubscribe.links import Target
from unsubscribe.models import Address, ConsentEvent


def write(address: Address, now: datetime, count: int = 1) -> None:
    """Lines that change nothing: being asked what is held."""
    for _ in range(count):
        actions.note_access(address.pk, Origin(Source.PAGE, now))


def ids(position: int = 0, **options: Any) -> list[int]:
    return [one.pk for one in feed.after(position, **({"limit": 100} | options)).lines]


@pytest.mark.django_db
def test_it_begins_with_the_oldest_and_goes_on_where_one_stopped(ada: Address, now: datetime) -> None:
    write(ada, now, 5)
    all_ = list(ConsentEvent.objects.order_by("id").values_list("id", flat=True))
    assert ids() == all_
    assert ids(limit=2) == all_[:2]
    assert ids(all_[1], limit=2) == all_[2:4]
    assert ids(all_[-1]) == []
    assert [feed.after(0, limit=limit).has_more for limit in (4, 5, 6)] == [True, False, False]


@pytest.mark.django_db
def test_a_position_that_the_ledger_never_reached_is_refused(ada: Address, now: datetime) -> None:
    """After a restore from a backup; its ids come again for other lines."""
    assert feed.after(0, limit=1) == ([], False)
    write(ada, now, 2)
    end = feed.end()
    assert end == ConsentEvent.objects.latest("id").pk
    assert feed.after(end, limit=1) == ([], False)
    with pytest.raises(feed.BeyondTheEnd, match="restored"):
        feed.after(end + 1, limit=1)


@pytest.mark.django_db
def test_a_page_costs_the_same_few_queries_whatever_it_holds(
    ada: Address, now: datetime, django_assert_max_num_queries: Any
) -> None:
    category = CategoryFactory.create()
    actions.opt_out([Target(AddressFactory.create().pk, category.pk) for _ in range(20)], Origin(Source.PAGE, now))
    with django_assert_max_num_queries(8):
        assert {one.category.slug for one in feed.after(0, limit=100).lines if one.category} == {"news"}


@pytest.mark.postgresql_only("SQLite lets one write at a time")
@pytest.mark.django_db(transaction=True)
class TestWhileOthersWrite:
    def test_a_line_that_commits_late_is_neither_skipped_nor_overtaken(self, ada: Address, now: datetime) -> None:
        other = AddressFactory.create()  # whoever writes about one person may be waited for
        with ThreadPoolExecutor(1) as pool:

            def elsewhere(act: Any) -> None:
                pool.submit(act).result()

            try:
                elsewhere(lambda: transaction.set_autocommit(False))
                elsewhere(lambda: write(other, now))
                write(ada, now)
                assert ids(patience=0.05) == [], "a lower id may still appear"
                elsewhere(transaction.commit)
            finally:
                elsewhere(lambda: connection.close())  # noqa: PLW0108 - that thread's connection, not this one's
        assert len(ids()) == 2

    def test_while_somebody_writes_for_long_what_is_settled_comes_and_the_rest_is_announced(
        self, ada: Address, now: datetime
    ) -> None:
        write(ada, now, 3)
        seals.seal(now=now)
        other = AddressFactory.create()  # whoever writes about one person may be waited for
        with ThreadPoolExecutor(1) as pool:

            def elsewhere(act: Any) -> None:
                pool.submit(act).result()

            try:
                elsewhere(lambda: transaction.set_autocommit(False))
                elsewhere(lambda: write(other, now))
                write(ada, now)
                found = feed.after(0, limit=100, patience=0.05)
                assert (len(found.lines), found.has_more) == (3, True)
                assert feed.after(found.lines[-1].pk, limit=100, patience=0.05) == ([], True)
                elsewhere(transaction.rollback)
            finally:
                elsewhere(lambda: connection.close())  # noqa: PLW0108 - that thread's connection, not this one's
        assert feed.after(found.lines[-1].pk, limit=100) == ([ConsentEvent.objects.latest("id")], False)

    def test_whoever_begins_now_begins_below_the_lines_that_commit_late(self, ada: Address, now: datetime) -> None:
        other = AddressFactory.create()  # whoever writes about one person may be waited for
        write(ada, now, 2)
        seals.seal(now=now)
        with ThreadPoolExecutor(1) as pool:

            def elsewhere(act: Any) -> None:
                pool.submit(act).result()

            try:
                elsewhere(lambda: transaction.set_autocommit(False))
                elsewhere(lambda: write(other, now))
                write(ada, now)
                begin = feed.end(patience=0.05)
                elsewhere(transaction.commit)
            finally:
                elsewhere(lambda: connection.close())  # noqa: PLW0108 - that thread's connection, not this one's
        assert set(ids(begin)) == set(ConsentEvent.objects.order_by("-id").values_list("id", flat=True)[:2])

    def test_an_end_that_was_drawn_and_given_up_is_still_one(self, ada: Address, now: datetime) -> None:
        write(ada, now)
        with transaction.atomic():
            write(ada, now)
            transaction.set_rollback(True)
        end = feed.end()
        assert end > ConsentEvent.objects.latest("id").pk
        assert ids(end) == []

    def test_a_reader_among_many_writers_gets_each_line_once_and_in_order(self, ada: Address, now: datetime) -> None:
        def act(number: int) -> None:
            for round_ in range(20):
                with transaction.atomic():
                    write(ada, now, 1 + number)
                    transaction.set_rollback((round_ + number) % 3 == 0)
            connection.close()

        read: list[int] = []
        with ThreadPoolExecutor(4) as pool:
            writers = [pool.submit(act, number) for number in range(4)]
            while not all(one.done() for one in writers):
                read += ids(read[-1] if read else 0, limit=7, patience=0.5)
            for one in writers:
                one.result()
        while more := ids(read[-1] if read else 0):
            read += more
        assert read == list(ConsentEvent.objects.order_by("id").values_list("id", flat=True))
        assert len(read) > 100


def test_a_no_said_again_another_way_is_a_line_of_its_own(ada: Address, now: datetime) -> None:
    for source in (Source.PAGE, Source.ONE_CLICK, Source.ONE_CLICK):
        actions.opt_out([Target(ada.pk)], Origin(source, now))
    lines = feed.after(0, limit=10).lines
    assert [(line.kind, line.source) for line in lines] == [("opt_out", "page"), ("again", "one_click")]
    assert lines[1].before == lines[1].after == {"suppressed": ["unsubscribed_all"]}
