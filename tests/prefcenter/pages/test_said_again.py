"""A contact says no, or less, and again from another source, or from the same: the older receipt undoes neither."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests.factories import ADA, CategoryFactory
from tests.prefcenter.api.conftest import Caller
from tests.prefcenter.pages.test_preferences import preferences_of, sheet
from tests.prefcenter.pages.test_unsubscribe import receipt_in
from unsubscribe import gate, links
from unsubscribe.choices import Channel, Outcome
from unsubscribe.links import Target
from unsubscribe.mailing import Mailing
from unsubscribe.models import Address, Category, ConsentEvent, Contact, OutboxMessage, Preference

pytestmark = pytest.mark.django_db
PAGES = ["link", "center"]
#: What is said, and from which sources it can come.
SOURCES = {
    "leave": [*PAGES, "one-click", "api", "api: a no"],
    "everything": [*PAGES, "one-click", "api: a no", "api: everywhere"],
    "less": [*PAGES, "api"],
    "pause": [*PAGES, "api"],
    "pause everything": PAGES,
}
TABLE = [(what, first, again) for what, sources in SOURCES.items() for first in PAGES for again in sources]


class Ada:
    """At her phone, her mail program, and in the sender's system."""

    def __init__(self, address: Address, news: Category) -> None:
        self.address, self.news = address, news
        self.phone = Client(enforce_csrf_checks=True, headers={"host": "mail.example.com"})
        self.api = Caller()

    def says(self, what: str, source: str) -> str:
        if source == "link":
            return self._post(self._link(what), **self._button(what))
        if source == "one-click":
            return self._post(self._link(what), **{"List-Unsubscribe": "One-Click"})
        return self._chooses(what) if source == "center" else self._reports(what, source)

    def undoes(self, receipt: str) -> bool:
        return "Your previous settings are back" in self._post(self._link("leave"), do="undo", receipt=receipt)

    def state(self) -> tuple[object, ...]:
        answer = gate.check([ADA], Mailing(self.news), now=timezone.now())[0].outcome
        row = Preference.objects.filter(category=self.news).values_list("state", "frequency", "paused_until")
        return answer, *row, Contact.objects.get().paused_until

    def _link(self, what: str) -> str:
        is_whole = what in {"everything", "pause everything"}
        target = Target(self.address.pk, None if is_whole else self.news.pk)
        return "/u/" + links.sign(target, today=timezone.localdate())

    def _button(self, what: str) -> dict[str, str]:
        more = {"pause": {"days": "30"}, "pause everything": {"days": "30"}, "less": {"frequency": "weekly"}}
        verbs = {"leave": "unsubscribe", "everything": "unsubscribe"}
        return {"do": verbs.get(what, what.split(maxsplit=1)[0])} | more.get(what, {})

    def _chooses(self, what: str) -> str:
        """By a page that was opened before anything was said."""
        key = f"c{self.news.pk}_email"
        fields = {
            "leave": sheet(**{key: "off as_sent was on as_sent"}),
            "less": sheet(**{key: "on weekly was on as_sent"}),
            "everything": {"do": "everything"},
            "pause": sheet(**{key: "on as_sent"}) | {"do": "pause-30", "pause": f"{self.news.pk}-email"},
            "pause everything": sheet(**{key: "on as_sent"}) | {"do": "pause-30", "pause": ""},
        }
        return self._post(preferences_of(self.address, self.news), **fields[what])

    def _reports(self, what: str, source: str) -> str:
        until = (timezone.localdate() + timedelta(days=30)).isoformat()
        changes: dict[str, dict[str, object]] = {
            "leave": {"is_subscribed": False},
            "less": {"frequency": "weekly"},
            "pause": {"paused_until": until},
        }
        if source == "api":
            change = {"category": self.news.slug, "channel": Channel.EMAIL} | changes[what]
            answer = self.api.patch(f"/contacts/{self.address.contact_id}/preferences", {"preferences": [change]})
        else:
            about: dict[str, object] = {"everywhere": True} if "everywhere" in source else {}
            about |= {"category": self.news.slug} if what == "leave" else {}
            answer = self.api.post("/suppressions", {"suppressions": [{"address": ADA} | about]})
        assert answer.status_code == 200
        return str(answer.content)

    def _post(self, url: str, **fields: str) -> str:
        answer = self.phone.post(url, fields, secure=True)
        assert answer.status_code == 200
        return answer.content.decode().replace("&#x27;", "'")


@pytest.fixture
def somebody(ada: Address, news: Category) -> Ada:
    CategoryFactory.create(slug="offers")
    return Ada(ada, news)


@pytest.mark.parametrize(("what", "first", "again"), TABLE)
def test_an_older_receipt_undoes_nothing_that_was_said_again(what: str, first: str, again: str, somebody: Ada) -> None:
    receipt = receipt_in(somebody.says(what, first))
    state, mails = somebody.state(), OutboxMessage.objects.count()
    assert state[0] != Outcome.SEND or what == "less"
    assert "receipt" not in somebody.says(what, again)
    assert somebody.state() == state
    assert not somebody.undoes(receipt)
    assert somebody.state() == state
    assert OutboxMessage.objects.count() == mails
    assert not ConsentEvent.objects.exclude(kind="again").filter(source="api").exists()


@pytest.mark.parametrize(("what", "first"), [(what, first) for what in SOURCES for first in PAGES])
def test_what_was_said_once_is_undone(what: str, first: str, somebody: Ada) -> None:
    state = somebody.state()
    receipt = receipt_in(somebody.says(what, first))
    assert somebody.undoes(receipt)
    assert (somebody.state()[0], somebody.state()[-1]) == (state[0], state[-1])
    assert not somebody.undoes(receipt)


@pytest.mark.parametrize("slower", ["weekly", "monthly"])
def test_less_tapped_on_an_older_page_stays_what_is_slower(slower: str, somebody: Ada) -> None:
    for frequency in ("monthly", slower):
        url = somebody._link("less")
        page = somebody._post(url, do="less", frequency=frequency)
    assert "already set this way" in page
    assert Preference.objects.get().frequency == "monthly"
