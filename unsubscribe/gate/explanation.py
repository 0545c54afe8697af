"""What `explain` answers: a verdict, and the facts that made it, with their times and sources."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from ..choices import Frequency, PreferenceState, Source, SuppressionReason
from ..rules import Verdict


class SuppressionFact(NamedTuple):
    """A suppression in force, with its row's since and source (models.Suppression, models.DomainSuppression).

    domain:          "" but for the suppression of a whole domain
    said_by:         the id of the address that said it, where it is not the one asked about
    is_same_mailbox: that one is another spelling of the same Gmail mailbox; else it was joined to this one
    """

    reason: SuppressionReason
    since: datetime
    source: Source
    campaign: str = ""
    import_id: int | None = None
    domain: str = ""
    said_by: int | None = None
    is_same_mailbox: bool = False


class PreferenceFact(NamedTuple):
    """What was chosen of a category, by its slug: since when and how, as far as the ledger has it.

    said_by and is_same_mailbox as in SuppressionFact, but that any address of the contact may have said it.
    is_beside: the yes was given for the contact's other address; this one was joined to it, and that is pending
    """

    category: str
    state: PreferenceState
    since: datetime
    source: Source | None = None
    import_id: int | None = None
    said_by: int | None = None
    is_same_mailbox: bool = False
    is_beside: bool = False


class DefaultFact(NamedTuple):
    """Nothing was chosen of the category, so its default holds.

    only_chosen: but the contact came back from a no to everything to what they chose by name, and to nothing else
    is_known:    whether the address is known
    said_by:     the id of the address whose contact it is that came back, where that is another spelling of the same
    Gmail mailbox
    """

    needs_opt_in: bool
    only_chosen: bool = False
    is_known: bool = True
    said_by: int | None = None


class PauseFact(NamedTuple):
    """A pause of a category, by its slug, or of everything ("")."""

    category: str
    until: date
    since: datetime | None = None
    source: Source | None = None


class FrequencyFact(NamedTuple):
    """How often the contact wants the category at most, since when and how, as far as the ledger has it.

    last_sent_on: the day of the latest message that counts; None where none was sent
    had_until:    the day on which a contact who had this campaign may get it again
    """

    frequency: Frequency
    last_sent_on: date | None = None
    had_until: date | None = None
    since: datetime | None = None
    source: Source | None = None


Fact = SuppressionFact | PreferenceFact | DefaultFact | PauseFact | FrequencyFact


class Explanation(NamedTuple):
    """The verdict, and the facts that made it, the most important first. No facts for a text that is not an address,
    and for a transactional message that may be sent."""

    verdict: Verdict
    facts: Sequence[Fact]
