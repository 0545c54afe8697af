"""A mailing system that is not Django uses all of it: it hands over, asks, sends, and hears of every no."""

import json
import smtplib
from collections.abc import Iterator
from email.message import EmailMessage
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from tests.journeys.clicks import one_click
from tests.journeys.mailserver import PostOffice
from tests.journeys.site import Running, Site, new_site
from tests.prefcenter.webhooks.receiver import Receiver
from tests.services import PATIENCE, wait_until

pytestmark = [pytest.mark.postgresql_only, pytest.mark.starts_first]

ADA, BOB, CLEO = "ada@another.example", "bob@another.example", "cleo@another.example"
#: What Mailchimp calls the columns of its unsubscribed export.
MAILCHIMP = f"""\
Email Address,First Name,Last Name,UNSUB_TIME,UNSUB_CAMPAIGN_TITLE,UNSUB_REASON
{CLEO},Cleo,Clay,2026-01-05 10:00:00,January,OTHER
"""
WEBHOOK = """
from django.utils import timezone
from prefcenter.webhooks import delivery
print(delivery.make("The mailer", {url!r}, [], now=timezone.now()).secret)
"""


class Mailer:
    """Plain HTTP and plain SMTP; it knows the API's document and nothing else."""

    def __init__(self, site: Site, key: str, post_office: PostOffice) -> None:
        self.site, self.post_office = site, post_office
        self.headers = {"Authorization": f"Bearer {key}"}

    def get(self, path: str) -> Any:
        return self._ask("GET", path)

    def post(self, path: str, body: Any) -> Any:
        return self._ask("POST", path, json=body)

    def mail(self, campaign: str, *recipients: str) -> list[str]:
        """Asks, and sends to those it may write to, with the headers it was given. Returns whom it wrote to."""
        include = {"links": True, "headers": True}
        asked = {"category": "news", "campaign": campaign, "addresses": recipients, "include": include, "record": True}
        sending = [one for one in self.post("/audience", asked)["results"] if one["verdict"] == "send"]
        server = urlsplit(self.post_office.url)
        with smtplib.SMTP(server.hostname or "", server.port or 0) as client:
            for one in sending:
                message = EmailMessage()
                message["From"], message["To"], message["Subject"] = "shop@another.example", one["address"], campaign
                for name, value in one["headers"].items():
                    message[name] = value
                message.set_content(f"Hello. Unsubscribe: {one['unsubscribe_url']}\n")
                client.send_message(message)
        return [one["address"] for one in sending]

    def _ask(self, method: str, path: str, **options: Any) -> Any:
        answer = requests.request(
            method, f"{self.site.url}/api/v1{path}", headers=self.headers, timeout=PATIENCE, **options
        )
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, post_office: PostOffice) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    with new_site(folder, EMAIL_URL=post_office.url, WEBHOOKS_ALLOW_PRIVATE="true", WEBHOOKS_SECONDS="1") as site:
        yield site


@pytest.fixture(scope="module", autouse=True)
def running(site: Site) -> Iterator[Running]:
    running = site.start()
    yield running
    running.stop()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


def test_from_a_mailchimp_export_to_the_mail_that_is_not_sent(
    site: Site, post_office: PostOffice, receiver: Receiver
) -> None:
    file = site.folder / "unsubscribed.csv"
    file.write_text(MAILCHIMP)
    assert json.loads(site.manage("import_optouts", str(file)).stdout)["new"] == 1
    assert site.count("suppression") == 0, "a dry run"
    site.manage("import_optouts", str(file), "--apply")
    key = site.manage("api_key", "The mailer", "all").stdout.strip()
    secret = site.shell(WEBHOOK.format(url=receiver.url)).strip()
    mailer = Mailer(site, key, post_office)

    assert mailer.mail("June", ADA, BOB, CLEO) == [ADA, BOB]
    [letter] = post_office.to(ADA)
    link = letter.message["List-Unsubscribe"].strip().strip("<>")  # smtplib folds before it
    assert letter.message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    cursor = mailer.get("/events")["next_cursor"]
    assert one_click(link).status == 200

    [event] = mailer.get(f"/events?cursor={cursor}")["items"]
    assert (event["address"], event["kind"], event["source"]) == (ADA, "opt_out", "one_click")
    assert (event["category"], event["campaign"]) == ("news", "June")
    wait_until(lambda: receiver.got, what="the webhook")
    [heard] = receiver.verified(secret)
    assert heard["data"] == event
    assert mailer.mail("July", ADA, BOB, CLEO) == [BOB]
    assert site.log.read_text().count("another.example") == 0
