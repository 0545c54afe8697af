"""How commands end when the database is away, or when nobody reads their output any more."""

import os
import sys

from django.core.management.base import CommandError
from django.db import Error as DatabaseFailure


def database_away(error: DatabaseFailure, *, returncode: int = 1) -> CommandError:
    """What to raise from an error of the database. `returncode`: the exit status."""
    reason = str(error).partition("\n")[0]
    said = f"The database doesn’t respond: {reason}. Check that it is running and migrated."
    return CommandError(said, returncode=returncode)


def discard_output() -> None:
    """For a BrokenPipeError: the reader of the output has closed it (`| head`), and Python would print an error once
    more as it shuts down."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
