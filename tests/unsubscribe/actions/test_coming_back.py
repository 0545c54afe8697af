"""What coming back to one thing leaves off is written down as what it is: no consent, and no wish to leave."""

from datetime import datetime

import pytest

from tests.factories import CategoryFactory
from unsubscribe import actions
from unsubscribe.actions.coming_back import LEFT_OFF
from unsubscribe.choices import EventKind, Source
from unsubscribe.links import Target
from unsubscribe.models import Address, Category, ConsentEvent

pytestmark = pytest.mark.django_db


def test_what_stays_off_has_no_wording_and_a_note_that_says_why(ada: Address, news: Category, now: datetime) -> None:
    others = [CategoryFactory(slug=slug) for slug in ("offers", "events")]
    targets = [Target(ada.pk, one.pk) for one in (news, *others)]
    actions.opt_in(targets, source=Source.PAGE, now=now, wording="Yes")
    actions.opt_out([Target(ada.pk)], source=Source.PAGE, now=now)
    last = ConsentEvent.objects.latest("id").pk
    actions.opt_in(targets[:1], source=Source.PAGE, now=now, wording="Yes, news")
    written = ConsentEvent.objects.filter(id__gt=last).order_by("kind", "category_id")
    assert list(written.values_list("kind", "category_id", "wording", "note")) == [
        (EventKind.LIFT, None, "Yes, news", ""),
        (EventKind.OPT_IN, news.pk, "Yes, news", ""),
        *((EventKind.OPT_OUT, one.pk, "", LEFT_OFF) for one in others),
    ]
    # The figures find these lines by the moment and the door of the block that ended (prefcenter/figures/meanings.py).
    assert len(set(written.values_list("at", "source"))) == 1
