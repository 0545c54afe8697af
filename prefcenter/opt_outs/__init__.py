"""Opt-outs, as the staff see and export them: blocks on addresses, and categories left. It changes nothing."""

from .asked import OF_A_CATEGORY, REASONS, Asked
from .files import File, prepare
from .formats import FORMATS, Format, Row
from .parts import addresses
from .reading import MOST, Newest, OptOut, by_address

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
