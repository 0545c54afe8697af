"""The closed lists of values that code, database, API and pages share (docs/words.md). Stored values never change; the
labels are for staff."""

from django.db.models import TextChoices

from .channels import Channel as Channel  # noqa: PLC0414  (it is one of these lists)


class Purpose(TextChoices):
    """What a category or a message is for (law 7). Only marketing can be switched off."""

    MARKETING = "marketing", "Marketing"
    TRANSACTIONAL = "transactional", "Transactional"


class PreferenceState(TextChoices):
    """Of one category on one channel. UNSPECIFIED: nothing was chosen, so the category's default holds."""

    SUBSCRIBED = "subscribed", "Subscribed"
    UNSUBSCRIBED = "unsubscribed", "Unsubscribed"
    UNSPECIFIED = "unspecified", "Not chosen"


class Frequency(TextChoices):
    """How often at most, from the fastest to the slowest."""

    # Pages show outbox.wording.frequency_label, by channel and in the contact's language.
    AS_SENT = "as_sent", "Every message"
    DAILY = "daily", "At most daily"
    WEEKLY = "weekly", "At most weekly"
    MONTHLY = "monthly", "At most monthly"

    @property
    def pace(self) -> int:
        """0 is the fastest; of two frequencies the slower one has the higher pace."""
        return list(Frequency).index(self)


# What each lets through: rules.may_send; who lifts it: rules.may_lift.
class SuppressionReason(TextChoices):
    """Why an address is suppressed."""

    # What each lets through: rules.may_send; who lifts it: rules.may_lift.
    UNSUBSCRIBED_ALL = "unsubscribed_all", "Unsubscribed from everything"
    COMPLAINT = "complaint", "Complained"
    HARD_BOUNCE = "hard_bounce", "Address does not exist"
    MANUAL = "manual", "Blocked by staff"
    ERASED = "erased", "Erased"


class Source(TextChoices):
    """How a wish reached us."""

    ONE_CLICK = "one_click", "One-click"
    PAGE = "page", "Page"
    MAILTO = "mailto", "Mail"
    SMS = "sms", "Text message"
    COMPLAINT = "complaint", "Complaint"
    IMPORT = "import", "Import"
    API = "api", "API"
    STAFF = "staff", "Staff"


#: The sources by which something comes in today. Nothing reads a mailbox, a phone or a provider's complaints yet, so
#: forms do not offer them to choose from.
COMING_IN = (Source.ONE_CLICK, Source.PAGE, Source.IMPORT, Source.API, Source.STAFF)


# What its before and after hold, by kind: ledger.events.
class EventKind(TextChoices):
    """What a consent event records."""

    # What its before and after hold, by kind: ledger.events.
    #: No more of a category, or of anything.
    OPT_OUT = "opt_out", "Opted out"
    #: Yes, or yes again, to a category.
    OPT_IN = "opt_in", "Opted in"
    #: A slower frequency.
    OPT_DOWN = "opt_down", "Opted down"
    #: A faster frequency.
    OPT_UP = "opt_up", "Asked for more often"
    #: No messages until a day, of a category or of everything.
    PAUSE = "pause", "Paused"
    #: A pause was ended before its day.
    RESUME = "resume", "Resumed"
    #: An address was suppressed for another reason than UNSUBSCRIBED_ALL.
    SUPPRESS = "suppress", "Suppressed"
    #: A no that held was said again another way (law 12).
    AGAIN = "again", "Said no again"
    #: A suppression was ended.
    LIFT = "lift", "Lifted"
    #: The contact was erased.
    ERASE = "erase", "Erased"
    #: What is kept about the contact was downloaded.
    ACCESS = "access", "Asked what is held"
    #: Whether an address that a sender joined to the contact is theirs (law 11).
    JOIN = "join", "Answered whether an address is theirs"


class Outcome(TextChoices):
    """The verdict in one word. INVALID: the text is not an address."""

    SEND = "send", "Send"
    SUPPRESSED = "suppressed", "Suppressed"
    UNSUBSCRIBED = "unsubscribed", "Unsubscribed"
    PAUSED = "paused", "Paused"
    TOO_SOON = "too_soon", "Too soon"
    INVALID = "invalid", "Invalid"


class OutboxKind(TextChoices):
    """What an outbox message is. Its texts: templates/unsubscribe/mail/<kind>/."""

    #: What changed, and how to undo it.
    CONFIRMATION = "confirmation", "Confirmation"
    #: A fresh link to the preferences, which was asked for.
    LINK = "link", "Fresh link"
    #: Whether some categories are wanted: the first half of a double opt-in.
    OPT_IN = "opt_in", "Question whether to opt in"
    #: Whether everything about the contact is to be erased.
    ERASE = "erase", "Question whether to erase"
    #: Whether an address that a sender joined to the contact is theirs.
    JOIN = "join", "Question whether an address is theirs"
    #: That an address was agreed to be theirs.
    JOINED = "joined", "Notice that an address was added"
    #: That what is kept about the contact was downloaded.
    DOWNLOAD = "download", "Notice of a download"
    #: That erasing was asked for at another of the contact's addresses.
    ERASING = "erasing", "Notice that somebody asked to erase"


class OutboxStatus(TextChoices):
    """How far an outbox message has come; what each means in a row: models.outbox.OwedEmail."""

    QUEUED = "queued", "Waiting"
    SENDING = "sending", "Being sent"
    SENT = "sent", "Sent"
    FAILED = "failed", "Failed"
    DROPPED = "dropped", "Not needed"


class OneClickScope(TextChoices):
    """How far a one-click reaches (requirement E9)."""

    CATEGORY = "category", "The category of the message"
    EVERYTHING = "everything", "Everything"
