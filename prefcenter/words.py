"""What people and systems write for the ledger, before anybody keeps it: without addresses and phone numbers."""

import re

from unsubscribe.addresses import redact

# With its country code or the 0 before the area code. It takes one digit more than a date has.
_PHONE_IN_TEXT = re.compile(r"(?<!\w)(?:\+|00?)[1-9](?:[\s().\-/]{0,2}\d){7,14}(?!\d)")


def without_addresses(text: str) -> str:
    return _PHONE_IN_TEXT.sub("•••", redact(text))
