"""A line of the ledger that was touched is named, whoever touched it and however; and nobody is accused for nothing."""

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from tests.factories import AddressFactory, CampaignFactory, CategoryFactory
from tests.services import PATIENCE, wait_until
from tests.settings import ON_POSTGRESQL
from tests.unsubscribe.actions.test_concurrency import at_once
from unsubscribe import actions
from unsubscribe.actions import Origin
from unsubscribe.choices import Channel, EventKind, Source
from unsubscribe.ledger import seals, watermark
from unsubscribe.ledger.seals import FindingKind, encoding, sealing, verifying
from unsubscribe.links import Target
from unsubscribe.models import Address, ConsentEvent, Seal

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
WRITTEN = count()
LEDGER, SEALS, ADDRESSES = (model._meta.db_table for model in (ConsentEvent, Seal, Address))
needs_postgresql = pytest.mark.postgresql_only("SQLite has one writer at a time")


def sql(statement: str, *params: Any) -> None:
    """As somebody with a database client would."""
    with connection.cursor() as cursor:
        cursor.execute(statement.format(ledger=LEDGER, seals=SEALS, addresses=ADDRESSES), params)


def write(address: Address, number: int = 1, *, note: str = "") -> list[int]:
    """So many lines, each different from the others. Written as the verbs write them, in one go."""
    category = CategoryFactory.create()
    lines = [
        ConsentEvent(
            at=datetime(2026, 1, 2, 3, 4, 5, next(WRITTEN), tzinfo=UTC),
            kind=EventKind.OPT_OUT,
            source=Source.PAGE,
            contact_id=address.contact_id,
            address=address,
            channel=Channel.EMAIL,
            category=category,
            before={"answer": "subscribed", "frequency": "as_sent"},
            after={"answer": "unsubscribed"},
            note=note,
        )
        for _ in range(number)
    ]
    return [line.pk for line in ConsentEvent.objects.bulk_create(lines)]


def _erase(ada: Address, now: datetime) -> None:
    actions.erase([ada.contact_id], Origin(Source.PAGE, now))


def _import(ada: Address, now: datetime) -> None:
    sql("UPDATE {addresses} SET value = '' WHERE id = %s", ada.pk)
    said = [actions.ImportedNo(bytes(ada.digest), ada.value)]
    actions.import_opt_outs(said, Origin(Source.IMPORT, now), channel=Channel.EMAIL)
    assert Address.objects.get(pk=ada.pk).value == ada.value


CHANGES_OF_ADDRESSES = [
    pytest.param(_erase, id="erased"),
    pytest.param(_import, id="imported, and its value filled in"),
]


def found() -> list[tuple[FindingKind, int, int]]:
    return [(one.kind, one.number, one.other) for one in seals.verify()]


@pytest.fixture
def sealed(ada: Address, now: datetime) -> list[int]:
    """Nine lines in three seals."""
    ids = []
    for hour in range(3):
        ids += write(ada, 3)
        assert seals.seal(now=now + hour * HOUR)
    assert found() == []
    return ids


def test_a_seal_closes_what_is_new_and_follows_the_one_before(ada: Address, now: datetime) -> None:
    assert seals.seal(now=now) is None
    write(ada, 3)
    first = seals.seal(now=now)
    write(ada, 2)
    assert seals.summary().unsealed == 2
    second = seals.seal(now=now + HOUR)
    assert first
    assert second
    assert (first.number, first.count, second.number, second.count) == (1, 3, 2, 2)
    assert bytes(second.previous) == bytes(first.hash) != bytes(second.hash)
    assert seals.summary() == (5, 2, 0, second)
    assert found() == []


def test_nothing_new_is_no_new_seal(sealed: list[int], now: datetime) -> None:
    assert seals.seal(now=now + 9 * HOUR) is None
    assert Seal.objects.count() == 3


def test_what_the_verbs_write_is_sealed(ada: Address, now: datetime) -> None:
    actions.opt_out([Target(ada.pk, CategoryFactory.create().pk)], Origin(Source.PAGE, now, wording="Grüße 日本"))
    made = seals.seal(now=now)
    assert made
    assert made.count == ConsentEvent.objects.count() == 1
    assert found() == []


EDITS: dict[str, Callable[[], object]] = {
    "at": lambda: datetime(2026, 1, 2, 3, 4, 5, 999999, tzinfo=UTC).replace(tzinfo=UTC if ON_POSTGRESQL else None),
    "kind": lambda: "opt_in",
    "source": lambda: "import",
    "contact_id": lambda: AddressFactory.create().contact_id,
    "address_id": lambda: AddressFactory.create().pk,
    "channel": lambda: "sms",
    "category_id": lambda: None,
    "campaign_id": lambda: CampaignFactory.create().pk,
    "before": lambda: json.dumps({"answer": "subscribed", "frequency": "weekly"}),
    "after": lambda: json.dumps({}),
    "wording": lambda: "I agree to everything",
    "actor": lambda: "boss@example.com",
    "note": lambda: " ",
}


def test_no_column_is_forgotten() -> None:
    assert {field.attname for field in ConsentEvent._meta.concrete_fields} == {"id", *EDITS}


@pytest.mark.parametrize("column", EDITS)
def test_an_edited_line_is_named(column: str, sealed: list[int]) -> None:
    sql("UPDATE {ledger} SET " + column + " = %s WHERE id = %s", EDITS[column](), sealed[4])  # noqa: S608 - a column of ours
    assert found() == [(FindingKind.EDITED, sealed[4], 0)]


def test_history_given_to_another_person_is_named(ada: Address, now: datetime) -> None:
    """The ids stay what they were; whose they are is what the address says."""
    bob, cleo = AddressFactory.create(), AddressFactory.create()
    [adas], [bobs], [_] = write(ada), write(bob), write(cleo)
    assert seals.seal(now=now)
    swap(ada, bob)
    assert found() == [(FindingKind.EDITED, adas, 0), (FindingKind.EDITED, bobs, 0)]
    swap(ada, bob)
    assert found() == []


def swap(one: Address, other: Address) -> None:
    """In the table alone: both objects keep what they were."""
    there = dict(Address.objects.values_list("id", "digest"))
    for row, digest in ((one, bytes(32)), (other, there[one.pk]), (one, there[other.pk])):
        sql("UPDATE {addresses} SET digest = %s WHERE id = %s", digest, row.pk)


@pytest.mark.sqlite_only("PostgreSQL keeps the address of every line")
def test_a_line_whose_address_is_gone_is_named_and_the_rest_is_sealed(
    ada: Address, sealed: list[int], now: datetime
) -> None:
    write(AddressFactory.create())
    sql("PRAGMA defer_foreign_keys = ON")
    sql("UPDATE {addresses} SET id = -1 WHERE id = %s", ada.pk)
    made = seals.seal(now=now + 3 * HOUR)
    assert made
    assert made.count == 1
    assert found() == [(FindingKind.EDITED, id_, 0) for id_ in sealed]
    sql("UPDATE {addresses} SET id = %s WHERE id = -1", ada.pk)


@pytest.mark.parametrize("change", CHANGES_OF_ADDRESSES)
def test_what_may_happen_to_an_address_leaves_its_history_as_it_was(
    change: Callable[[Address, datetime], object], ada: Address, sealed: list[int], now: datetime
) -> None:
    change(ada, now)
    assert found() == []


def test_sealing_and_comparing_ask_nothing_for_each_line(ada: Address, now: datetime) -> None:
    write(ada, 200)
    with CaptureQueriesContext(connection) as queries:
        assert seals.seal(now=now)
        assert found() == []
    assert len(queries) < 20


@pytest.mark.parametrize("place", [0, 4, 8])
def test_a_removed_line_is_named(place: int, sealed: list[int]) -> None:
    sql("DELETE FROM {ledger} WHERE id = %s", sealed[place])
    assert found() == [(FindingKind.REMOVED, sealed[place], 0)]


@pytest.mark.parametrize("place", [(0, 1), (1, 7), (6, 8)])
def test_two_lines_that_changed_places_are_named(place: tuple[int, int], sealed: list[int]) -> None:
    one, other = (sealed[index] for index in place)
    for old, new in ((one, -1), (other, one), (-1, other)):
        sql("UPDATE {ledger} SET id = %s WHERE id = %s", new, old)
    assert found() == [(FindingKind.REORDERED, one, other), (FindingKind.REORDERED, other, one)]


def test_a_line_inserted_between_is_named(ada: Address, now: datetime) -> None:
    before = write(ada, 2)
    [gap] = write(ada)
    sql("DELETE FROM {ledger} WHERE id = %s", gap)
    after = write(ada, 2)
    assert seals.seal(now=now)
    write(ada)
    assert seals.seal(now=now + HOUR)
    sql("UPDATE {ledger} SET id = %s WHERE id = %s", gap, write(ada)[0])
    assert before[-1] < gap < after[0]
    assert found() == [(FindingKind.INSERTED, gap, 0)]
    write(ada)
    seals.seal(now=now + 2 * HOUR)
    assert found() == [(FindingKind.INSERTED, gap, 0)], "the next seal must not make it good"


def test_a_line_inserted_before_the_first_is_named(ada: Address, sealed: list[int]) -> None:
    sql("UPDATE {ledger} SET id = %s WHERE id = %s", -5, write(ada)[0])
    assert found() == [(FindingKind.INSERTED, -5, 0)]


def test_a_line_pushed_in_by_renumbering_the_later_ones_is_seen(ada: Address, sealed: list[int]) -> None:
    for old in reversed(sealed[4:]):
        sql("UPDATE {ledger} SET id = %s WHERE id = %s", old + 1, old)
    assert FindingKind.REMOVED in {kind for kind, number, _ in found() if number == sealed[4]}


@pytest.mark.sqlite_only("PostgreSQL keeps text out of a time")
def test_a_line_that_cannot_even_be_read_is_named(ada: Address, sealed: list[int], now: datetime) -> None:
    new = write(ada, 2)
    for one in (sealed[4], new[0]):
        sql("UPDATE {ledger} SET at = 'yesterday' WHERE id = %s", one)
    made = seals.seal(now=now + 3 * HOUR)
    assert made
    assert made.count == 2, "one such line must not keep the rest from being sealed"
    assert found() == [(FindingKind.UNREADABLE, sealed[4], 0), (FindingKind.UNREADABLE, new[0], 0)]


@pytest.mark.sqlite_only("PostgreSQL keeps numbers out of a digest")
@pytest.mark.parametrize("digest", [10**12, "00"])
def test_a_line_whose_address_cannot_even_be_read_is_named(digest: object, ada: Address, sealed: list[int]) -> None:
    sql("UPDATE {addresses} SET digest = %s WHERE id = %s", digest, ada.pk)
    assert found() == [(FindingKind.UNREADABLE, id_, 0) for id_ in sealed]


@pytest.mark.sqlite_only("PostgreSQL keeps text out of a time")
def test_a_seal_that_cannot_even_be_read_is_named(sealed: list[int]) -> None:
    sql("UPDATE {seals} SET at = 'yesterday' WHERE number = 2")
    assert found() == [(FindingKind.SEAL_EDITED, 2, 0)]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("at", datetime(2026, 1, 1, tzinfo=UTC if ON_POSTGRESQL else None)),
        ("count", 2),
        ("settled", 10**6),
        ("through", 1),
        ("hash", b"x" * 32),
        ("previous", b"x" * 32),
        ("entries", b""),
    ],
)
def test_an_edited_seal_is_named(column: str, value: object, sealed: list[int]) -> None:
    sql("UPDATE {seals} SET " + column + " = %s WHERE number = 2", value)  # noqa: S608 - a column of ours
    findings = found()
    assert (FindingKind.SEAL_EDITED, 2, 0) in findings
    assert {kind for kind, *_ in findings} <= {FindingKind.SEAL_EDITED, FindingKind.CHAIN_BROKEN}, "no line is accused"


def test_a_seal_made_anew_to_fit_an_edited_line_breaks_the_chain(sealed: list[int]) -> None:
    sql("UPDATE {ledger} SET source = 'import' WHERE id = %s", sealed[4])
    second = Seal.objects.get(number=2)
    second.entries = encoding.pack(encoding.SealedEvent(*one) for one in sorted(encoding.hashes(sealed[3:6]).items()))
    second.hash = encoding.hash_of(second)
    second.save()
    assert found() == [(FindingKind.CHAIN_BROKEN, 3, 0)]


@pytest.mark.parametrize(("removed", "other"), [(1, 2), (2, 3)])
def test_a_removed_seal_is_named_and_no_line_accused(removed: int, other: int, sealed: list[int]) -> None:
    sql("DELETE FROM {seals} WHERE number = %s", removed)
    assert found() == [(FindingKind.SEALS_MISSING, removed, other)]


def test_a_seal_of_a_later_version_is_said(sealed: list[int]) -> None:
    sql("UPDATE {seals} SET version = 2 WHERE number = 3")
    assert found() == [(FindingKind.SEAL_UNKNOWN, 3, 0)]


def test_the_newest_seal_removed_shows_by_the_hash_kept_elsewhere(sealed: list[int], now: datetime) -> None:
    kept = [bytes(one.hash) for one in Seal.objects.order_by("number")]
    sql("DELETE FROM {seals} WHERE number = 3")
    sql("DELETE FROM {ledger} WHERE id = %s", sealed[-1])
    assert seals.seal(now=now + 9 * HOUR)
    assert found() == []
    assert [seals.has_seal(hash_) for hash_ in kept] == [True, True, False]


def test_every_sentence_names_what_it_is_about() -> None:
    for kind in FindingKind:
        assert str(seals.Finding(kind, 17, 23)).count("17") == 1


def test_an_id_that_was_rolled_back_is_no_alarm(ada: Address, now: datetime) -> None:
    write(ada)
    with transaction.atomic():
        write(ada, 3)
        transaction.set_rollback(True)
    write(ada)
    assert seals.seal(now=now)
    with transaction.atomic():
        write(ada)
        transaction.set_rollback(True)
    assert seals.seal(now=now + HOUR) is None
    write(ada)
    assert seals.seal(now=now + 2 * HOUR)
    assert found() == []
    assert seals.summary().unsealed == 0


def test_many_lines_are_many_seals_and_small_batches(
    ada: Address, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "MOST", 10)
    monkeypatch.setattr(verifying, "CHUNK", 3)
    monkeypatch.setattr(verifying, "MOST_TOUCHED", 2)
    ids = write(ada, 25)
    made = seals.seal(now=now)
    assert made
    assert list(Seal.objects.order_by("number").values_list("count", flat=True)) == [10, 10, 5]
    heard: list[int] = []
    assert list(seals.verify(progress=heard.append)) == []
    assert heard[-1] == 25
    assert len(heard) >= 9
    for one in ids[::4]:
        sql("DELETE FROM {ledger} WHERE id = %s", one)
    assert [number for _, number, _ in found()] == ids[::4]


def test_the_encoding_is_what_it_always_was() -> None:
    """Other bytes would make every sealed line an edited one: then it is another VERSION."""
    line = (datetime(2026, 3, 10, 12, 0, 0, 1, tzinfo=UTC), "opt_out", "page", 1, 2, "email", None, 3)
    texts: tuple[Any, ...] = ({"b": 1, "a": ["é", None]}, {}, "Grüße", "", "said on the phone")
    assert (
        encoding.hash_of_event(bytes(range(32)), *line, *texts).hex()
        == "868b05e7802e0f4f0b0dd4e0ad516959d46f7a0076f957df8daec9afc0e88abe"
    )


@needs_postgresql
@pytest.mark.django_db(transaction=True)
class TestUnderLoad:
    def test_a_line_that_commits_late_is_in_the_next_seal_and_no_alarm(self, ada: Address, now: datetime) -> None:
        CategoryFactory.create()
        late: list[int] = []
        with ThreadPoolExecutor(1) as pool:

            def elsewhere(act: Callable[[], object]) -> None:
                pool.submit(act).result()

            try:
                elsewhere(lambda: transaction.set_autocommit(False))
                elsewhere(lambda: late.extend(write(ada, 2)))
                early = write(ada, 2)
                first = seals.seal(now=now, patience=0)
                assert first
                assert max(late) < min(early)
                assert (first.count, first.settled) == (2, 0)
                elsewhere(transaction.commit)
            finally:
                elsewhere(lambda: connection.close())  # noqa: PLW0108 - that thread's connection, not this one's
        assert found() == []
        assert seals.summary().unsealed == 2
        second = seals.seal(now=now + HOUR)
        assert second
        assert (second.count, second.settled) == (2, max(early))
        assert found() == []
        assert seals.summary().unsealed == 0

    def test_a_line_that_commits_soon_is_waited_for(
        self, ada: Address, now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        CategoryFactory.create()
        is_waited_for, writers = threading.Event(), watermark._writers

        def waiting() -> set[str]:
            found = writers()
            is_waited_for.set()
            return found

        with ThreadPoolExecutor(1) as pool:

            def write_slowly() -> None:
                with transaction.atomic():
                    write(ada)
                    is_waited_for.wait(PATIENCE)
                connection.close()

            pool.submit(write_slowly)
            wait_until(writers, what="the other's line")
            write(ada)
            monkeypatch.setattr(watermark, "_writers", waiting)
            made = seals.seal(now=now)
        assert made
        assert made.count == ConsentEvent.objects.count() == 2
        assert made.settled == made.through

    def test_sealing_while_many_write_misses_no_line_and_accuses_nobody(self, ada: Address, now: datetime) -> None:
        CategoryFactory.create()

        def act(number: int) -> None:
            for round_ in range(15):
                if number == 0:
                    seals.seal(now=now, patience=0.02 if round_ % 2 else 2)
                    assert found() == []
                    continue
                with transaction.atomic():
                    write(ada, 1 + number)
                    transaction.set_rollback((round_ + number) % 3 == 0)

        at_once(act)
        seals.seal(now=now)
        assert found() == []
        assert seals.summary().unsealed == 0
        assert sum(Seal.objects.values_list("count", flat=True)) == ConsentEvent.objects.count()

    def test_eight_at_once_make_one_chain(self, ada: Address, now: datetime) -> None:
        write(ada, 20)
        at_once(lambda number: seals.seal(now=now))
        assert found() == []
        assert Seal.objects.get().count == 20
