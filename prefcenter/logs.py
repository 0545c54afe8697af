"""Keeps tokens and addresses out of the logs. It looks at the finished line, so nothing slips past it."""

import logging
import re

from unsubscribe.addresses import redact

#: Behind a link's path whatever stands there, and what a space has parted from it; anywhere else what looks like a
#: token with a letter too many or too few.
_TOKEN = re.compile(
    r"(?P<path>/(?i:[upfies])/+)[^\s/?\"'<>]+(?:\s+[A-Za-z0-9_-]{8,})*"
    r"|(?:prefcenter|whsec)_[A-Za-z0-9_+/=-]{20,}"
    r"|(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{38,42}(?![A-Za-z0-9_-])"
)


class RedactingFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return _TOKEN.sub(_hidden, redact(super().format(record)))


def _hidden(found: re.Match[str]) -> str:
    return f"{found['path'] or ''}•••"
