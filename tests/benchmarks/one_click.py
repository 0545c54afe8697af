"""How many one-clicks a second the web server takes, over real connections. The floor is pgbench writing the same rows.

PostgreSQL only: SQLite has one writer, and pgbench no other database. It is reported; there is no bar.
"""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from time import monotonic, sleep
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.db import connection

from unsubscribe import audience
from unsubscribe.choices import EventKind, Source
from unsubscribe.mailing import Mailing
from unsubscribe.models import ConsentEvent

from .filling import Filled
from .measuring import Figure, timed

CONNECTIONS, CLIENTS = 16, 4
CLICKS = 4_000
STARTS_WITHIN = 60.0
_TRANSACTION = """
\\set id random(1, {contacts})
BEGIN;
SELECT id FROM unsubscribe_contact WHERE id = :id FOR NO KEY UPDATE;
INSERT INTO unsubscribe_preference (contact_id, category_id, channel, state, frequency, changed_at)
    VALUES (:id, {category}, 'email', 'unsubscribed', 'as_sent', now())
    ON CONFLICT (contact_id, category_id, channel) DO UPDATE SET state = 'unsubscribed', changed_at = now();
INSERT INTO unsubscribe_consentevent
    (at, kind, source, contact_id, address_id, channel, category_id, before, after, wording, actor, note)
    VALUES (now(), 'opt_out', 'api', :id, :id, 'email', {category}, '{{"state": "unspecified"}}',
        '{{"state": "unsubscribed"}}', '', '', '');
INSERT INTO unsubscribe_outboxmessage
    (uid, kind, contact_id, address_id, event_ids, category_ids, status, attempts, due_at, last_error, created_at)
    VALUES (gen_random_uuid(), 'confirmation', :id, :id, '[1]', '[]', 'sent', 1, now(), '', now());
COMMIT;
"""


def posts(filled: Filled, folder: Path, *, now: datetime, rounds: int) -> Figure | None:
    """None where there is no PostgreSQL, or no pgbench beside it."""
    pgbench = _pgbench()
    if connection.vendor != "postgresql" or pgbench is None:
        return None
    clicks = min(CLICKS, filled.contacts // rounds)
    floor = min(_pgbench_seconds(pgbench, filled, folder, clicks) for _ in range(rounds))
    with _web_server(folder) as port:
        taken = []
        for number in range(rounds):
            ids = range(number * clicks + 1, (number + 1) * clicks + 1)
            urls = audience.message_links(ids, Mailing(filled.category), now=now).unsubscribe_urls
            paths = [urlsplit(url).path for url in urls]
            taken.append(timed(partial(_post_all, port, paths)))
    written = ConsentEvent.objects.filter(kind=EventKind.OPT_OUT, source=Source.ONE_CLICK).count()
    if not written:
        raise AssertionError("No one-click was written down.")
    name = f"one-click POST, {CONNECTIONS} connections"
    return Figure(name, f"pgbench, one transaction with the same rows, {CLIENTS} clients", clicks, min(taken), floor)


def _post_all(port: int, paths: Sequence[str]) -> None:
    """Each connection is kept and takes its share."""

    def share(first: int) -> None:
        link = HTTPConnection("127.0.0.1", port, timeout=60)
        headers = {"Host": settings.ALLOWED_HOSTS[0], "Content-Type": "application/x-www-form-urlencoded"}
        for path in paths[first::CONNECTIONS]:
            link.request("POST", path, "List-Unsubscribe=One-Click", headers)
            answer = link.getresponse()
            answer.read()
            if answer.status != 200:
                raise AssertionError(f"The web server answered {answer.status}.")
        link.close()

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        list(pool.map(share, range(CONNECTIONS)))


@contextmanager
def _web_server(folder: Path) -> Iterator[int]:
    """As `serve` starts it, on the scratch database; with a broker of its own, whose nudges nobody hears."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    own = {"DATABASE_URL": _database_url(), "DATA_DIR": str(folder), "CELERY_BROKER_URL": "filesystem://localhost"}
    options = ["--interface", "wsgi", "--port", str(port), "--workers", "2", "--blocking-threads", "4"]
    flags = ["--no-access-log", "--log-level", "error"]
    command = [sys.executable, "-m", "granian", *options, *flags, "prefcenter.wsgi:application"]
    server = subprocess.Popen(command, cwd=settings.BASE_DIR, env=os.environ | own)
    try:
        stop_at = monotonic() + STARTS_WITHIN
        while socket.socket().connect_ex(("127.0.0.1", port)):
            if server.poll() is not None or monotonic() > stop_at:
                raise AssertionError("The web server did not start.")
            sleep(0.1)
        yield port
    finally:
        server.terminate()
        server.wait(30)


def _database_url() -> str:
    known = connection.settings_dict
    who = f"{quote(known['USER'], safe='')}:{quote(known['PASSWORD'], safe='')}" if known["USER"] else ""
    where = f"{quote(known['HOST'], safe='')}:{known['PORT']}".rstrip(":")
    return f"postgres://{who}@{where}/{known['NAME']}"


def _pgbench() -> str | None:
    beside = sorted(Path("/usr/lib/postgresql").glob("*/bin/pgbench"))
    return shutil.which("pgbench") or (str(beside[-1]) if beside else None)


def _pgbench_seconds(pgbench: str, filled: Filled, folder: Path, transactions: int) -> float:
    script = folder / "one_click.sql"
    script.write_text(_TRANSACTION.format(contacts=filled.contacts, category=filled.category.pk))
    known = connection.settings_dict
    names = {"PGHOST": "HOST", "PGPORT": "PORT", "PGUSER": "USER", "PGPASSWORD": "PASSWORD"}
    own = {name: str(known[key]) for name, key in names.items() if known[key]}
    each = str(max(1, transactions // CLIENTS))
    command = [pgbench, "-n", "-c", str(CLIENTS), "-t", each, "-M", "prepared", "-f", str(script), known["NAME"]]
    return timed(lambda: subprocess.run(command, env=os.environ | own, capture_output=True, check=True))
