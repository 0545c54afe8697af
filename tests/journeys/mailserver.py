"""A real SMTP server that keeps every mail it is given, and misbehaves when it is told to; it delivers nothing."""

import asyncio
import logging
import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, NamedTuple

from aiosmtpd.controller import Controller

from tests.services import free_port

A_DAY = 24 * 3600
logging.getLogger("mail.log").setLevel(logging.WARNING)  # aiosmtpd's: ten lines for each mail


class Letter(NamedTuple):
    """One mail as it came over the wire."""

    to: str
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        return message_from_bytes(self.raw, policy=policy.default)

    @property
    def id(self) -> str:
        return str(self.message["Message-ID"])

    @property
    def text(self) -> str:
        part = self.message.get_body(("plain",))
        return str(part.get_content()) if part else ""


class PostOffice:
    """It can be stopped, and started again on the same port. `tries` counts how often somebody was written to."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"smtp://127.0.0.1:{self.port}"
        self.letters: list[Letter] = []
        self.tries: Counter[str] = Counter()
        self.seconds_per_letter = 0.0
        self._answers: dict[str, str] = {}
        self._hanging: set[str] = set()
        self._controller: Controller | None = None

    def start(self) -> None:
        if self._controller is None:
            self._controller = Controller(self, hostname="127.0.0.1", port=self.port, server_hostname="post.example")
            self._controller.start()

    def stop(self) -> None:
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    def to(self, address: str) -> list[Letter]:
        return [letter for letter in self.letters if letter.to == address]

    def answer(self, address: str, answer: str) -> None:
        """Refuses this recipient: 4xx for now, 5xx for good."""
        self._answers[address] = answer

    def hang(self, address: str) -> None:
        """Takes a mail for this recipient in, throws it away and never says a word."""
        self._hanging.add(address)

    def recover(self, address: str) -> None:
        self._answers.pop(address, None)
        self._hanging.discard(address)

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        self.tries[address] += 1
        if answer := self._answers.get(address):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if self._hanging & set(envelope.rcpt_tos):
            await asyncio.sleep(A_DAY)
        # Kept before the answer: whoever dies waiting for it cannot know, and must send again.
        self.letters += [Letter(to, envelope.content) for to in envelope.rcpt_tos]
        await asyncio.sleep(self.seconds_per_letter)
        return "250 OK"


@contextmanager
def silence(port: int) -> Iterator[None]:
    """A server of whatever kind that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", port), backlog=128):
        yield
