"""The closed lists of words that code, database, API and pages share; it decides nothing."""

from django.db.models import TextChoices

from .channels import Channel as Channel  # noqa: PLC0414  (it is one of these lists)


class Purpose(TextChoices):
    MARKETING = "marketing", "Marketing"
    TRANSACTIONAL = "transactional", "Transactional"


class PreferenceState(TextChoices):
    SUBSCRIBED = "subscribed", "Subscribed"
    UNSUBSCRIBED = "unsubscribed", "Unsubscribed"
    UNSPECIFIED = "unspecified", "Not chosen"


class Frequency(TextChoices):
    """How often at most, from the fastest to the slowest."""

    # The labels are for staff: what pages show to recipients, by channel and in their language, is
    # outbox.wording.frequency_label.
    AS_SENT = "as_sent", "Every message"
    DAILY = "daily", "At most daily"
    WEEKLY = "weekly", "At most weekly"
    MONTHLY = "monthly", "At most monthly"

    @property
    def pace(self) -> int:
        return list(Frequency).index(self)


class SuppressionReason(TextChoices):
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


class EventKind(TextChoices):
    OPT_OUT = "opt_out", "Opted out"
    OPT_IN = "opt_in", "Opted in"
    OPT_DOWN = "opt_down", "Opted down"
    OPT_UP = "opt_up", "Asked for more often"
    PAUSE = "pause", "Paused"
    RESUME = "resume", "Resumed"
    SUPPRESS = "suppress", "Suppressed"
    AGAIN = "again", "Said no again"
    LIFT = "lift", "Lifted"
    ERASE = "erase", "Erased"
    ACCESS = "access", "Asked what is held"
    JOIN = "join", "Answered whether an address is theirs"


class Outcome(TextChoices):
    """What a verdict comes to; `invalid` is a string that is not an address."""

    SEND = "send", "Send"
    SUPPRESSED = "suppressed", "Suppressed"
    UNSUBSCRIBED = "unsubscribed", "Unsubscribed"
    PAUSED = "paused", "Paused"
    TOO_SOON = "too_soon", "Too soon"
    INVALID = "invalid", "Invalid"


class OutboxKind(TextChoices):
    CONFIRMATION = "confirmation", "Confirmation"
    LINK = "link", "Fresh link"
    OPT_IN = "opt_in", "Question whether to opt in"
    ERASE = "erase", "Question whether to erase"
    JOIN = "join", "Question whether an address is theirs"
    JOINED = "joined", "Notice that an address was added"
    DOWNLOAD = "download", "Notice of a download"
    ERASING = "erasing", "Notice that somebody asked to erase"


class OutboxStatus(TextChoices):
    QUEUED = "queued", "Waiting"
    SENDING = "sending", "Being sent"
    SENT = "sent", "Sent"
    FAILED = "failed", "Failed"
    DROPPED = "dropped", "Not needed"


class OneClickScope(TextChoices):
    """How far a one-click reaches (requirement E9)."""

    CATEGORY = "category", "The category of the message"
    EVERYTHING = "everything", "Everything"
