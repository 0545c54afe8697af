"""How fast links and headers are made, on one core: without a database, without a file."""

import hmac
from datetime import datetime
from functools import partial
from secrets import token_bytes

from django.core import signing

from unsubscribe import audience
from unsubscribe.mailing import Mailing
from unsubscribe.models import Category

from .measuring import Figure, by_turns, timed

MESSAGES = 200_000
AT_ONCE = 5_000
#: What is signed for one message: two links of so many bytes each.
LINKS, BYTES = 2, 13
AT_MOST, FASTER_THAN_DJANGO = 3.0, 5.0


def links_and_headers(category: Category, messages: int, *, now: datetime, rounds: int) -> Figure:
    done = by_turns(partial(_mint, category, messages, now), partial(bare_hmacs, messages), rounds=rounds)
    tenth = -(-messages // 10)
    django = min(timed(partial(_dumps, category, tenth)) for _ in range(rounds)) * messages / tenth
    return Figure(
        "minting links and headers",
        "the bare HMACs over the same bytes",
        messages,
        done.seconds,
        done.floor_seconds,
        most=AT_MOST,
        also=("django.core.signing.dumps of both links", django, FASTER_THAN_DJANGO),
    )


def bare_hmacs(messages: int) -> None:
    key, payload, digest = token_bytes(32), token_bytes(BYTES), hmac.digest
    for _ in range(messages):
        for _ in range(LINKS):
            digest(key, payload, "sha256")


def _mint(category: Category, messages: int, now: datetime) -> None:
    for start in range(1, messages + 1, AT_ONCE):
        audience.message_links(range(start, min(start + AT_ONCE, messages + 1)), Mailing(category), now=now)


def _dumps(category: Category, messages: int) -> None:
    for number in range(messages):
        for salt in ("u", "p"):
            signing.dumps([number, category.pk, 0], salt=salt)
