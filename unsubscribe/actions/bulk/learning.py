"""Makes contacts of the addresses of a file. Knowing an address is no consent: nothing is written to the ledger."""

from collections.abc import Sequence
from datetime import datetime

from ...addresses import Normalised
from .steps import Row
from .table import table


def learn_many(addresses: Sequence[Normalised], *, now: datetime, language: str = "", only_chosen: bool = False) -> int:
    """As actions.learn, for a file; the answer is how many were new. All must be of one channel."""
    if not addresses:
        return 0
    values = {one.digest: one.value for one in addresses}
    rows: list[Row] = [(digest, values[digest], None, 0) for digest in sorted(values)]
    channel = str(addresses[0].channel)
    with table(rows, channel=channel, now=now, language=language, only_chosen=only_chosen) as found:
        return found.learn()
