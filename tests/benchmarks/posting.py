"""How long POST /audience takes for ten thousand addresses, through all of the site but the web server."""

import json
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from random import Random

from django.conf import settings
from django.test import Client

from prefcenter.accounts import api_keys
from unsubscribe import gate
from unsubscribe.mailing import Mailing
from unsubscribe.models import Category

from .filling import Filled, address
from .measuring import Figure, by_turns

ADDRESSES = 10_000
AT_MOST = 1.5
#: A fraction of a second each: one alone would say more about the machine.
TURNS = 5


def audience(filled: Filled, *, now: datetime, rounds: int) -> Figure:
    """Beside the gate stand a key that is checked, and JSON that is read and written."""
    numbers = range(1, filled.contacts + 1)
    asked = [address(one) for one in Random(1).sample(numbers, min(ADDRESSES, filled.contacts))]
    _, key = api_keys.make("bench", [api_keys.Scope.AUDIENCE], now=now)
    # Once for the planner and the caches, which a site that answers all day has warm.
    _post(asked, filled.category, key)
    done = by_turns(
        partial(_post, asked, filled.category, key),
        partial(gate.check, asked, Mailing(filled.category), now=now),
        rounds=max(rounds, TURNS),
    )
    name, floor = "POST /audience", "the same through gate.check"
    return Figure(name, floor, len(asked), done.seconds, done.floor_seconds, most=AT_MOST)


def _post(asked: Sequence[str], category: Category, key: str) -> None:
    answer = Client().post(
        "/api/v1/audience",
        json.dumps({"category": category.slug, "addresses": asked}),
        content_type="application/json",
        headers={"authorization": f"Bearer {key}", "host": settings.ALLOWED_HOSTS[0]},
        secure=True,
    )
    if answer.status_code != 200:
        raise AssertionError(f"The site answered {answer.status_code}.")
