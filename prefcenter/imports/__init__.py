"""Imports of opt-outs and contacts, for the admin, the commands and whoever comes next. It lifts and starts nothing."""

from .direct import Result, apply, preview
from .reading import Terms
from .runs import NotNow, check_again, confirm, earlier, hand_in, label, stop, terms_of
from .tidying import tidy
from .working import Lost, work

__all__ = [
    "Lost",
    "NotNow",
    "Result",
    "Terms",
    "apply",
    "check_again",
    "confirm",
    "earlier",
    "hand_in",
    "label",
    "preview",
    "stop",
    "terms_of",
    "tidy",
    "work",
]
