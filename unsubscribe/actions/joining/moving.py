"""What goes along with an address that moves to another contact (adding.py): when it was written to last, so that
nobody who chose a frequency is written to more often, and the mails that are owed to it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime

from django.db import connection

from ... import outbox
from ...models import Address, LastSent, OutboxMessage, other_campaigns
from .parting import clock_for

#: When a campaign began for them, and when our own backend sent it to them.
Run = tuple[datetime | None, datetime | None]
#: A contact, a category and a channel.
Key = tuple[int, int, str]
_LAST = ("sent_on", "campaign_id", "began_at", "sent_at", "claimed_at")
_EARLIER = ("earlier_on", "earlier_campaign_id", "earlier_began_at", "earlier_sent_at")


def take_along(moved: Sequence[Address], left: Mapping[int, int]) -> None:
    """`moved` are at their new contacts already, here and in the database; `left` says by their ids which contacts they
    had, and were the only address of. Always the same number of queries.

    A mailing that is recorded for the contact before in this very instant may be missed. That price is accepted: with a
    lock on that clock, this and a mailing could wait for each other in a circle.
    """
    if not moved:
        return
    mails = outbox.hold(OutboxMessage.objects.filter(address_id__any_of=list(left)))
    new = {one.pk: one.contact_id for one in moved}
    for mail in mails:
        mail.contact_id = new[mail.address_id]
    OutboxMessage.objects.bulk_update(mails, ["contact"], batch_size=500)
    _take_clocks({left[one.pk]: one for one in moved})


def _take_clocks(came: Mapping[int, Address]) -> None:
    """`came`: by the contact before, who has come. What stands at the new contact is locked, and what does not is made,
    in one walk in the order in which mailings do it: with two, this and a mailing could wait for each other."""
    rows = LastSent.objects.filter(contact_id__any_of=sorted(came))
    brought = [clock_for(row, came[row.contact_id].contact_id) for row in rows if _is_of(row, came[row.contact_id])]
    if not brought:
        return
    first = {_key(one): clock_for(one, one.contact_id) for one in reversed(brought)}
    LastSent.objects.bulk_create(
        [first[key] for key in sorted(first)],
        update_conflicts=True,
        unique_fields=["contact", "category", "channel"],
        update_fields=["channel"],  # as it is: that locks
    )
    rows = LastSent.objects.filter(contact_id__any_of=sorted({one.contact_id for one in brought}))
    there = {_key(one): one for one in rows}
    for one in brought:
        _merge(there[_key(one)], one)
    changed = [field.name for field in LastSent._meta.concrete_fields if field.name not in {"id", "contact"}]
    LastSent.objects.bulk_update([there[key] for key in dict.fromkeys(map(_key, brought))], changed, batch_size=100)


def _is_of(clock: LastSent, address: Address) -> bool:
    return clock.channel == address.channel


def _key(clock: LastSent) -> Key:
    return clock.contact_id, clock.category_id, clock.channel


def _merge(there: LastSent, brought: LastSent) -> None:
    """Makes one clock of both, which knows every campaign that either knew: the later one, and beside it the other's
    campaigns."""
    first, last = sorted((brought, there), key=_last_on)
    is_same = last.campaign_id is not None and last.campaign_id == first.campaign_id
    days = (last.before_on, first.before_on if is_same else _last_on(first))
    runs = _both([_runs(first), _runs(last)])
    claimed_at = max(filter(None, [one.claimed_at for one in (first, last) if one is last or is_same]), default=None)
    for name in (*_LAST, *_EARLIER):
        setattr(there, name, getattr(last, name))
    there.before_on, there.claimed_at = max(filter(None, days), default=None), claimed_at
    if there.campaign_id:
        there.began_at, there.sent_at = runs.pop(there.campaign_id)
    if there.earlier_campaign_id in runs:
        there.earlier_began_at, there.earlier_sent_at = runs.pop(there.earlier_campaign_id)
    kept = {str(id_): [_moment(began), _moment(sent)] for id_, (began, sent) in runs.items() if began or sent}
    there.others = kept or None


def _last_on(clock: LastSent) -> date:
    return max(clock.sent_on, clock.earlier_on or clock.sent_on)


def _runs(clock: LastSent) -> dict[int, Run]:
    runs = other_campaigns(clock.others)
    if clock.earlier_campaign_id:
        runs[clock.earlier_campaign_id] = (clock.earlier_began_at, clock.earlier_sent_at)
    if clock.campaign_id:
        runs[clock.campaign_id] = (clock.began_at, clock.sent_at)
    return runs


def _both(some: Iterable[Mapping[int, Run]]) -> dict[int, Run]:
    """Of a campaign that both know: when it began first, and when it was sent last."""
    both: dict[int, Run] = {}
    for runs in some:
        for id_, (began, sent) in runs.items():
            other = both.get(id_, (None, None))
            both[id_] = (
                min(filter(None, [began, other[0]]), default=None),
                max(filter(None, [sent, other[1]]), default=None),
            )
    return both


def _moment(at: datetime | None) -> str | None:
    """In UTC, as the database writes it (models.LastSent)."""
    return str(connection.ops.adapt_datetimefield_value(at.astimezone(UTC))) if at else None
