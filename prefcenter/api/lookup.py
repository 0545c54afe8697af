"""The rows that a caller names, or a Problem that says what is not there."""

from prefcenter.web.problems import Problem
from unsubscribe.addresses import Normalised, domains, normalise
from unsubscribe.choices import Channel
from unsubscribe.errors import InvalidAddress
from unsubscribe.models import Category, Contact

from .paging import LARGEST

NOT_AN_ADDRESS = "This is not a valid address for this channel."
_NO_CATEGORY = "There is no category with this slug."


def category_named(slug: str) -> Category:
    """The category with this slug. Raises Problem (422), because the slug stands in the body."""
    found = Category.objects.filter(slug=slug).first()
    if found is None:
        raise Problem(422, _NO_CATEGORY, errors=[{"at": "category", "detail": _NO_CATEGORY}])
    return found


def contact(contact_id: int) -> Contact:
    """The contact with this id. Raises Problem (404), because the id stands in the URL."""
    found = Contact.objects.filter(id=min(contact_id, LARGEST)).first()
    if found is None:
        raise Problem(404, "There is no contact with this ID.")
    return found


def normalised(text: str, channel: Channel) -> Normalised | None:
    """The address in `text`; None for what is none of this channel, or means a whole domain (`%@corp.example`)."""
    try:
        found = normalise(text, channel=channel)
    except InvalidAddress:
        return None
    return None if domains.is_pattern(found.value, channel=channel) else found
