"""A receiver on this machine, and an endpoint that leads to it."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from prefcenter.models import WebhookEndpoint
from prefcenter.webhooks import delivery, http
from tests.services import PATIENCE

from .receiver import Receiver


@pytest.fixture(autouse=True)
def _to_this_machine(settings: Any) -> None:
    settings.WEBHOOKS_ALLOW_PRIVATE = True


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """Whose body is waited for however busy the machine is, so that its connection is kept."""
    monkeypatch.setattr(http, "BODY", PATIENCE)
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture
def endpoint(db: None, receiver: Receiver) -> WebhookEndpoint:
    return delivery.make("A mailer", receiver.url, [], now=timezone.now())
