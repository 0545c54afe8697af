"""Measures what counts at a large mailing, each figure beside a floor from the same run. It touches no real data.

A floor is what the work cannot do without, written by hand: the bare HMACs, the reading of the file, the plain SQL.
Machines differ, and the same machine differs from hour to hour; how many times the floor something takes differs less.
"""

from collections.abc import Callable, Iterator
from datetime import datetime

from . import asking, importing, minting, one_click, posting
from .filling import fill
from .measuring import Figure
from .report import as_json, as_table
from .scratch import NoScratchError, scratch

__all__ = ["CONTACTS", "Figure", "NoScratchError", "as_json", "as_table", "measure"]

CONTACTS = 1_000_000


def measure(
    contacts: int = CONTACTS, *, now: datetime, rounds: int = 1, say: Callable[[str], None] = lambda what: None
) -> Iterator[Figure]:
    """Each figure as soon as it is there. Raises NoScratchError."""
    with scratch() as folder:
        say(f"filling a database of its own with {contacts:,} contacts")
        filled = fill(contacts, folder, now=now)
        say("minting links and headers")
        yield minting.links_and_headers(filled.category, min(minting.MESSAGES, contacts), now=now, rounds=rounds)
        say("answering a file, without links")
        yield asking.without_links(filled, now=now, rounds=rounds)
        say("answering a file, with links")
        yield asking.with_links(filled, now=now, rounds=rounds)
        say("asking the API")
        yield posting.audience(filled, now=now, rounds=rounds)
        say("one-clicks over real connections")
        if clicks := one_click.posts(filled, folder, now=now, rounds=rounds):
            yield clicks
    say("importing opt-outs, by hand and by the import")
    yield importing.opt_outs(contacts, now=now, rounds=rounds)
