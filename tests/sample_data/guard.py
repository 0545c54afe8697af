"""Whose database is this? Nothing made up is written beside the address of somebody real, whatever was asked for."""

from django.db.models import Q

from prefcenter.demo.history.contacts import RESERVED
from unsubscribe.choices import Channel
from unsubscribe.models import Address, Contact

#: RFC 2606: nobody's mail is ever delivered to these either.
RESERVED_ENDS = (".example", ".test", ".invalid", *(f".{domain}" for domain in RESERVED))
#: Kept for films and for us: +1 and an area code, then 555-01 and two digits.
MADE_UP_NUMBER = r"^\+1[2-9][0-9]{2}55501[0-9]{2}$"


class NotForRealPeople(Exception):
    """This database is not for sample data. Nothing was written."""


def require_made_up(*, is_development: bool, is_sure: bool, may_add: bool) -> None:
    """Raises NotForRealPeople, with a sentence that says why, unless this database is one to try things out in."""
    if not is_development and not is_sure:
        raise NotForRealPeople(
            "DEBUG is off, so this could be the database that your site runs on. Nothing was written. "
            "If it is a test database, add --yes."
        )
    if holds_real_addresses():
        raise NotForRealPeople("This database contains addresses that are not sample data. Nothing was written.")
    if not may_add and Contact.objects.exists():
        raise NotForRealPeople(
            "This database already contains sample contacts. Nothing was written. "
            "To add another year to them, use --add."
        )


def holds_real_addresses() -> bool:
    """What was erased, or is known by its hash alone, cannot be told apart and does not count."""
    made_up = Q(channel=Channel.SMS, value__regex=MADE_UP_NUMBER)
    for domain in RESERVED:
        made_up |= Q(value__endswith=f"@{domain}")
    for end in RESERVED_ENDS:
        made_up |= Q(value__endswith=end)
    return Address.objects.exclude(value="").exclude(made_up).exists()
