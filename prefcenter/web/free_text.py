"""What people and systems write for the ledger, before anybody keeps it: without addresses and phone numbers."""

import re

from unsubscribe.addresses import redact

# With its country code or the 0 before the area code. It takes one digit more than a date has. Full-width digits and
# what nobody sees between them are read as numbers too (unsubscribe.addresses.spellings).
_BETWEEN = r"[\s().\-/\u00ad\u200b-\u200f\u2010-\u2015\u202a-\u202e\u2060\ufeff]{0,2}"
_PHONE_IN_TEXT = re.compile(rf"(?<!\w)(?:[+＋]|[0０]{{1,2}}){_BETWEEN}[1-9１-９](?:{_BETWEEN}\d){{7,14}}(?!\d)")


def without_addresses(text: str) -> str:
    return _PHONE_IN_TEXT.sub("•••", redact(text))
