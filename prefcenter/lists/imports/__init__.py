"""Imports of opt-outs and contacts, for the admin, the commands and whoever comes next. It lifts and starts nothing."""

from unsubscribe.actions import ImportStanding

from . import erasure
from .columns.answers import ColumnAnswer, Meaning, NotUnderstood
from .columns.questions import ColumnQuestion
from .columns.validating import Misfit
from .from_command import Result, apply, preview
from .lifecycle import (
    NotNow,
    Unanswered,
    answer,
    check_again,
    confirm,
    earlier,
    hand_in,
    label,
    questions,
    stop,
    terms_of,
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
    "apply",
    "can_be_taken_back",
    "check_again",
    "confirm",
    "earlier",
    "erasure",
    "foresee_taking_back",
    "hand_in",
    "label",
    "preview",
    "questions",
    "stop",
    "take_back",
    "take_back_here",
    "terms_of",
    "tidy",
    "work",
]
