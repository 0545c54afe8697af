"""What a database must be able to do for the bulk verbs, step by step. It knows no SQL of its own."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, NamedTuple

#: One address, once: digest, value, when its no was said, position in the file. They come in the order of the digests.
Row = tuple[bytes, str, datetime | None, int]


class ScopeSteps(NamedTuple):
    """The steps that differ with what a no is about: the address as a whole, everything everywhere, or one category."""

    #: Marks those of whom it is true already, and those who were erased (`is_so`). What is marked stays marked.
    mark_so: str
    #: Takes out of `found` those who said yes since. Says how many.
    drop_overtaken: str
    #: Marks all but the first in the file where a contact has several addresses and changes once; "" where each counts.
    mark_repeated: str
    #: The ledger. Before the change, because afterwards nobody knows what was before.
    record: str
    change: str
    #: Makes `again` of those who had said it before, but in this very import: see alike.RECORD_AGAIN.
    find_again: str
    #: Notes in their rows when, and how, it was said last.
    move_on: str
    #: Makes single blocks mean everywhere, where none was left to be added; "" where nothing is meant everywhere.
    widen: str = ""


class Steps(NamedTuple):
    """SQL with named parameters, but for `load`. The steps of a call pass each other the temporary table `found`."""

    #: Puts the rows into the new temporary table `said`.
    load: Callable[[Any, Iterable[Row]], None]
    #: How the database takes a set of words as one parameter.
    words: Callable[[Iterable[str]], Any]
    #: Makes `found` of it: who is known (`is_new`, `lacks_value`), and with `reserve` the ids of who is not.
    find: str
    #: How many are new, how many are known and not marked, and how many are known.
    tally: str
    #: Locks the contacts of those who are known, in the order of actions.locking; "" where there is only one writer
    #: anyway.
    lock: str
    #: One row for each address that is no longer its contact's, whom we locked; "" where that cannot be.
    moved: str
    #: A contact for each who is new.
    learn_contacts: str
    #: And its address. Says how many; fewer than `tally` said if somebody else was quicker.
    learn_addresses: str
    #: Takes out of `found` those who said no to everything, and later yes to something. Their digests come back.
    drop_narrowed: str
    #: Writes the values that are known now, but not of those who were erased.
    fill: str
    #: Of those in `again`: that this import has said it, too; or, where it is none that can be taken back, that it
    #: stands for good.
    note_import: str
    forget_imports: str
    whole: ScopeSteps
    everywhere: ScopeSteps
    category: ScopeSteps
