"""Whatever is said, imported, undone and taken back, in any order: a no stands while anybody's word for it is left."""

from collections import defaultdict
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import QuerySet
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import NOW
from tests.examples import examples
from tests.factories import ADA, BOB, AddressFactory, CategoryFactory
from tests.unsubscribe.actions.test_taking_back import imports, is_off, take_back
from tests.unsubscribe.gate.test_checking import forgotten
from unsubscribe import actions
from unsubscribe.actions import Origin
from unsubscribe.addresses import normalise
from unsubscribe.choices import Frequency, Source, SuppressionReason
from unsubscribe.links import Target
from unsubscribe.models import Address, DomainSuppression, ImportRepeat, Preference, Suppression

pytestmark = pytest.mark.django_db
ALL = SuppressionReason.UNSUBSCRIBED_ALL
LONG_AGO = NOW - timedelta(days=900)
NUMBERS = [1, 2, 3, 4]
SOURCES = [Source.PAGE, Source.ONE_CLICK, Source.API, Source.STAFF]
scopes = st.sampled_from(["address", "category", "domain"])
an_import = st.tuples(st.just("import"), st.sampled_from(NUMBERS), scopes, st.booleans())
taking_back = st.tuples(st.just("take back"), st.sampled_from(NUMBERS))
saying = st.tuples(st.just("say"), st.sampled_from(SOURCES), scopes)
the_rest = st.sampled_from([("yes",), ("undo",), ("weekly", True), ("weekly", False), ("settle",)])
every_setting = examples(40)


class World:
    """Ada, what stands to her, and by whose words: of imports their numbers, of anybody else a receipt, or None."""

    def __init__(self) -> None:
        self.news = CategoryFactory.create()
        self.ada = AddressFactory.create(text=ADA)
        self.now = NOW
        self.words: dict[str, set[Any]] = defaultdict(set)
        self.receipts: list[tuple[str, int]] = []
        self.old: set[tuple[str, int]] = set()
        self.gone: set[int] = set()
        self.is_weekly = False

    def does(self, what: str, *how: Any) -> None:
        self.now += timedelta(minutes=1)
        getattr(self, what.replace(" ", "_") + "_")(*how)

    def import_(self, number: int, scope: str, is_old: bool) -> None:
        if number in self.gone:
            return
        at = LONG_AGO if is_old and self.words[scope] else None
        if at and number not in self.words[scope]:
            self.old.add((scope, number))
        elif not at:
            self.old.discard((scope, number))
        if scope == "domain":
            named = {"corp.example": at}
            actions.suppress_domains(named, Origin(Source.IMPORT, self.now, import_id=number), reason=ALL)
        else:
            imports(number, scope, self.news, now=self.now, at=at)
        self.words[scope].add(number)

    def take_back_(self, number: int) -> None:
        foreseen = actions.standing(number)
        lifted = take_back(number, now=self.now)
        assert sum(foreseen[:3]) == lifted == sum(words == {number} for words in self.words.values())
        assert actions.standing(number)[:3] == (0, 0, 0)
        for words in self.words.values():
            words.discard(number)
        self.gone.add(number)

    def say_(self, source: Source, scope: str) -> None:
        if scope == "domain":
            actions.suppress_domains({"corp.example": None}, Origin(source, self.now), reason=ALL)
            self.words[scope].add(None)
            return
        target = Target(self.ada.pk, self.news.pk if scope == "category" else None)
        receipt = [event.pk for event in actions.opt_out([target], Origin(source, self.now))]
        self.words[scope].add(receipt[0] * -1 if receipt else None)
        self.receipts += [(scope, event_id) for event_id in receipt]

    def yes_(self) -> None:
        actions.opt_in([Target(self.ada.pk, self.news.pk)], Origin(Source.PAGE, self.now, wording="Yes"))
        self.words["address"].clear()
        self.words["category"].clear()

    def weekly_(self, with_no: bool) -> None:
        """How often is no word for a no; with a no beside it, it is."""
        if self.words["category"]:
            self.is_weekly = not self.is_weekly
            change = {"frequency": "weekly" if self.is_weekly else "monthly"} | (
                {"state": "unsubscribed"} if with_no else {}
            )
            wanted = actions.Wanted(self.ada.pk, self.news.pk, change)
            actions.set_preferences([wanted], Origin(Source.PAGE, self.now))
            if with_no:
                self.words["category"].add(None)

    def undo_(self) -> None:
        if not self.receipts:
            return
        scope, event_id = self.receipts.pop()
        if actions.undo([event_id], Origin(Source.PAGE, self.now, wording="Undo")):
            # An older no of a file is none said since, and does not beat the yes that an undo is.
            assert {word for word in self.words[scope] if (scope, word) not in self.old} == {-event_id}
            self.words[scope].clear()

    def settle_(self) -> None:
        """What the imports until now repeated can no longer be taken back."""
        for repeat in ImportRepeat.objects.all():
            scope = {"suppression": "address", "preference": "category", "domainsuppression": "domain"}[repeat.model]
            rows: dict[str, QuerySet[Any]] = {
                "address": Suppression.objects.all(),
                "category": Preference.objects.all(),
                "domain": DomainSuppression.objects.all(),
            }
            if rows[scope].filter(pk=repeat.row_id).exclude(import_id=None).exists():
                self.words[scope].add(None)
        while actions.settle(NUMBERS, most=1):
            pass

    def check(self) -> None:
        blocks = Suppression.objects.filter(lifted_at=None).exists()
        left = Preference.objects.filter(state="unsubscribed").exists()
        domain = DomainSuppression.objects.filter(lifted_at=None).exists()
        assert (blocks, left, domain) == tuple(bool(self.words[scope]) for scope in ("address", "category", "domain"))
        assert is_off(self.news) == bool(self.words["address"] | self.words["category"])
        assert is_off(self.news, "eve@corp.example") == bool(self.words["domain"])


@every_setting
@given(acts=st.lists(an_import | taking_back | saying | the_rest, max_size=10))
def test_a_no_stands_while_a_word_for_it_is_left(acts: list[tuple[Any, ...]]) -> None:
    with forgotten():
        world = World()
        for act in acts:
            world.does(*act)
            world.check()
        for number in NUMBERS:
            world.does("take back", number)
            world.check()


who = st.sampled_from([ADA, BOB])
join_acts = (
    st.tuples(st.just("import"), who, st.sampled_from(NUMBERS), st.sampled_from(["address", "category"]))
    | st.tuples(st.just("say"), who, st.sampled_from(["address", "category"]))
    | taking_back
    | st.just(("part",))
)


class Pair:
    """Ada, and Bob whom a sender joined to her: what either says holds for both until they part."""

    def __init__(self) -> None:
        self.news = CategoryFactory.create()
        ada = AddressFactory.create(text=ADA)
        [bob] = actions.add_addresses(ada.contact_id, [normalise(BOB)], now=NOW)
        self.people: dict[str, Address] = {ADA: ada, BOB: bob}
        self.words: dict[tuple[str, str], set[int | None]] = defaultdict(set)
        self.now, self.gone, self.have_parted = NOW, set[int](), False

    def does(self, what: str, *how: Any) -> None:
        self.now += timedelta(minutes=1)
        getattr(self, what.replace(" ", "_") + "_")(*how)

    def hear(self, text: str, scope: str, word: int | None) -> None:
        for one in [text] if self.have_parted else [ADA, BOB]:
            self.words[one, scope].add(word)

    def import_(self, text: str, number: int, scope: str) -> None:
        if number not in self.gone:
            imports(number, scope, self.news, text, now=self.now)
            self.hear(text, scope, number)

    def say_(self, text: str, scope: str) -> None:
        target = Target(self.people[text].pk, self.news.pk if scope == "category" else None)
        actions.opt_out([target], Origin(Source.PAGE, self.now))
        self.hear(text, scope, None)

    def part_(self) -> None:
        actions.part([self.people[BOB].pk], Origin(Source.PAGE, self.now))
        self.have_parted = True

    def take_back_(self, number: int) -> None:
        foreseen = actions.standing(number)
        assert sum(foreseen[:3]) == take_back(number, now=self.now)
        for words in self.words.values():
            words.discard(number)
        self.gone.add(number)

    def check(self) -> None:
        for one in (ADA, BOB):
            assert is_off(self.news, one) == bool(self.words[one, "address"] | self.words[one, "category"])


@every_setting
@given(acts=st.lists(join_acts, max_size=10))
def test_also_between_two_addresses_that_part(acts: list[tuple[Any, ...]]) -> None:
    with forgotten():
        pair = Pair()
        for act in acts:
            pair.does(*act)
            pair.check()
        for number in NUMBERS:
            pair.does("take back", number)
            pair.check()


UNTIL = (NOW + timedelta(days=30)).date()
WHOLE = {"everything", "pause everything"}
KINDS = ["leave", "less", "pause", *sorted(WHOLE)]
less_acts = st.tuples(st.just("say"), st.sampled_from(KINDS), st.sampled_from(SOURCES)) | st.tuples(
    st.just("undo"), st.integers(0, 9)
)


class Receipts:
    """Ada, who says no and less, again and again, and keeps every receipt."""

    def __init__(self) -> None:
        self.news = CategoryFactory.create()
        self.ada = AddressFactory.create(text=ADA)
        self.now = NOW
        self.acts: list[str] = []
        self.receipts: list[tuple[str, int, list[int]]] = []

    def says(self, kind: str, source: Source) -> None:
        target = Target(self.ada.pk, None if kind in WHOLE else self.news.pk)
        origin = Origin(source, self.now)
        if kind == "less":
            events = actions.opt_down([target], origin, frequency=Frequency.WEEKLY)
        elif kind.startswith("pause"):
            events = actions.pause([target], origin, until=UNTIL)
        else:
            events = actions.opt_out([target], origin)
        if events:
            self.receipts.append((kind, len(self.acts), [event.pk for event in events]))
        self.acts.append(kind)

    def undoes(self, number: int) -> None:
        if not self.receipts:
            return
        kind, place, event_ids = self.receipts[number % len(self.receipts)]
        since = [one for one in self.acts[place + 1 :] if kind not in WHOLE or one in WHOLE]
        undone = actions.undo(event_ids, Origin(Source.PAGE, self.now, wording="Undo"))
        assert bool(undone) == (not since)
        if undone:
            self.acts.append(kind)


@every_setting
@given(acts=st.lists(less_acts, max_size=10))
def test_a_receipt_undoes_what_nobody_said_again_since_and_nothing_else(acts: list[tuple[Any, ...]]) -> None:
    with forgotten():
        receipts = Receipts()
        for what, *how in acts:
            receipts.now += timedelta(minutes=1)
            (receipts.says if what == "say" else receipts.undoes)(*how)
