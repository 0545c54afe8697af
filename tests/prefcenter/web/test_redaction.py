"""No token and no address reaches a log line, whoever wrote it."""

import logging
import sys

import pytest
from django.utils import timezone

from prefcenter.web.redaction import RedactingFormatter
from unsubscribe import links
from unsubscribe.links import LinkPurpose, Target

pytestmark = pytest.mark.sqlite_only

TOKEN = links.sign(Target(1), today=timezone.localdate())
OTHER = links.sign(Target(2), purpose=LinkPurpose.PREFERENCES, today=timezone.localdate())


@pytest.mark.parametrize(
    ("message", "arguments", "secrets"),
    [
        ("Not Found: /u/%s", (TOKEN,), [TOKEN]),
        ("Forbidden: /p/%s/", (OTHER,), [OTHER]),
        ("Bad Gateway: https://mail.example.com/u/%s?x=1", (TOKEN,), [TOKEN]),
        ("token=%s", (TOKEN,), [TOKEN]),
        ("token=%s", (f"{TOKEN}a",), [TOKEN]),
        ("Not Found: //U/%s", (TOKEN.lower(),), [TOKEN.lower()]),
        ("Not Found: /u//%s.", (TOKEN,), [TOKEN]),
        ("Not Found: /u/%s", (f"{TOKEN[:9]} {TOKEN[9:]}",), [TOKEN[:9], TOKEN[9:]]),
        ("Too Many Requests: /s/%s", ("aaaaaaabcdefghij",), ["aaaaaaabcdefghij"]),
        ("/u/cut-off-tok", (), ["cut-off-tok"]),
        ("Not Found: /j/%s", (f"{TOKEN[:9]}%FF{TOKEN[9:]}",), [TOKEN[:9], TOKEN[9:]]),
        # As Django escapes what a path may not show.
        ("Not Found: /u/\\x00%s", (TOKEN,), [TOKEN]),
        ("Not Found: ///F/<%s", (f"{TOKEN[:9]}\\x00{TOKEN[9:]}",), [TOKEN[:9], TOKEN[9:]]),
        ("Not Found: //E/ %s\\r\\n", (f"{TOKEN[:30]}\\u200b=\\n{TOKEN[30:]}",), [TOKEN[:30], TOKEN[30:]]),
        ("Not Found: /s/ =%s a", ("aaaaaaabcdefghij",), ["aaaaaaabcdefghij"]),
        ("Not Found: /s/%s", ("aaaaa=\\r\\nabcd efghij",), ["aaaaa", "efghij"]),
        ("Not Found: /=\\r\\ns=\\n/%s", ("aaaaaaabcdefghij",), ["aaaaaaabcdefghij"]),
        ("Not Found: /nowhere/\\x00%s", (TOKEN,), [TOKEN]),
        ("Not Found: /nowhere/%s", (f"{TOKEN}{OTHER}",), [TOKEN, OTHER]),
        ("550 5.1.1 <%s> unknown", ("ada@example.com",), ["ada@example.com", "ada@"]),
        ("Key (email)=(%s) already exists", ("ada.l+x@example.co.uk",), ["ada"]),
    ],
)
def test_a_line_is_redacted(message: str, arguments: tuple[str, ...], secrets: list[str]) -> None:
    line = RedactingFormatter("%(message)s").format(
        logging.LogRecord("django.request", logging.WARNING, "", 0, message, arguments, None)
    )
    assert not [secret for secret in secrets if secret in line]
    assert "•••" in line


def test_a_traceback_is_redacted_too() -> None:
    try:
        raise ValueError(f"cannot post to https://mail.example.com/u/{TOKEN} for ada@example.com")
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, "", 0, "Oh", (), sys.exc_info())
    line = RedactingFormatter().format(record)
    assert TOKEN not in line
    assert "ada@" not in line
    assert "ValueError" in line


@pytest.mark.parametrize(
    "text",
    [
        "Task unsubscribe.tasks.sweep[56901879-5edf-405e-bd55-d1272b9b9832] succeeded in 0.01s: 3",
        'Traceback:\n  File "/srv/p/site/u/views.py", line 7, in view\n    raise ValueError\nValueError: no',
    ],
)
def test_the_rest_of_a_line_stays_readable(text: str) -> None:
    record = logging.LogRecord("celery", logging.INFO, "", 0, text, (), None)
    assert RedactingFormatter("%(message)s").format(record) == text
