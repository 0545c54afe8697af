"""An older no of an address that was joined to somebody: a newer yes of theirs is none of its own (law 11)."""

from datetime import timedelta
from typing import Any

import pytest

from tests.conftest import NOW
from tests.factories import ADA, BOB, CategoryFactory
from unsubscribe import actions, gate
from unsubscribe.actions import ImportedNo, Origin
from unsubscribe.addresses import normalise
from unsubscribe.choices import Channel, Outcome, Source, SuppressionReason
from unsubscribe.links import Target
from unsubscribe.mailing import Mailing
from unsubscribe.models import Address, Category

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def answer(text: str, category: Category) -> Outcome:
    return gate.check([text], Mailing(category), now=NOW + 9 * DAY)[0].outcome


@pytest.fixture
def bob(ada: Address) -> Address:
    """Joined to Ada, and pending."""
    return actions.add_addresses(ada.contact_id, [normalise(BOB)], now=NOW - 9 * DAY)[0]


def says_older_no(one: Address, category: Category, scope: str) -> None:
    options: dict[str, Any] = {"category": {"category_id": category.pk}, "everywhere": {"everywhere": True}}
    said = [ImportedNo(bytes(one.digest), one.value, NOW - DAY)]
    wish, origin = {"channel": Channel.EMAIL} | options.get(scope, {}), Origin(Source.IMPORT, NOW + 2 * DAY)
    expected = actions.preview_opt_outs(said, origin, **wish)
    assert actions.import_opt_outs(said, origin, **wish) == expected


@pytest.mark.parametrize("scope", ["category", "address", "everywhere"])
@pytest.mark.parametrize("undone", ["category", "everything", None])
def test_holds_for_it_whatever_the_older_one_said_since(
    undone: str | None, scope: str, ada: Address, bob: Address, news: Category
) -> None:
    if undone:
        left = Target(ada.pk, news.pk if undone == "category" else None)
        receipt = actions.opt_out([left], Origin(Source.PAGE, NOW - 2 * DAY))
        actions.undo([one.pk for one in receipt], Origin(Source.PAGE, NOW))
    else:
        actions.opt_in([Target(ada.pk, news.pk)], Origin(Source.PAGE, NOW, wording="Yes"))
    says_older_no(bob, news, scope)
    assert answer(BOB, news) in {Outcome.UNSUBSCRIBED, Outcome.SUPPRESSED}
    is_left = answer(BOB, CategoryFactory.create(slug="later")) == Outcome.SUPPRESSED
    assert is_left == (scope != "category")


class TestTakingAnImportBack:
    """What an import set at one of two addresses, and by that at the other."""

    @pytest.fixture(autouse=True)
    def _import(self, bob: Address) -> None:
        self.imports(bob, 7)

    def imports(self, one: Address, import_id: int) -> None:
        said = [ImportedNo(bytes(one.digest), one.value)]
        actions.import_opt_outs(said, Origin(Source.IMPORT, NOW, import_id=import_id), channel=Channel.EMAIL)

    def take_back(self) -> None:
        while actions.take_back(7, most=10, now=NOW + DAY).looked_at:
            pass

    def test_lifts_it_at_both(self, bob: Address, news: Category) -> None:
        self.imports(bob, 7)  # resumed: that is no no said again
        self.take_back()
        assert (answer(ADA, news), answer(BOB, news)) == (Outcome.SEND, Outcome.SEND)

    @pytest.mark.parametrize("again", ["another import", "a sender's system", "the page"])
    def test_leaves_both_where_either_said_it_since(self, again: str, bob: Address, news: Category) -> None:
        if again == "another import":
            self.imports(bob, 8)
        elif again == "the page":
            actions.opt_out([Target(bob.pk)], Origin(Source.PAGE, NOW + DAY / 2))
        else:
            actions.suppress([bob.pk], Origin(Source.API, NOW + DAY / 2), reason=SuppressionReason.UNSUBSCRIBED_ALL)
        self.take_back()
        assert (answer(ADA, news), answer(BOB, news)) == (Outcome.SUPPRESSED, Outcome.SUPPRESSED)
