"""The demo's last mile: every mail becomes a file, byte for byte as a server would have been given it."""

import os
import time
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend


def folder() -> Path:
    return Path(settings.DATA_DIR) / "mail"


class EmlBackend(BaseEmailBackend):
    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        folder().mkdir(parents=True, exist_ok=True)
        for message in email_messages:
            # The name sorts by time; written beside and renamed, so that nobody reads half a mail.
            name = f"{time.time_ns()}-{os.getpid()}"
            draft = folder() / f".{name}"
            draft.write_bytes(b"\r\n".join(message.message().as_bytes().splitlines()) + b"\r\n")
            draft.rename(folder() / f"{name}.eml")
        return len(email_messages)
