"""What several imports said is lifted when the last of them is taken back, in any order, if nobody else said it."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext

from tests.conftest import NOW
from tests.factories import ADA, BOB, AddressFactory, CategoryFactory, ContactFactory
from unsubscribe import actions, gate
from unsubscribe.actions import ImportedNo, ImportStanding, Origin
from unsubscribe.addresses import normalise
from unsubscribe.choices import Channel, EventKind, Frequency, Outcome, Source, SuppressionReason
from unsubscribe.links import Target
from unsubscribe.mailing import Mailing
from unsubscribe.models import Address, Category, ConsentEvent, DomainSuppression, ImportRepeat, Preference, Suppression

pytestmark = pytest.mark.django_db
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
ALL = SuppressionReason.UNSUBSCRIBED_ALL
SCOPES = ["address", "everywhere", "category", "domain", "narrowed"]
Says = Callable[[str, Category, datetime], object]


def imports(number: int | None, scope: str, news: Category, *texts: str, now: datetime = NOW, **more: Any) -> None:
    origin = Origin(Source.IMPORT, now, import_id=number)
    if scope == "domain":
        actions.suppress_domains({"example.com": more.get("at")}, origin._replace(actor="staff 1"), reason=ALL)
        return
    options: dict[str, Any] = {"category": {"category_id": news.pk}, "everywhere": {"everywhere": True}}
    at = more.get("at") or (NOW - 9 * DAY if scope == "narrowed" else None)
    said = [ImportedNo(normalise(one).digest, normalise(one).value, at) for one in texts or (ADA,)]
    actions.import_opt_outs(said, origin, channel=Channel.EMAIL, **options.get(scope, {}))


def take_back(number: int, now: datetime = NOW + DAY) -> int:
    lifted = 0
    while (done := actions.take_back(number, most=2, now=now)).looked_at:
        lifted += done.lifted
    return lifted


def answer(category: Category, text: str = ADA, now: datetime = NOW + 2 * DAY) -> Outcome:
    return gate.check([text], Mailing(category), now=now)[0].outcome


def is_off(category: Category, text: str = ADA) -> bool:
    return answer(category, text) != Outcome.SEND


@pytest.fixture
def said_yes_to_something(ada: Address) -> None:
    """So that an older no to everything leaves the other categories, and that one alone stands."""
    offers = CategoryFactory.create(slug="offers")
    actions.opt_in([Target(ada.pk, offers.pk)], Origin(Source.PAGE, NOW - DAY, wording="Yes"))


@pytest.mark.usefixtures("said_yes_to_something")
@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("count", [1, 2, 3])
def test_in_every_order_it_stands_while_one_import_is_left_and_no_longer(
    count: int, scope: str, news: Category
) -> None:
    for round_, order in enumerate(permutations(range(count))):
        numbers = [100 * round_ + number for number in range(1, count + 1)]
        for step, number in enumerate(numbers):
            imports(number, scope, news, now=NOW + step * MINUTE)
            imports(number, scope, news, now=NOW + step * MINUTE)  # a line that stands twice in its file
        for place in order:
            assert is_off(news)
            take_back(numbers[place])
        assert not is_off(news)
        assert not ImportRepeat.objects.exists()


@pytest.mark.usefixtures("said_yes_to_something")
@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("first", [1, 2])
def test_what_was_taken_back_is_forgotten(first: int, scope: str, news: Category) -> None:
    imports(1, scope, news)
    imports(2, scope, news, now=NOW + MINUTE)
    assert take_back(first) == 0
    rows: list[Suppression | Preference | DomainSuppression]
    rows = [*Suppression.objects.all(), *Preference.objects.exclude(import_id=None), *DomainSuppression.objects.all()]
    [row] = rows
    assert (row.import_id, row.said_at) == (3 - first, None)
    assert not ConsentEvent.objects.filter(kind__in=[EventKind.LIFT, EventKind.AGAIN]).exists()
    assert take_back(first) == 0
    assert is_off(news)
    assert take_back(3 - first) == 1
    assert not is_off(news)


def by_page(text: str, news: Category, now: datetime) -> None:
    whom = Address.objects.get(digest=normalise(text).digest)
    for target in (Target(whom.pk), Target(whom.pk, news.pk)):
        actions.opt_out([target], Origin(Source.PAGE, now))


def by_one_click(text: str, news: Category, now: datetime) -> None:
    whom = Address.objects.get(digest=normalise(text).digest)
    for target in (Target(whom.pk), Target(whom.pk, news.pk)):
        actions.opt_out([target], Origin(Source.ONE_CLICK, now))


def by_staff(text: str, news: Category, now: datetime) -> None:
    whom = Address.objects.get(digest=normalise(text).digest)
    actions.suppress([whom.pk], Origin(Source.STAFF, now), reason=ALL)
    actions.opt_out([Target(whom.pk, news.pk)], Origin(Source.STAFF, now))
    actions.suppress_domains({"example.com": None}, Origin(Source.STAFF, now), reason=ALL)


def by_the_senders_system(text: str, news: Category, now: datetime, at: datetime | None = None) -> None:
    for category_id in (None, news.pk):
        said = [ImportedNo(normalise(text).digest, text, at)]
        actions.import_opt_outs(said, Origin(Source.API, now), channel=Channel.EMAIL, category_id=category_id)
    actions.suppress_domains({"example.com": at}, Origin(Source.API, now), reason=ALL)


def by_the_senders_system_of_long_ago(text: str, news: Category, now: datetime) -> None:
    by_the_senders_system(text, news, now, NOW - 900 * DAY)


def by_an_import_without_a_number(text: str, news: Category, now: datetime) -> None:
    for scope in ("address", "category", "domain"):
        imports(None, scope, news, text, now=now)


OTHERS = [
    by_page,
    by_one_click,
    by_staff,
    by_the_senders_system,
    by_the_senders_system_of_long_ago,
    by_an_import_without_a_number,
]


@pytest.mark.parametrize("scope", ["address", "everywhere", "category", "domain"])
@pytest.mark.parametrize("place", [0, 1, 2, 3])
@pytest.mark.parametrize("says", OTHERS)
def test_what_anybody_else_said_stands_whatever_imports_said_before_and_after(
    says: Says, place: int, scope: str, ada: Address, news: Category
) -> None:
    if scope == "domain" and says in {by_page, by_one_click}:
        pytest.skip("nobody says that")
    for step in range(4):
        if step == place:
            says(ADA, news, NOW + step * MINUTE)
        elif step < 3:
            imports(step + 1, scope, news, now=NOW + step * MINUTE)
    for order in ([1, 2, 3], [3, 2, 1]):
        for number in order:
            take_back(number)
    rows: dict[str, QuerySet[Any]] = {
        "category": Preference.objects.filter(state="unsubscribed"),
        "domain": DomainSuppression.objects.filter(lifted_at=None),
    }
    assert rows.get(scope, Suppression.objects.filter(lifted_at=None)).exists()
    assert is_off(news)


@pytest.mark.parametrize("scope", ["address", "category", "domain"])
def test_what_an_import_said_that_can_no_longer_be_taken_back_stands(scope: str, news: Category) -> None:
    for number in (1, 2, 3):
        imports(number, scope, news, now=NOW + number * MINUTE)
    assert actions.oldest_repeat() == 2
    assert (actions.settle([2], most=10), actions.settle([2], most=10)) == (1, 0)
    for number in (3, 1, 2):
        take_back(number)
    assert is_off(news)
    assert actions.oldest_repeat() is None


def test_after_a_yes_an_import_begins_anew(ada: Address, news: Category) -> None:
    for scope in ("category", "address"):
        for number in (1, 2):
            imports(number, scope, news)
        actions.opt_in([Target(ada.pk, news.pk)], Origin(Source.PAGE, NOW + MINUTE, wording="Yes"))
        assert not is_off(news)
        imports(3, scope, news, now=NOW + 2 * MINUTE)
        assert is_off(news)
        assert take_back(3) == 1
        assert not is_off(news)
        assert (take_back(1), take_back(2)) == (0, 0)
        assert not is_off(news)


@pytest.mark.parametrize(
    "change", [{"frequency": Frequency.WEEKLY}, {"paused_until": (NOW + 9 * DAY).date()}], ids=["frequency", "pause"]
)
def test_how_often_somebody_would_read_what_an_import_left_is_no_word_for_the_no(
    change: dict[str, Any], ada: Address, news: Category
) -> None:
    for number in (1, 2):
        imports(number, "category", news)
    actions.set_preferences([actions.Wanted(ada.pk, news.pk, change)], Origin(Source.API, NOW + MINUTE))
    assert (take_back(1), take_back(2)) == (0, 1)
    row = Preference.objects.get()
    assert (row.state, row.frequency, row.paused_until) == ("unspecified", *_less(change))


def _less(change: dict[str, Any]) -> tuple[Any, Any]:
    return change.get("frequency", "as_sent"), change.get("paused_until")


@pytest.mark.parametrize("before", [None, "subscribed"])
def test_a_category_that_two_imports_left_is_what_it_was_before_both(
    before: str | None, ada: Address, news: Category
) -> None:
    if before:
        actions.opt_in([Target(ada.pk, news.pk)], Origin(Source.PAGE, NOW - DAY, wording="Yes"))
    imports(1, "category", news)
    imports(2, "category", news)
    take_back(1)
    take_back(2)
    row = Preference.objects.get(category=news)
    assert (row.state, row.import_id, row.state_before) == (before or "unspecified", None, "")


def test_what_would_be_lifted_and_why_not_is_said_of_each(ada: Address, news: Category) -> None:
    for number in (1, 2):
        imports(number, "address", news, ADA, BOB)
        imports(number, "domain", news)
    imports(1, "category", news)
    by_page(BOB, news, NOW + MINUTE)
    assert actions.standing(1) == ImportStanding(0, 1, 0, {"import": 2, "page": 1}, 0, 0)
    assert actions.standing(2) == ImportStanding(0, 0, 0, {"import": 2}, 0, 0)
    take_back(2)
    assert actions.standing(1) == ImportStanding(1, 1, 1, {"page": 1}, 0, 0)
    assert actions.standing(2) == ImportStanding(0, 0, 0, {}, 0, 0)
    imports(3, "address", news, BOB, now=NOW + DAY)
    assert actions.standing(1) == ImportStanding(1, 1, 1, {"": 1}, 0, 0)  # somebody, an import was the last
    assert actions.standing(3) == ImportStanding(0, 0, 0, {}, 0, 0)


@pytest.mark.usefixtures("said_yes_to_something")
def test_an_older_no_in_a_later_file_does_not_hide_who_said_it_last(ada: Address, news: Category) -> None:
    imports(1, "category", news)
    actions.opt_out([Target(ada.pk, news.pk)], Origin(Source.PAGE, NOW + MINUTE))
    imports(2, "narrowed", news, now=NOW + 2 * MINUTE)
    assert actions.standing(1).said_again == {"page": 1}


def test_an_old_no_leaves_nothing_more_of_who_came_back_to_one_category_alone(ada: Address, news: Category) -> None:
    CategoryFactory.create(slug="offers")
    actions.opt_out([Target(ada.pk)], Origin(Source.PAGE, NOW - 2 * DAY))
    actions.opt_in([Target(ada.pk, news.pk)], Origin(Source.PAGE, NOW - DAY, wording="Yes"))
    imports(1, "narrowed", news)
    assert list(Preference.objects.values_list("category__slug", "state")) == [("news", "subscribed")]


def test_what_was_lifted_since_has_ended_blocks_on_domains_too(news: Category) -> None:
    imports(1, "address", news, ADA)
    imports(1, "domain", news)
    actions.lift_domains(["example.com"], Origin(Source.STAFF, NOW + MINUTE), reason=ALL)
    assert actions.standing(1) == ImportStanding(1, 0, 0, {}, 1, 0)
    take_back(1)
    assert actions.standing(1) == ImportStanding(0, 0, 0, {}, 2, 0)
    assert actions.take_back(1, most=2, now=NOW + DAY) == actions.TakenBack(0, 0)


@pytest.mark.parametrize(("named", "is_gone", "of"), [(2, False, 2), (0, False, 0), (0, True, 2)])
def test_the_event_is_of_the_address_that_was_named_and_else_of_the_first_of_its_channel(
    named: int, is_gone: bool, of: int, news: Category
) -> None:
    contact = ContactFactory.create()
    texts = [(Channel.EMAIL, ADA), (Channel.SMS, "+49 30 901820"), (Channel.EMAIL, BOB)]
    addresses = [AddressFactory.create(contact=contact, channel=channel, text=text) for channel, text in texts]
    imports(1, "category", news, addresses[named].value)
    if is_gone:
        Address.objects.filter(pk=addresses[named].pk).update(contact=ContactFactory.create())
    take_back(1)
    assert ConsentEvent.objects.get(kind=EventKind.OPT_IN).address_id == addresses[of].pk


def test_a_yes_under_another_spelling_counts_again_when_a_later_no_of_an_import_is_taken_back(
    settings: Any, news: Category
) -> None:
    settings.UNSUBSCRIBE_GMAIL_SPELLINGS = True
    imports(1, "address", news, "a.da@gmail.com")
    other = AddressFactory.create(text="ada@gmail.com")
    actions.opt_in([Target(other.pk, news.pk)], Origin(Source.PAGE, NOW + MINUTE, wording="Yes"))
    imports(2, "address", news, "a.da@gmail.com", now=NOW + 2 * MINUTE)
    assert is_off(news, "ada@gmail.com")
    take_back(2)
    assert not is_off(news, "ada@gmail.com")
    imports(3, "address", news, "a.da@gmail.com", now=NOW + 3 * MINUTE)
    take_back(1)
    assert is_off(news, "ada@gmail.com")


class TestMany:
    def queries(self, size: int, scope: str, news: Category, do: Callable[[int], object]) -> int:
        texts = [f"r{number}.{scope}.{size}@example.com" for number in range(size)]
        for number in (1, 2):
            imports(number, scope, news, *texts)
        with CaptureQueriesContext(connection) as caught:
            do(size)
        for number in (1, 2):
            take_back(number)
        return len(caught)

    @pytest.mark.parametrize("scope", ["address", "category"])
    @pytest.mark.parametrize("number", [1, 2])
    def test_they_are_taken_back_in_as_many_queries_as_one(self, number: int, scope: str, news: Category) -> None:
        def do(size: int) -> None:
            assert actions.take_back(number, most=100, now=NOW).looked_at == size

        assert self.queries(1, scope, news, do) == self.queries(60, scope, news, do)

    @pytest.mark.parametrize("scope", ["address", "category"])
    def test_they_are_said_again_in_as_many_queries_as_one(self, scope: str, news: Category) -> None:
        def do(size: int) -> None:
            imports(3, scope, news, *(f"r{number}.{scope}.{size}@example.com" for number in range(size)))

        assert self.queries(1, scope, news, do) == self.queries(60, scope, news, do)
        take_back(3)


class TestJoined:
    """Addresses that a sender joined: what an import set at one of them, and by that at the other."""

    @pytest.fixture
    def bob(self, ada: Address) -> Address:
        """Pending, at Ada's contact."""
        return actions.add_addresses(ada.contact_id, [normalise(BOB)], now=NOW - 9 * DAY)[0]

    def part(self, one: Address) -> None:
        actions.part([one.pk], Origin(Source.PAGE, NOW + MINUTE))

    @pytest.mark.parametrize("named", [ADA, BOB])
    @pytest.mark.parametrize("scope", ["address", "category", "everywhere"])
    @pytest.mark.parametrize("numbers", [[1], [1, 2], [2, 1]])
    @pytest.mark.parametrize("parts_after", [0, 1, 2])
    def test_it_is_lifted_at_both_also_after_they_parted(
        self, parts_after: int, numbers: Sequence[int], scope: str, named: str, bob: Address, news: Category
    ) -> None:
        for step, number in enumerate(sorted(numbers)):
            imports(number, scope, news, named, now=NOW + step * MINUTE)
            if step + 1 == parts_after:
                self.part(bob)
        whom = {ADA, BOB} if parts_after != 1 or len(numbers) == 1 else {named}
        for number in numbers:
            assert {one for one in whom if is_off(news, one)} == whom
            assert sum(actions.standing(number)[:3]) == take_back(number)
        assert [is_off(news, one) for one in (ADA, BOB)] == [False, False]

    def test_a_copy_of_a_copy_too(self, bob: Address, news: Category) -> None:
        imports(1, "category", news, ADA)
        self.part(bob)
        bob.refresh_from_db()
        [cleo] = actions.add_addresses(bob.contact_id, [normalise("cleo@example.com")], now=NOW + MINUTE)
        self.part(cleo)
        assert actions.standing(1).choices == 3
        assert take_back(1) == 3
        events = ConsentEvent.objects.filter(kind=EventKind.OPT_IN)
        assert {(one.contact_id, one.address_id) for one in events} == {
            (one.contact_id, one.pk) for one in Address.objects.all()
        }
        assert not any(is_off(news, one) for one in (ADA, BOB, "cleo@example.com"))

    def test_what_was_said_of_a_copy_since_stays_there(self, bob: Address, news: Category) -> None:
        imports(1, "category", news, ADA)
        self.part(bob)
        actions.opt_out([Target(bob.pk, news.pk)], Origin(Source.ONE_CLICK, NOW + 2 * MINUTE))
        assert take_back(1) == 1
        assert [is_off(news, one) for one in (ADA, BOB)] == [False, True]

    def test_a_yes_of_the_older_one_before_the_import_is_none_of_the_copy(self, bob: Address, news: Category) -> None:
        actions.opt_in([Target(bob.contact.addresses.order_by("id")[0].pk, news.pk)], YES)
        assert [is_off(news, one) for one in (ADA, BOB)] == [False, True]
        imports(1, "category", news, ADA)
        self.part(bob)
        assert actions.standing(1).choices == 1
        assert take_back(1) == 1
        assert [is_off(news, one) for one in (ADA, BOB)] == [False, True]

    def test_the_lift_is_the_event_of_an_address_of_the_contact(self, bob: Address, news: Category) -> None:
        imports(1, "category", news, BOB)
        self.part(bob)
        take_back(1)
        for event in ConsentEvent.objects.filter(kind=EventKind.OPT_IN):
            assert event.address.contact_id == event.contact_id

    @pytest.mark.parametrize("says", [by_page, by_one_click])
    def test_an_address_learnt_after_somebody_said_it_again_is_covered_for_good(
        self, says: Says, ada: Address, news: Category
    ) -> None:
        imports(1, "everywhere", news)
        says(ADA, news, NOW + MINUTE)
        actions.add_addresses(ada.contact_id, [normalise(BOB)], now=NOW + 2 * MINUTE)
        take_back(1)
        assert [is_off(news, one) for one in (ADA, BOB)] == [True, True]

    @pytest.mark.parametrize("order", [[1, 2], [2, 1]])
    def test_an_address_learnt_after_two_imports_is_covered_by_both(
        self, order: Sequence[int], ada: Address, news: Category
    ) -> None:
        for number in (1, 2):
            imports(number, "address", news, now=NOW + number * MINUTE)
        actions.add_addresses(ada.contact_id, [normalise(BOB)], now=NOW + 5 * MINUTE)
        for number in order:
            assert [is_off(news, one) for one in (ADA, BOB)] == [True, True]
            take_back(number)
        assert [is_off(news, one) for one in (ADA, BOB)] == [False, False]


YES = Origin(Source.PAGE, NOW - DAY, wording="Yes")
