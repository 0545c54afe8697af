"""HubSpot's columns that say who must not be written to, and why; no other export has columns of these names.

They are a contact's properties, by label and by internal name, and the columns of "Export unsubscribes and bounces".
They are read after its documents (for the latter knowledge.hubspot.com, "What do the columns mean in the csv I receive
when I export unsubscribes and bounces?" and "Delete contacts who have unsubscribed or hard bounced"), not after a file.

What HubSpot's staff or filters hold back is a no to marketing. A no to one of its subscription types is a no, as is
leaving a group in other systems.
"""

from collections.abc import Collection, Mapping

from unsubscribe.choices import SuppressionReason

from . import cells, consent
from .consent import ReadCell, Says

#: Columns of true or false, by folded names.
_FLAGS: Mapping[SuppressionReason, str] = {
    consent.UNSUBSCRIBED: "unsubscribedfromallemail hsemailoptout isgloballyineligible hsemailisineligible "
    "emailaddressquarantined hsemailquarantined portalunsubscribe",
    consent.COMPLAINT: "portalspamreport",
    consent.HARD_BOUNCE: "invalidemailaddress hsemailbadaddress",
}
#: Columns that are empty, or say why in words.
_WHY: Mapping[SuppressionReason, str] = {
    consent.UNSUBSCRIBED: "emailaddressquarantinereason emailaddressquarantinedreason hsemailquarantinedreason "
    "emailaddressinternalquarantinereason emailaddressautomatedquarantinereason hsemailcustomerquarantinedreason",
    # "TRUE", or, in later exports, the reason.
    consent.HARD_BOUNCE: "emailhardbouncereason hardbouncereason hsemailhardbouncereason hsemailhardbouncereasonenum "
    "portalbounce globalbounce",
}
#: How the columns of subscription types begin; behind it stands the type, or its number.
_OPTED_OUT = ("optedoutofemail", "hsemailoptout")
#: With this column a file is that export, and each other column is a subscription type, with TRUE for who left it.
_OF_TYPES = "portalunsubscribe"


def telling(name: str) -> ReadCell | None:
    """How the cells of the column with this folded name are read; None if it is none of HubSpot's."""
    is_of_a_type = name.startswith(_OPTED_OUT) and name not in _OPTED_OUT
    return _BY_NAME["hsemailoptout"] if is_of_a_type else _BY_NAME.get(name)


def is_of_types(names: Collection[str]) -> bool:
    """Whether a table with columns of these names is the export of unsubscribes and bounces."""
    return _OF_TYPES in names


def left_a_type(cell: str) -> Says:
    """What a cell in the column of a subscription type says."""
    word = cells.folded(cell)
    if word in cells.NO or cells.is_empty(word):
        return consent.SUBSCRIBED
    return Says(consent.UNSUBSCRIBED) if word in cells.YES else consent.UNKNOWN


_BY_NAME: Mapping[str, ReadCell] = {
    **{name: consent.is_no(reason) for reason, names in _FLAGS.items() for name in names.split()},
    **{name: consent.if_filled(reason) for reason, names in _WHY.items() for name in names.split()},
}
