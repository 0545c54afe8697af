"""What counts as what in the ledger: conditions that the figures and the lists behind them (admin.overview) share."""

from collections.abc import Iterable

from django.db.models import BigIntegerField, Case, Q, When

from unsubscribe.actions.joining.adding import AFTER_A_COMPLAINT
from unsubscribe.actions.resubscribing import LEFT_OFF
from unsubscribe.actions.undoing import UNDO
from unsubscribe.choices import EventKind, PreferenceState, Source, SuppressionReason
from unsubscribe.facts.joins import SHARED
from unsubscribe.models import Campaign, ConsentEvent
from unsubscribe.rules import OWN_VOICE

#: The kinds of events of a contact who wants no more messages, or fewer.
LEAVING = (EventKind.OPT_OUT, EventKind.OPT_DOWN, EventKind.PAUSE)
LESS = (EventKind.OPT_DOWN, EventKind.PAUSE)
#: The opt-outs that opting in again writes for the categories that stay off (actions.resubscribing); no figure counts
#: them. They come by OWN_VOICE alone.
STAYS_OFF = Q(kind=EventKind.OPT_OUT, source__in=OWN_VOICE, note=LEFT_OFF)
#: The sources whose events go into a rate: an import brings opt-outs of other days.
OF_THESE_DAYS = [source for source in Source if source != Source.IMPORT]
#: Complaints as a provider reported them, and as the sender's system recorded them by the API, without those that other
#: addresses brought about. Imported ones are of other days.
COMPLAINT_BY_PROVIDER = Q(kind=EventKind.SUPPRESS, source=Source.COMPLAINT)
COMPLAINT_BY_API = Q(kind=EventKind.SUPPRESS, source=Source.API, after__suppressed=[SuppressionReason.COMPLAINT]) & ~Q(
    note__in=[AFTER_A_COMPLAINT, SHARED]
)
COMPLAINT = COMPLAINT_BY_PROVIDER | COMPLAINT_BY_API

#: Wanting more messages again. The sources are listed because the index is by kind, source and time; an import that is
#: taken back is not a contact's wish.
MORE = Q(
    kind__in=[EventKind.OPT_IN, EventKind.OPT_UP, EventKind.RESUME, EventKind.LIFT],
    source__in=OF_THESE_DAYS,
)
_BY_UNDO = Q(source=Source.PAGE) & (Q(wording=UNDO) | Q(note=UNDO))
_AFTER_A_NO = Q(kind=EventKind.OPT_IN, before__state=PreferenceState.UNSUBSCRIBED)
#: An opt-out or opt-down that was undone on the page that confirmed it.
UNDONE = MORE & _BY_UNDO
#: An opt-in to what the contact had unsubscribed from, other than by Undo; not a first opt-in.
BACK = MORE & _AFTER_A_NO & ~_BY_UNDO


def opted_out(sources: Iterable[Source] = Source) -> Q:
    """The opt-outs by these sources."""
    return Q(kind=EventKind.OPT_OUT, source__in=list(sources)) & ~STAYS_OFF


def stays_off(during: Q, source: Source) -> Q:
    """STAYS_OFF by this source, found by the suppressions that were lifted at the same moment, `during` a span.

    Use it without other bounds of time, along which SQLite would search, and for one source at a time, because for
    several PostgreSQL would read the whole ledger."""
    lifted = ConsentEvent.objects.filter(during, kind=EventKind.LIFT, source=source)
    return STAYS_OFF & Q(source=source, at__in=lifted.values("at"))


def which_more(*, undone: int, back: int) -> Case:
    """For an event of MORE: `undone` if it is UNDONE, `back` if it is BACK, else 0."""
    which = (When(_BY_UNDO, then=undone), When(_AFTER_A_NO, then=back))
    return Case(*which, default=0, output_field=BigIntegerField())


def mail_of(category_id: int) -> Q:
    """The events about the category, and those about everything that came from one of its campaigns."""
    campaigns = Campaign.objects.filter(category=category_id)
    return Q(category=category_id) | Q(category=None, campaign__in=campaigns.values("id"))
