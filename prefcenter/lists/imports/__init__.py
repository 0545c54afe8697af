"""Imports of opt-outs and contacts, as the admin and the commands call them (docs/imports.md).

A file is read by reading.py, by its columns (columns/); lifecycle.py is what staff do with an import, worker.py what
workers do, from_command.py an import without either. An import lifts nothing and subscribes to nothing (law 8).
"""

from unsubscribe.actions import ImportStanding

from . import erasure
from .columns.answers import ColumnAnswer, Meaning, NotUnderstood
from .columns.questions import ColumnQuestion
from .columns.validating import Misfit
from .from_command import Result, import_file
from .lifecycle import (
    NotNow,
    Unanswered,
    answer,
    check_again,
    confirm,
    earlier,
    hand_in,
    label,
    options_of,
    questions,
    stop,
)
from .reading import ImportOptions
from .taking_back import can_be_taken_back, take_back, take_back_here
from .taking_back import foresee as foresee_taking_back
from .tidying import tidy
from .worker import Lost, work

__all__ = [
    "ColumnAnswer",
    "ColumnQuestion",
    "ImportOptions",
    "ImportStanding",
    "Lost",
    "Meaning",
    "Misfit",
    "NotNow",
    "NotUnderstood",
    "Result",
    "Unanswered",
    "answer",
    "can_be_taken_back",
    "check_again",
    "confirm",
    "earlier",
    "erasure",
    "foresee_taking_back",
    "hand_in",
    "import_file",
    "label",
    "options_of",
    "questions",
    "stop",
    "take_back",
    "take_back_here",
    "tidy",
    "work",
]
