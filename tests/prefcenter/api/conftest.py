"""A sender's system with a key, as each test of the API needs it."""

import json
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from prefcenter.accounts import api_keys
from prefcenter.accounts.api_keys import Scope
from unsubscribe.addresses import normalise
from unsubscribe.choices import Channel
from unsubscribe.models import Address


class Caller:
    """Calls the API with a key of these scopes; all of them, if none is named."""

    def __init__(self, *scopes: Scope) -> None:
        self.row, self.key = api_keys.make("A mailer", scopes or list(Scope), now=timezone.now())
        self.client = Client(headers={"host": "mail.example.com"})

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        sent = {"authorization": f"Bearer {self.key}"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        data = body if isinstance(body, bytes | str) else json.dumps(body)
        return self.client.generic(
            method, f"/api/v1{path}", data if body is not None else "", "application/json", secure=True, headers=sent
        )

    def get(self, path: str, **headers: str) -> Any:
        return self.ask("GET", path, **headers)

    def post(self, path: str, body: Any, **headers: str) -> Any:
        return self.ask("POST", path, body, **headers)

    def patch(self, path: str, body: Any, **headers: str) -> Any:
        return self.ask("PATCH", path, body, **headers)


@pytest.fixture
def caller(db: None) -> Caller:
    return Caller()


@pytest.fixture
def join(caller: Caller) -> Any:
    def _join(first: str, *others: str, channel: str = "email") -> Address:
        places = [{"address": first}, *({"address": one, "channel": channel} for one in others)]
        answer = caller.post("/contacts", {"contacts": [{"addresses": places}]})
        assert answer.json()["results"][0]["problem"] is None
        value = normalise(others[-1], channel=Channel(channel)).value
        return Address.objects.get(value=value, channel=channel)

    return _join
