"""Where a change comes from: what every verb is told of it, and what each of its consent events keeps."""

from datetime import datetime
from typing import NamedTuple

from ..choices import Source


class Origin(NamedTuple):
    """How, when and by whom a change was asked for, and in which words. Neither wording nor note may hold an address:
    they stay when the contact is erased, and the engine does not look."""

    #: How the wish came; rules.may_change and rules.may_lift say what it may change.
    source: Source
    #: The moment of the change, aware.
    now: datetime
    #: What the contact read or wrote; of an opt-in, what they agreed to (GDPR Art. 7(1)).
    wording: str = ""
    #: Who acted for the contact: "staff 7", the name of an API key; "" is the contact.
    actor: str = ""
    #: Why, as the actor says it.
    note: str = ""
    #: The import that brought it, by which what it set can be found and taken back.
    import_id: int | None = None
    #: When the contact gave a yes that somebody else hands over with evidence, aware. An imported no of an earlier time
    #: leaves that yes as it is.
    given_at: datetime | None = None
