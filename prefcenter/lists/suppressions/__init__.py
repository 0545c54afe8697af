"""Opt-outs, as the staff see and export them: blocks on addresses, and categories left. It changes nothing."""

from .export import File, prepare
from .formats import FORMATS, Format, Row
from .listing import MOST, Newest, OptOut, by_address
from .query import OF_A_CATEGORY, REASONS, Asked
from .sets import addresses

__all__ = [
    "FORMATS",
    "MOST",
    "OF_A_CATEGORY",
    "REASONS",
    "Asked",
    "File",
    "Format",
    "Newest",
    "OptOut",
    "Row",
    "addresses",
    "by_address",
    "prepare",
]
