"""manage.py verify_ledger: checks the ledger against its seals and names what was changed (ledger.seals)."""

from argparse import ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import Error as DatabaseFailure
from django.utils import timezone

from prefcenter.management import command_errors
from unsubscribe.ledger import seals

HASH_BYTES = 32
_OVERDUE = (
    "Events older than two hours that are not sealed: {}. The worker seals every hour: if it was running, seals "
    "have been removed."
)
_NOT_COMPARED = (
    "Not compared with a hash stored off-site (--head), so seals removed together with their events can’t be detected."
)


class Command(BaseCommand):
    """Exit status: 0 when nothing was found, 1 when something was, 2 when the database does not respond."""

    help = "Checks the ledger against its seals and reports every event and seal that was changed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--head", type=_hash, metavar="HASH", help="the hash of a seal that is stored off-site")

    def handle(self, *, head: bytes | None, **options: Any) -> None:
        try:
            found = self._verify(head)
        except DatabaseFailure as error:
            raise command_errors.database_away(error, returncode=2) from error
        if found:
            raise SystemExit(1)

    def _verify(self, head: bytes | None) -> int:
        before = seals.summary()
        found = 0
        for finding in seals.verify(progress=lambda events: self._say_progress(events, of=before.events)):
            found += 1
            self._say(str(finding))
        if head is not None and not seals.has_seal(head):
            found += 1
            self._say(f"Seal {head.hex()} is no longer in the chain.")
        if overdue := seals.overdue(now=timezone.now()).count():
            found += 1
            self._say(_OVERDUE.format(overdue))
        self._say(_spoken(before, found))
        if head is None:
            self._say(_NOT_COMPARED)
        return found

    def _say(self, sentence: str) -> None:
        if self.stderr.isatty():
            self.stderr.write("\r\x1b[K", ending="")
        self.stdout.write(sentence)

    def _say_progress(self, events: int, *, of: int) -> None:
        if self.stderr.isatty():
            self.stderr.write(f"\r{events} of {of} events", ending="")
            self.stderr.flush()


def _hash(text: str) -> bytes:
    try:
        hash_ = bytes.fromhex(text)
    except ValueError:
        hash_ = b""
    if len(hash_) != HASH_BYTES:
        raise ArgumentTypeError("not the hash of a seal: it has 64 hexadecimal digits")
    return hash_


def _spoken(ledger: seals.Summary, found: int) -> str:
    head = f"The newest seal is {ledger.head.number}: {ledger.head.fingerprint}" if ledger.head else "No seals yet."
    return (
        f"{'Nothing was changed' if not found else f'Findings: {found}'}. "
        f"Events: {ledger.events}, not sealed yet: {ledger.unsealed}. Seals: {ledger.seals}.\n{head}"
    )
