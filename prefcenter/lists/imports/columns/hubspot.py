"""HubSpot's columns that tell who must not be written to, and why; in no other export do they have these names.

They are a contact's properties, by label and by internal name, and the columns of "Export unsubscribes and bounces".
Only documents are known of them, for the latter knowledge.hubspot.com ("What do the columns mean in the csv I receive
when I export unsubscribes and bounces?", "Delete contacts who have unsubscribed or hard bounced"): no such file was at
hand.

What its staff or its filters keep back is a no to advertising. A no to one of its subscription types is a no, as
leaving a group of another system is.
"""

from collections.abc import Callable, Collection, Mapping

from unsubscribe.choices import SuppressionReason

from . import cells, consent
from .consent import Says

Read = Callable[[str], Says]

#: True or false, by folded names.
_FLAGS: Mapping[SuppressionReason, str] = {
    consent.UNSUBSCRIBED: "unsubscribedfromallemail hsemailoptout isgloballyineligible hsemailisineligible "
    "emailaddressquarantined hsemailquarantined portalunsubscribe",
    consent.COMPLAINT: "portalspamreport",
    consent.HARD_BOUNCE: "invalidemailaddress hsemailbadaddress",
}
#: In words, or empty.
_WHY: Mapping[SuppressionReason, str] = {
    consent.UNSUBSCRIBED: "emailaddressquarantinereason emailaddressquarantinedreason hsemailquarantinedreason "
    "emailaddressinternalquarantinereason emailaddressautomatedquarantinereason hsemailcustomerquarantinedreason",
    # "TRUE", or, in later exports, the reason.
    consent.HARD_BOUNCE: "emailhardbouncereason hardbouncereason hsemailhardbouncereason hsemailhardbouncereasonenum "
    "portalbounce globalbounce",
}
#: And behind it a subscription type, or the number of one.
_OPTED_OUT = ("optedoutofemail", "hsemailoptout")
#: Beside this one, every other column of the export is a subscription type, and TRUE who left it.
_OF_TYPES = "portalunsubscribe"


def telling(name: str) -> Read | None:
    """How the cells of the column with this folded name are read; None if it is none of HubSpot's."""
    is_of_a_type = name.startswith(_OPTED_OUT) and name not in _OPTED_OUT
    return _BY_NAME["hsemailoptout"] if is_of_a_type else _BY_NAME.get(name)


def is_of_types(names: Collection[str]) -> bool:
    """Whether a table with columns of these names is the export of unsubscribes and bounces."""
    return _OF_TYPES in names


def left_a_type(cell: str) -> Says:
    """How a cell of such a type is read."""
    word = cells.folded(cell)
    if word in cells.NO or cells.is_empty(word):
        return consent.SUBSCRIBED
    return Says(consent.UNSUBSCRIBED) if word in cells.YES else consent.UNKNOWN


_BY_NAME: Mapping[str, Read] = {
    **{name: consent.is_no(reason) for reason, names in _FLAGS.items() for name in names.split()},
    **{name: consent.if_filled(reason) for reason, names in _WHY.items() for name in names.split()},
}
