"""What counts as what in the ledger. Each meaning is a condition that the figures and the lists behind them share."""

from collections.abc import Iterable

from django.db.models import BigIntegerField, Case, Q, When

from unsubscribe.actions.joining.adding import AFTER_A_COMPLAINT
from unsubscribe.actions.resubscribing import LEFT_OFF
from unsubscribe.actions.undoing import UNDO
from unsubscribe.choices import EventKind, PreferenceState, Source, SuppressionReason
from unsubscribe.facts.joins import SHARED
from unsubscribe.models import Campaign, ConsentEvent
from unsubscribe.rules import OWN_VOICE

#: No more, or less: what somebody says who came to leave.
LEAVING = (EventKind.OPT_OUT, EventKind.OPT_DOWN, EventKind.PAUSE)
LESS = (EventKind.OPT_DOWN, EventKind.PAUSE)
#: Written when somebody comes back to something else; through no other door does anybody come back.
STAYS_OFF = Q(kind=EventKind.OPT_OUT, source__in=OWN_VOICE, note=LEFT_OFF)
#: The doors whose opt-outs go into a rate: what an import brings is of other days.
OF_THESE_DAYS = [source for source in Source if source != Source.IMPORT]
#: What a provider told us; and what the sender's system heard from its own, among other blocks. What an import brings
#: is of other days.
COMPLAINT_BY_PROVIDER = Q(kind=EventKind.SUPPRESS, source=Source.COMPLAINT)
COMPLAINT_BY_API = Q(kind=EventKind.SUPPRESS, source=Source.API, after__suppressed=[SuppressionReason.COMPLAINT]) & ~Q(
    note__in=[AFTER_A_COMPLAINT, SHARED]
)
COMPLAINT = COMPLAINT_BY_PROVIDER | COMPLAINT_BY_API

#: More again. The sources are named, because the index goes by kind, then source, then time. An import that is taken
#: back is nobody's wish.
MORE = Q(
    kind__in=[EventKind.OPT_IN, EventKind.OPT_UP, EventKind.RESUME, EventKind.LIFT],
    source__in=OF_THESE_DAYS,
)
_BY_UNDO = Q(source=Source.PAGE) & (Q(wording=UNDO) | Q(note=UNDO))
_AFTER_A_NO = Q(kind=EventKind.OPT_IN, before__state=PreferenceState.UNSUBSCRIBED)
#: A no, or less, that was taken back on the page that had just confirmed it.
UNDONE = MORE & _BY_UNDO
#: A yes of somebody who had said no, other than by Undo. The first yes of somebody new is none.
BACK = MORE & _AFTER_A_NO & ~_BY_UNDO


def opted_out(sources: Iterable[Source] = Source) -> Q:
    return Q(kind=EventKind.OPT_OUT, source__in=list(sources)) & ~STAYS_OFF


def stays_off(during: Q, source: Source) -> Q:
    """STAYS_OFF by this door, found without a look at each opt-out: in the same moment a block was lifted.

    No other bounds of time beside it: SQLite would walk along them. One door at a time: PostgreSQL would rather read
    the whole ledger for several."""
    lifted = ConsentEvent.objects.filter(during, kind=EventKind.LIFT, source=source)
    return STAYS_OFF & Q(source=source, at__in=lifted.values("at"))


def which_more(*, undone: int, back: int) -> Case:
    """For a line of MORE the one number or the other, and 0 for neither."""
    which = (When(_BY_UNDO, then=undone), When(_AFTER_A_NO, then=back))
    return Case(*which, default=0, output_field=BigIntegerField())


def mail_of(category_id: int) -> Q:
    """What is about the category, and what is about everything but came from one of its mailings."""
    campaigns = Campaign.objects.filter(category=category_id)
    return Q(category=category_id) | Q(category=None, campaign__in=campaigns.values("id"))
