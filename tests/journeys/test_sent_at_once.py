"""Several processes send a campaign at the same moment, and one is killed: who wants less gets it once."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest

from tests.journeys.mailserver import PostOffice
from tests.journeys.site import LONG_AGO, ROOT, Site, new_site
from tests.services import PATIENCE, wait_until

pytestmark = pytest.mark.starts_first

WEEKLY, AS_SENT = ["ada@journey.example", "bob@journey.example"], "cleo@journey.example"
CHOOSE = f"""
from django.utils import timezone
from unsubscribe import actions
from unsubscribe.choices import Frequency, Source
from unsubscribe.links import Target
from unsubscribe.models import Address, Category
news = Category.objects.get(slug="news")
targets = [Target(one.pk, news.pk) for one in Address.objects.filter(value__in={WEEKLY!r})]
actions.opt_down(targets, actions.Origin(Source.PAGE, timezone.now()), frequency=Frequency.WEEKLY)
"""
SEND = f"""
import sys
from django.core.mail import EmailMessage, get_connection
from unsubscribe import audience

ask = audience.ask

def asked(*args, **kwargs):
    entries = ask(*args, **kwargs)
    print("asked", flush=True)
    sys.stdin.readline()
    return entries

audience.ask = asked
said = {{"X-Unsubscribe-Category": "news", "X-Unsubscribe-Campaign": "June"}}
to = {[*WEEKLY, AS_SENT]!r}
print(get_connection().send_messages([EmailMessage("June", "Hello.", to=[one], headers=said) for one in to]))
"""


@pytest.fixture
def site(tmp_path: Path, post_office: PostOffice) -> Iterator[Site]:
    post_office.letters.clear()
    post_office.tries.clear()
    with new_site(tmp_path, EMAIL_URL=post_office.url) as site:
        site.audience([*WEEKLY, AS_SENT])
        site.shell(CHOOSE)
        yield site


class Sender:
    """A process that sends the campaign to all three; it waits between the gate's answer and the first letter."""

    def __init__(self, site: Site) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "shell", "--verbosity", "0", "--command", SEND],
            cwd=ROOT,
            env=site.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def wait_for_the_answer(self) -> None:
        assert _opened(self.process.stdout).readline() == "asked\n"

    def go_on(self) -> None:
        stdin = _opened(self.process.stdin)
        stdin.write("\n")
        stdin.flush()

    def sent(self) -> int:
        return int(self.process.communicate(timeout=PATIENCE)[0])


def _opened(pipe: IO[str] | None) -> IO[str]:
    assert pipe
    return pipe


def send(site: Site) -> int:
    sender = Sender(site)
    sender.wait_for_the_answer()
    sender.go_on()
    return sender.sent()


def test_of_three_processes_one_sends_it_to_who_wants_less(site: Site, post_office: PostOffice) -> None:
    senders = [Sender(site) for _ in range(3)]
    for one in senders:
        one.wait_for_the_answer()
    for one in senders:
        one.go_on()
    assert sorted(one.sent() for one in senders) == [1, 1, 3]
    assert [len(post_office.to(one)) for one in [*WEEKLY, AS_SENT]] == [1, 1, 3]
    assert send(site) == 1
    assert site.database.query("SELECT sum(count) FROM unsubscribe_sentcount") == [(3,)]


def test_what_a_killed_process_had_claimed_is_sent_when_the_claim_has_lapsed(
    site: Site, post_office: PostOffice
) -> None:
    ada = WEEKLY[0]
    post_office.hang(ada)
    sender = Sender(site)
    sender.wait_for_the_answer()
    sender.go_on()
    wait_until(lambda: post_office.tries[ada] == 1, what="the letter that is never answered")
    sender.process.kill()
    sender.process.communicate()
    post_office.recover(ada)

    assert send(site) == 1, "for an hour nobody knows whether the other process is at it still"
    assert [len(post_office.to(one)) for one in WEEKLY] == [0, 0]
    site.database.query("UPDATE unsubscribe_lastsent SET claimed_at = %s WHERE claimed_at IS NOT NULL", LONG_AGO)
    assert [send(site), send(site)] == [3, 1]
    assert [len(post_office.to(one)) for one in WEEKLY] == [1, 1]
