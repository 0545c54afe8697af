"""A receiver on this machine, and an endpoint that leads to it."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from prefcenter.models import WebhookEndpoint
from prefcenter.webhooks import delivery

from .receiver import Receiver


@pytest.fixture(autouse=True)
def _to_this_machine(settings: Any) -> None:
    settings.WEBHOOKS_ALLOW_PRIVATE = True


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture
def endpoint(db: None, receiver: Receiver) -> WebhookEndpoint:
    return delivery.make("A mailer", receiver.url, [], now=timezone.now())
