"""manage.py verify_proof: checks a proof's signature and, if asked, the ledger against it (docs/proof.md)."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error as DatabaseFailure

from prefcenter.contact_data import proof
from prefcenter.contact_data.proof import Checked
from prefcenter.contact_data.proof.seals import SealState
from prefcenter.management import command_errors

#: How the events stood to the seals when the proof was made.
SAID = {
    SealState.SEALED: "sealed",
    SealState.OPEN: "not sealed yet",
    SealState.TOUCHED: "changed since sealed",
    SealState.MISSED: "missing from seals",
    SealState.UNKNOWN: "sealed in an unknown format",
}


class Command(BaseCommand):
    """Exit status: 0 when nothing was found, 1 when something was, 2 when the file or the ledger cannot be read."""

    help = "Checks a proof against its signature and, optionally, against the current ledger."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="the proof as downloaded (JSON)")
        parser.add_argument(
            "--against-ledger", action="store_true", help="also compare the proof with the current ledger"
        )

    def handle(self, *, file: Path, against_ledger: bool, **options: Any) -> None:
        try:
            checked = proof.check(file.read_bytes())
            findings = checked.findings
            # A record without a valid signature is not compared.
            if against_ledger and not findings:
                findings = list(proof.against_ledger(checked.record))
        except OSError as error:
            raise CommandError(f"The file can’t be read: {error.strerror}.", returncode=2) from error
        except (proof.NoProof, proof.Unreadable) as error:
            raise CommandError(str(error), returncode=2) from error
        except DatabaseFailure as error:
            raise command_errors.database_away(error, returncode=2) from error
        for finding in findings:
            self.stdout.write(finding)
        if findings:
            raise SystemExit(1)
        self.stdout.write(_spoken(checked, against_ledger=against_ledger))


def _spoken(checked: Checked, *, against_ledger: bool) -> str:
    record, made = checked.record, checked.record["made"]
    counts = [f"Events: {len(record['lines'])}", *(f"{SAID[name]}: {n}" for name, n in record["standings"].items())]
    said = [
        f"Unchanged since it was created at {made['at']} by {made['by']}, about contact {record['contact']['id']}.",
        f"{', '.join(counts)}.",
    ]
    if checked.is_retired:
        said.append("It was signed with a key that has since been retired.")
    if against_ledger:
        said.append("The ledger still matches it.")
    return "\n".join([*said, f"Fingerprint: {proof.fingerprint(checked.record)}"])
