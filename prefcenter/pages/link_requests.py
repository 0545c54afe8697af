"""Who asked for a link, and what becomes of it. Whether an address is known is not looked up while somebody waits."""

from datetime import datetime, timedelta
from math import ceil

from celery import signature
from django.db import transaction
from django.db.models import QuerySet

from prefcenter.models import LinkRequest
from unsubscribe import actions
from unsubscribe.addresses import Normalised
from unsubscribe.choices import Channel
from unsubscribe.errors import UnsubscribeError
from unsubscribe.models import Address
from unsubscribe.tasks import publish

from . import networks

WINDOW = timedelta(hours=1)
PER_ADDRESS = 3
PER_NETWORK = 20
KEPT = timedelta(days=1)
BATCH = 500
#: By name, because the task itself calls `answer`.
ANSWER = signature("prefcenter.tasks.answer_link_requests")


class TooManyRequests(UnsubscribeError):
    """Too many links were asked for. In `seconds` it can be tried again."""

    def __init__(self, seconds: int) -> None:
        super().__init__()
        self.seconds = seconds


@transaction.atomic
def take(address: Normalised, *, network: str, now: datetime) -> None:
    """Stores the wish and tells a worker; `network` is the IP address it came from. Raises TooManyRequests.

    PostgreSQL may let as many pass together as arrive in one instant. That price is accepted: they are no more than
    the site has threads, and the outbox makes one mail of them.
    """
    from_network = networks.digest(network)
    of_address = LinkRequest.objects.filter(address=address.digest)
    of_network = LinkRequest.objects.filter(network=from_network)
    seconds = max(_wait(of_address, most=PER_ADDRESS, now=now), _wait(of_network, most=PER_NETWORK, now=now))
    if seconds:
        raise TooManyRequests(seconds)
    LinkRequest.objects.create(address=address.digest, network=from_network, created_at=now)
    transaction.on_commit(lambda: publish(ANSWER), robust=True)


def answer(*, now: datetime) -> int:
    """Mails a link to those who are known, and forgets what is a day old. Returns how many requests it answered."""
    answered = 0
    while batch := _answer_some(now=now):
        answered += batch
    # What could not be answered in a day is still owed an answer.
    LinkRequest.objects.filter(created_at__lt=now - KEPT, answered_at__isnull=False).delete()
    return answered


@transaction.atomic
def _answer_some(*, now: datetime) -> int:
    """One batch, answered and queued for the mail together or, after a crash, not at all.

    What another worker holds is passed over: it is answered there.
    """
    rows = LinkRequest.objects.filter(answered_at=None).select_for_update(skip_locked=True).order_by("created_at")
    requests = dict(rows.values_list("id", "address")[:BATCH])
    digests = {bytes(digest) for digest in requests.values()}
    # An erased address has left its digest, and nowhere to write to.
    known = Address.objects.filter(channel=Channel.EMAIL, digest__any_of=list(digests)).exclude(value="")
    actions.send_link(list(known.values_list("id", flat=True)), now=now)
    return LinkRequest.objects.filter(id__any_of=list(requests)).update(answered_at=now)


def _wait(requests: QuerySet[LinkRequest], *, most: int, now: datetime) -> int:
    """Seconds until there are fewer than `most` within the window; 0 if that is so now."""
    times = requests.filter(created_at__gt=now - WINDOW).order_by("-created_at").values_list("created_at", flat=True)
    oldest_that_counts = list(times[most - 1 : most])
    return ceil((oldest_that_counts[0] + WINDOW - now).total_seconds()) if oldest_that_counts else 0
