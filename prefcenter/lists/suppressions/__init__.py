"""Opt-outs, as the staff see and export them: blocks on addresses, and categories left. It changes nothing."""

from .export import File, prepare
from .formats import FORMATS, ExportFormat, Row
from .listing import MOST, ListedOptOut, Newest, by_address
from .query import OF_A_CATEGORY, REASONS, SuppressionQuery
from .sets import addresses

__all__ = [
    "FORMATS",
    "MOST",
    "OF_A_CATEGORY",
    "REASONS",
    "ExportFormat",
    "File",
    "ListedOptOut",
    "Newest",
    "Row",
    "SuppressionQuery",
    "addresses",
    "by_address",
    "prepare",
]
