"""Keeps tokens and addresses out of the logs. It looks at the finished line, so nothing slips past it."""

import logging
import re

from unsubscribe.addresses import redact

#: As Django escapes what a path may not show, and what a link may be broken by.
_GAP = r"(?:[/= ]|\\(?:[rnt]|x[0-9a-f]{2}|u[0-9a-f]{4}))*"
#: Behind a link's path all of the line: a token that was broken in two is read, so that each part of it is secret.
#: Anywhere else what is as long as a token, and longer. Where a traceback names a file, nothing.
_TOKEN = re.compile(
    r'(?P<kept>^ *File "[^"\n]+", line \d+)'
    rf"|(?P<path>/{_GAP}(?i:[upfiesj]){_GAP}/)[^\n]+"
    r"|(?:prefcenter|whsec)_[A-Za-z0-9_+/=-]{20,}"
    r"|(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{38,}",
    re.MULTILINE,
)


class RedactingFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return _TOKEN.sub(_hidden, redact(super().format(record)))


def _hidden(found: re.Match[str]) -> str:
    return found["kept"] or f"{found['path'] or ''}•••"
