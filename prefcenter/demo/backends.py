"""The demo's email backend: writes each email as a file, with the bytes that a mail server would get."""

import os
import time
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend


def folder() -> Path:
    """Where the emails are."""
    return Path(settings.DATA_DIR) / "mail"


class EmlBackend(BaseEmailBackend):
    """The wrapped backend of the demo's guard."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        folder().mkdir(parents=True, exist_ok=True)
        for message in email_messages:
            # The name sorts by time. Written under another name first, so that no reader gets half an email.
            name = f"{time.time_ns()}-{os.getpid()}"
            draft = folder() / f".{name}"
            draft.write_bytes(b"\r\n".join(message.message().as_bytes().splitlines()) + b"\r\n")
            draft.rename(folder() / f"{name}.eml")
        return len(email_messages)
