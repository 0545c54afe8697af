"""Keeps tokens and addresses out of the logs (law 10)."""

import logging
import re

from unsubscribe.addresses import redact

#: What may break a link's path in two, as Django escapes it in a log line.
_GAP = r"(?:[/= ]|\\(?:[rnt]|x[0-9a-f]{2}|u[0-9a-f]{4}))*"
#: What is hidden: after a link's path the rest of the line, because a token that was broken in two can be read;
#: elsewhere API keys, secrets of webhooks, and words as long as a token. File names in tracebacks are kept.
_TOKEN = re.compile(
    r'(?P<kept>^ *File "[^"\n]+", line \d+)'
    rf"|(?P<path>/{_GAP}(?i:[upfiesj]){_GAP}/)[^\n]+"
    r"|(?:prefcenter|whsec)_[A-Za-z0-9_+/=-]{20,}"
    r"|(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{38,}",
    re.MULTILINE,
)


class RedactingFormatter(logging.Formatter):
    """Redacts the formatted line, with its traceback, so that no argument of the log call is missed."""

    def format(self, record: logging.LogRecord) -> str:
        return _TOKEN.sub(_hidden, redact(super().format(record)))


def _hidden(found: re.Match[str]) -> str:
    return found["kept"] or f"{found['path'] or ''}•••"
