"""Keeps tokens and addresses out of the logs. It looks at the finished line, so nothing slips past it."""

import logging
import re

from unsubscribe.addresses import redact

_TOKEN = re.compile(
    r"(?<=/[upfie]/)[^\s/?\"'<>]+"
    r"|(?:prefcenter|whsec)_[A-Za-z0-9_+/=-]{20,}"
    r"|(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{40}(?![A-Za-z0-9_-])"
)


class RedactingFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return _TOKEN.sub("•••", redact(super().format(record)))
