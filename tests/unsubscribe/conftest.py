"""A real mail server behind the guarded backend."""

from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import Message
from typing import Any, NamedTuple

import pytest
from aiosmtpd.controller import Controller

from tests.services import free_port


class Arrived(NamedTuple):
    """For whom, and from whom, the server was given this, as the envelope says, and the message itself."""

    recipients: list[str]
    message: Message
    sender: str


@pytest.fixture
def smtp(settings: Any) -> Iterator[list[Arrived]]:
    """What a server behind Django's own SMTP backend was given, in its order.

    It knows nobody named `gone`, wants nothing from `refused`, and of letters it has read refuses those for `unread`,
    and for now those for `busy`.
    """
    arrived: list[Arrived] = []

    class Handler:
        async def handle_MAIL(  # noqa: N802
            self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
        ) -> str:
            if address.startswith("refused"):
                return "550 Not from you"
            envelope.mail_from = address
            return "250 OK"

        async def handle_RCPT(  # noqa: N802
            self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
        ) -> str:
            if address.startswith("gone"):
                return "550 No such mailbox"
            envelope.rcpt_tos.append(address)
            return "250 OK"

        async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
            for name, answer in {"unread": "554 Not this", "busy": "452 Not now"}.items():
                if any(one.startswith(name) for one in envelope.rcpt_tos):
                    return answer
            message = message_from_bytes(envelope.content, policy=policy.default)
            arrived.append(Arrived(envelope.rcpt_tos, message, envelope.mail_from))
            return "250 OK"

    controller = Controller(Handler(), hostname="127.0.0.1", port=free_port())
    controller.start()
    settings.UNSUBSCRIBE_EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = controller.hostname, controller.port
    yield arrived
    controller.stop()
