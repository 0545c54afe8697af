"""Opt-outs as the staff list and export them: suppressions of addresses, and opt-outs of a category (docs/opt-outs.md).

query.py says what is asked for, sets.py finds it, listing.py reads it, formats.py and export.py make files of it.
"""

from .export import File, prepare
from .formats import EXPORT_FORMATS, ExportFormat, Row
from .listing import MOST, ListedOptOut, Newest, by_address
from .query import OF_A_CATEGORY, REASONS, SuppressionQuery
from .sets import addresses

__all__ = [
    "EXPORT_FORMATS",
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
