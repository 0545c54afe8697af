"""Imports of opt-outs and contacts, for the admin, the commands and whoever comes next. It lifts and starts nothing."""

from unsubscribe.actions import Standing

from . import erasing
from .answers import Meaning, Means, NotUnderstood
from .direct import Result, apply, preview
from .questions import Question
from .reading import Terms
from .runs import (
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
from .taking_back import can_be_taken_back, take_back, take_back_here
from .taking_back import foresee as foresee_taking_back
from .tidying import tidy
from .validating import Misfit
from .working import Lost, work

__all__ = [
    "Lost",
    "Meaning",
    "Means",
    "Misfit",
    "NotNow",
    "NotUnderstood",
    "Question",
    "Result",
    "Standing",
    "Terms",
    "Unanswered",
    "answer",
    "apply",
    "can_be_taken_back",
    "check_again",
    "confirm",
    "earlier",
    "erasing",
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
