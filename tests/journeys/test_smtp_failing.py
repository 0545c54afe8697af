"""Confirmations while the mail server refuses, hangs or says no: never lost nor doubled, and right when they come."""

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from tests.journeys.clicks import one_click, request
from tests.journeys.mailserver import Letter, PostOffice, silence
from tests.journeys.site import Owed, Running, Site, new_site
from tests.services import wait_until

pytestmark = [pytest.mark.postgresql_only, pytest.mark.starts_first]

BOUNCED = """
from django.utils import timezone
from unsubscribe import actions
from unsubscribe.choices import Source, SuppressionReason
from unsubscribe.models import Address
found = Address.objects.get(value={address!r})
actions.suppress([found.pk], actions.Origin(Source.API, timezone.now()), reason=SuppressionReason.HARD_BOUNCE)
"""
PREFERENCES_LINK = re.compile(r"http://localhost:[0-9]+/f/[A-Za-z0-9_-]{40}")
SHOWN = re.compile(r'name="was-([0-9]+-email)" value="([^"]*)"')
Trouble = Callable[[PostOffice, str], AbstractContextManager[None]]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, post_office: PostOffice) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    environment = {"EMAIL_URL": post_office.url, "EMAIL_TIMEOUT": "5", "UNSUBSCRIBE_CONFIRMATION_DELAY": "2"}
    with new_site(folder, **environment) as site:
        yield site


@pytest.fixture(scope="module", autouse=True)
def running(site: Site) -> Iterator[Running]:
    running = site.start()
    yield running
    running.stop()


@contextmanager
def refused(post_office: PostOffice, address: str) -> Iterator[None]:
    post_office.stop()
    yield
    post_office.start()


@contextmanager
def silent(post_office: PostOffice, address: str) -> Iterator[None]:
    post_office.stop()
    with silence(post_office.port):
        yield
    post_office.start()


@contextmanager
def temporary(post_office: PostOffice, address: str) -> Iterator[None]:
    post_office.answer(address, "451 4.3.0 Please try again later")
    yield
    post_office.recover(address)


@contextmanager
def hanging(post_office: PostOffice, address: str) -> Iterator[None]:
    post_office.hang(address)
    yield
    post_office.recover(address)


def opt_out(site: Site, address: str, *, category: str = "news") -> None:
    assert one_click(site.link(address, category=category)).status == 200


def owed(site: Site, address: str, *, status: str, attempts: int) -> Owed:
    """The one outbox row of this address, as soon as it stands like this."""

    def so() -> Owed | None:
        (row,) = site.outbox(address)
        return row if (row.status, row.attempts) == (status, attempts) else None

    return wait_until(so, what=f"{status} after {attempts} attempts; it is {site.outbox(address)}")


def the_confirmation(site: Site, post_office: PostOffice, address: str) -> Letter:
    wait_until(lambda: post_office.to(address), what="the confirmation")
    wait_until(lambda: {row.status for row in site.outbox(address)} == {"sent"}, what="the row says so")
    (letter,) = post_office.to(address)
    return letter


def wait_for_a_sweep(site: Site, post_office: PostOffice, address: str) -> None:
    """Until a mail to this address has gone out that only a sweep sends; it takes up all else that is due as well."""
    with temporary(post_office, address):
        opt_out(site, address)
        owed(site, address, status="queued", attempts=1)
    site.make_due(address)
    owed(site, address, status="sent", attempts=2)


def is_in(minutes: int, due_at: datetime, *, since: datetime) -> bool:
    """So long after a moment between `since` and now."""
    return since <= due_at - timedelta(minutes=minutes) <= datetime.now(UTC)


@pytest.mark.parametrize("trouble", [refused, silent, temporary, hanging])
def test_a_trouble_that_passes_is_tried_again_later_and_later_and_ends_in_one_mail(
    site: Site, post_office: PostOffice, trouble: Trouble
) -> None:
    address = f"{trouble.__name__}@failing.example"
    with trouble(post_office, address):
        begun = datetime.now(UTC)
        opt_out(site, address)
        assert is_in(1, owed(site, address, status="queued", attempts=1).due_at, since=begun)
        begun = datetime.now(UTC)
        site.make_due(address)
        second = owed(site, address, status="queued", attempts=2)
        assert is_in(5, second.due_at, since=begun)
        assert second.last_error
        assert address not in second.last_error
    assert post_office.to(address) == []

    site.make_due(address)
    sent = owed(site, address, status="sent", attempts=3)
    (letter,) = post_office.to(address)
    assert sent.uid in letter.id


def test_a_refusal_for_good_is_not_tried_again(site: Site, post_office: PostOffice) -> None:
    address = "gone@failing.example"
    post_office.answer(address, "550 5.1.1 No such mailbox")
    opt_out(site, address)
    failed = owed(site, address, status="failed", attempts=1)
    assert "550" in failed.last_error
    assert address not in failed.last_error
    assert site.verdict(address) == "unsubscribed"

    site.make_due(address)
    for number in range(2):
        wait_for_a_sweep(site, post_office, f"swept{number}@failing.example")
    assert post_office.tries[address] == 1
    assert owed(site, address, status="failed", attempts=1)


def test_after_the_eighth_attempt_it_gives_up_and_shows_it(site: Site, post_office: PostOffice) -> None:
    address = "never@failing.example"
    with temporary(post_office, address):
        opt_out(site, address)
        owed(site, address, status="queued", attempts=1)
        for attempts, minutes in [(6, 720), (7, None)]:
            site.database.query("UPDATE unsubscribe_outboxmessage SET attempts = %s WHERE status = 'queued'", attempts)
            begun = datetime.now(UTC)
            site.make_due(address)
            row = owed(site, address, status="queued" if minutes else "failed", attempts=attempts + 1)
            assert minutes is None or is_in(minutes, row.due_at, since=begun)
    assert "451" in row.last_error
    assert post_office.to(address) == []


def test_changes_that_follow_each_other_become_one_mail(site: Site, post_office: PostOffice) -> None:
    address = "twice@failing.example"
    links = [site.link(address, category=category) for category in ("news", "offers")]
    assert one_click(links[0]).status == 200
    assert request("POST", links[1], data={"do": "unsubscribe"}).status == 200

    text = the_confirmation(site, post_office, address).text
    assert "You’ll no longer get “Product news” by email." in text
    assert "You’ll no longer get “Offers” by email." in text
    assert len(site.outbox(address)) == 1


def test_a_confirmation_says_what_changed_and_its_link_undoes_it(site: Site, post_office: PostOffice) -> None:
    """Requirements C1 and C3."""
    address = "back@failing.example"
    opt_out(site, address)
    letter = the_confirmation(site, post_office, address)
    assert letter.message["Auto-Submitted"] == "auto-generated"
    assert not {"List-Unsubscribe", "X-Unsubscribe-Purpose"} & set(letter.message.keys())
    assert "You’ll no longer get “Product news” by email." in letter.text
    assert "takes effect immediately" in letter.text
    assert "Review my preferences" in letter.text

    (link,) = PREFERENCES_LINK.findall(letter.text)
    page = request("GET", link)
    assert page.status == 200
    [(key, was)] = [(key, was) for key, was in SHOWN.findall(page.text) if was == "off as_sent"]
    form = {"do": "save", f"on-{key}": "on", f"often-{key}": "as_sent", f"was-{key}": was}
    assert request("POST", link, data=form).status == 200
    assert site.verdict(address) == "send"
    wait_until(lambda: len(post_office.to(address)) == 2, what="the second confirmation")
    assert "You’re subscribed to “Product news” by email." in post_office.to(address)[1].text


def test_it_goes_out_although_the_address_has_just_been_suppressed_for_marketing(
    site: Site, post_office: PostOffice
) -> None:
    """Requirement C4."""
    address = "everything@failing.example"
    assert request("POST", site.link(address), data={"do": "everything"}).status == 200
    assert site.verdict(address, category="offers") == "suppressed"
    assert "You’re unsubscribed from everything" in the_confirmation(site, post_office, address).text


def test_nothing_goes_to_an_address_that_bounced(site: Site, post_office: PostOffice) -> None:
    """Requirement C4; the opt-out itself is stored all the same."""
    address = "bounced@failing.example"
    link = site.link(address)
    site.shell(BOUNCED.format(address=address))
    assert one_click(link).status == 200
    owed(site, address, status="dropped", attempts=1)
    assert post_office.tries[address] == 0
    assert site.count("consentevent", kind="opt_out", source="one_click") >= 1


def test_a_bounce_between_two_attempts_stops_the_second(site: Site, post_office: PostOffice) -> None:
    """Requirement S1: retries included."""
    address = "meanwhile@failing.example"
    with temporary(post_office, address):
        opt_out(site, address)
        owed(site, address, status="queued", attempts=1)
        site.shell(BOUNCED.format(address=address))
    site.make_due(address)
    owed(site, address, status="dropped", attempts=2)
    assert post_office.tries[address] == 1


def test_the_log_names_nobody(site: Site) -> None:
    """Law 10, over all that failed above."""
    log = site.log.read_text()
    assert "failing.example" not in log
    assert not re.search(r"/[up]/[A-Za-z0-9_-]{40}", log)
