"""What the tests of joined addresses do at every entry point: ask the gate, read the mails, open links, send forms."""

import re
from datetime import timedelta

from django.core import mail as sent
from django.test import Client
from django.utils import timezone

from unsubscribe import gate, links, outbox
from unsubscribe.choices import Channel, Outcome
from unsubscribe.links import LinkPurpose, Target
from unsubscribe.mailing import Mailing
from unsubscribe.models import Address, Category

MALLORY = "mallory@evil.example"


def answer(text: str, category: Category | None = None, channel: Channel = Channel.EMAIL) -> Outcome:
    return gate.check([text], Mailing(category, channel=channel), now=timezone.now())[0].outcome


def deliver() -> list[tuple[str, str]]:
    """What goes out now: to whom, and the text."""
    before = len(sent.outbox)
    later = timezone.now() + timedelta(seconds=90)
    for id_ in outbox.due(now=later, limit=100):
        outbox.deliver(id_, now=later)
    return [(one.to[0], f"{one.subject}\n{one.body}") for one in sent.outbox[before:]]


def path_in(text: str, purpose: LinkPurpose) -> str:
    found = re.search(rf"https://mail\.example\.com(/{purpose}/[\w-]+)", text)
    assert found, text
    return found[1]


def link_for(address: Address, purpose: LinkPurpose = LinkPurpose.FRESH, category_id: int | None = None) -> str:
    return f"/{purpose}/{links.sign(Target(address.pk, category_id), purpose=purpose, today=timezone.localdate())}"


def get(client: Client, path: str) -> str:
    answer = client.get(path, secure=True)
    assert answer.status_code == 200
    return answer.content.decode().replace("&#x27;", "'")


def post(client: Client, path: str, **fields: str) -> str:
    answer = client.post(path, fields, secure=True)
    assert answer.status_code in {200, 400}
    return answer.content.decode().replace("&#x27;", "'")


def switched_on(category: Category, channel: str = "email") -> dict[str, str]:
    key = f"{category.pk}-{channel}"
    return {"do": "save", f"on-{key}": "on", f"often-{key}": "as_sent", f"was-{key}": "off as_sent"}
