"""Removes addresses and phone numbers from typed text before it is stored in the ledger (law 10)."""

import re

from unsubscribe.addresses import redact

# A phone number with its country code or the 0 before the area code, with one digit more than a date has. Full-width
# digits and invisible characters between them count, as in unsubscribe.addresses.spellings.
_BETWEEN = r"[\s().\-/\u00ad\u200b-\u200f\u2010-\u2015\u202a-\u202e\u2060\ufeff]{0,2}"
_PHONE_IN_TEXT = re.compile(rf"(?<!\w)(?:[+＋]|[0０]{{1,2}}){_BETWEEN}[1-9１-９](?:{_BETWEEN}\d){{7,14}}(?!\d)")


def without_addresses(text: str) -> str:
    """`text` with "•••" in place of email addresses and phone numbers."""
    return _PHONE_IN_TEXT.sub("•••", redact(text))
