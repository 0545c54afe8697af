"""HubSpot's columns that tell who must not be written to, and why; in no other export do they have these names.

They are a contact's properties, by label and by internal name, and the columns of "Export unsubscribes and bounces".
Both are known from knowledge.hubspot.com alone ("HubSpot's default contact properties", "What do the columns mean in
the csv I receive when I export unsubscribes and bounces?"); no such file was at hand.

What its staff or its filters keep back is a no to advertising. "Opted out of" one of its subscription types is a no, as
leaving a group of another system is.
"""

from collections.abc import Callable, Mapping

from unsubscribe.choices import SuppressionReason

from . import cells, saying
from .saying import Says

Read = Callable[[str], Says]

#: True or false, by folded names.
_FLAGS: Mapping[SuppressionReason, str] = {
    saying.UNSUBSCRIBED: "unsubscribedfromallemail hsemailoptout isgloballyineligible hsemailisineligible "
    "emailaddressquarantined hsemailquarantined portalunsubscribe",
    saying.COMPLAINT: "portalspamreport",
    saying.HARD_BOUNCE: "portalbounce globalbounce invalidemailaddress hsemailbadaddress",
}
#: In words, or empty.
_WHY: Mapping[SuppressionReason, str] = {
    saying.UNSUBSCRIBED: "emailaddressquarantinereason emailaddressquarantinedreason hsemailquarantinedreason",
    saying.HARD_BOUNCE: "emailhardbouncereason hardbouncereason hsemailhardbouncereason hsemailhardbouncereasonenum",
}
#: And behind it a subscription type, or the number of one.
_OPTED_OUT = ("optedoutofemail", "hsemailoptout")


def telling(name: str) -> Read | None:
    """How the cells of the column with this folded name are read; None if it is none of HubSpot's."""
    is_of_a_type = name.startswith(_OPTED_OUT) and name not in _OPTED_OUT
    return _BY_NAME["hsemailoptout"] if is_of_a_type else _BY_NAME.get(name)


def _if_filled(reason: SuppressionReason) -> Read:
    return lambda cell: saying.SUBSCRIBED if cells.is_empty(cells.folded(cell)) else Says(reason)


_BY_NAME: Mapping[str, Read] = {
    **{name: saying.is_no(reason) for reason, names in _FLAGS.items() for name in names.split()},
    **{name: _if_filled(reason) for reason, names in _WHY.items() for name in names.split()},
}
