"""Coming back is not turning the clock back: who said no to everything and then yes to one thing gets that one."""

from collections.abc import Collection, Sequence

from ..choices import EventKind, PreferenceState, Purpose
from ..ledger.events import ChoiceData
from ..models import Address, Category, ConsentEvent, Contact, Preference
from .origin import Origin
from .recording import Change, record
from .suppressions import OwnNo, lift_own_no

#: The note of the lines that say what stays off. Nobody wished for less in that moment, so the figures leave them out.
LEFT_OFF = "Was off with everything, and stays off: the contact came back to something else."
#: contact and channel
OnChannel = tuple[int, str]


def come_back(opted_in: Sequence[Change], own_no: OwnNo, origin: Origin) -> list[ConsentEvent]:
    """Lifts the suppressions that these yes's speak against, and keeps everything else off that was off because of
    them."""
    keys = {(change.address.contact_id, change.category_id, str(change.channel)) for change in opted_in}
    back = {(contact_id, channel) for contact_id, _, channel in keys if own_no.get((contact_id, channel))}
    if not back:
        return []
    contact_ids = sorted({contact_id for contact_id, _ in back})
    lifted = lift_own_no(back, origin)
    freed = back | {(event.contact_id, event.channel) for event in lifted}
    _keep_what_was_never_blocked(contact_ids, set(own_no) | freed, origin)
    Contact.objects.filter(id__any_of=contact_ids).update(only_chosen=True)
    others = Preference.objects.filter(contact_id__any_of=contact_ids, state=PreferenceState.SUBSCRIBED)
    stale = [
        one
        for one in others
        if (one.contact_id, one.channel) in freed and (one.contact_id, one.category_id, one.channel) not in keys
    ]
    return lifted + _close(stale, {change.address.contact_id: change.address for change in opted_in}, origin)


def _keep_what_was_never_blocked(contact_ids: Sequence[int], blocked: Collection[OnChannel], origin: Origin) -> None:
    """From now on what was not chosen by name counts as no; on other channels it goes on, so it is written down."""
    channels = Address.objects.filter(contact_id__any_of=contact_ids, contact__only_chosen=False)
    still_open = set(channels.values_list("contact_id", "channel")) - set(blocked)
    if not still_open:
        return
    given = Category.objects.filter(purpose=Purpose.MARKETING, needs_opt_in=False).values_list("id", flat=True)
    unspecified = Preference.objects.filter(
        contact_id__any_of=contact_ids, state=PreferenceState.UNSPECIFIED, category_id__in=given
    )
    kept = [one.pk for one in unspecified if (one.contact_id, one.channel) in still_open]
    Preference.objects.filter(id__any_of=kept).update(
        state=PreferenceState.SUBSCRIBED, changed_at=origin.now, said_at=None, import_id=None
    )
    Preference.objects.bulk_create(
        [
            Preference(
                contact_id=contact_id,
                category_id=category_id,
                channel=channel,
                state=PreferenceState.SUBSCRIBED,
                changed_at=origin.now,
            )
            for contact_id, channel in sorted(still_open)
            for category_id in given
        ],
        ignore_conflicts=True,
    )


def _close(stale: Sequence[Preference], by_contact: dict[int, Address], origin: Origin) -> list[ConsentEvent]:
    closed = [
        Change(
            EventKind.OPT_OUT,
            by_contact[one.contact_id],
            ChoiceData(state=PreferenceState.SUBSCRIBED),
            ChoiceData(state=PreferenceState.UNSUBSCRIBED),
            one.category_id,
            channel=one.channel,
        )
        for one in stale
    ]
    Preference.objects.filter(id__any_of=[one.pk for one in stale]).update(
        state=PreferenceState.UNSUBSCRIBED, changed_at=origin.now, said_at=None, said_by=origin.source, import_id=None
    )
    # What was agreed to is the wording of the yes, and of nothing that stays off.
    return record(closed, origin._replace(wording="", note=LEFT_OFF))
