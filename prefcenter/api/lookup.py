"""What a caller names, as rows: or a problem that says what is not there."""

from prefcenter.web.problems import Problem
from unsubscribe.addresses import Normalised, domains, normalise
from unsubscribe.choices import Channel
from unsubscribe.errors import InvalidAddress
from unsubscribe.models import Category, Contact

from .paging import LARGEST

_NO_CATEGORY = "There is no category with this slug."


def category_named(slug: str) -> Category:
    found = Category.objects.filter(slug=slug).first()
    if found is None:
        raise Problem(422, _NO_CATEGORY, errors=[{"at": "category", "detail": _NO_CATEGORY}])
    return found


def contact(contact_id: int) -> Contact:
    found = Contact.objects.filter(id=min(contact_id, LARGEST)).first()
    if found is None:
        raise Problem(404, "There is no contact with this ID.")
    return found


def normalised(text: str, channel: Channel) -> Normalised | None:
    """None for what is no address on this channel, or stands for a whole domain (`%@corp.example`)."""
    try:
        found = normalise(text, channel=channel)
    except InvalidAddress:
        return None
    return None if domains.is_pattern(found.value, channel=channel) else found
