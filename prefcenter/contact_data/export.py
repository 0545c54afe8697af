"""All that is kept about a contact, for the contact: "Your data" and its download (GDPR, Articles 15 and 20).

The keys of the export, by section; those that are not here have the values of the columns they are named after
(unsubscribe.models). Times are ISO 8601 in the site's time zone, days YYYY-MM-DD; None is not known, or never set.

held_by, as_of:  the sender's name; when the export was made
contact:         paused_again_at and only_what_was_chosen are Contact.pause_said_at and only_chosen
consent:         the consent events, oldest first, without `actor`
last_sent:       for each campaign of a category that still runs, or was last, the day on which it was sent
mails:           the outbox messages
accounts:        those with which the contact can sign in
link_requests:   when a link was asked for, and when that was answered
said_again_at, less_said_again_at: `said_at` and `less_said_at` of a preference or suppression
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from django.utils import timezone

from prefcenter.models import Feedback, LinkRequest, User
from unsubscribe import conf, queries
from unsubscribe.choices import PreferenceState
from unsubscribe.models import Address, Campaign, Category, ConsentEvent, Contact, Suppression, other_campaigns

from .whose import Whose, digests, emails

#: An object of the export, ready for JSON.
Facts = dict[str, Any]


def held(contact_id: int, *, now: datetime, address: Address | None = None) -> Facts:
    """All that is kept about the contact, ready for JSON, in the active language.

    now:     aware
    address: one of the contact's; if it is pending, only what is about that address (law 11)

    Without `address`, or with one that is not pending, pending addresses are left out. Raises Contact.DoesNotExist.
    """
    contact = Contact.objects.get(id=contact_id)
    rows = [one for one in contact.addresses.order_by("id") if not one.is_pending]
    whose = Whose(contact, queries.theirs(address) if address else rows)
    addresses = whose.addresses
    return {
        "held_by": conf.sender_name(),
        "as_of": _iso(now),
        "contact": {
            "known_since": _iso(whose.known_since),
            "language": whose.language,
            "paused_until": _iso(contact.paused_until),
            "paused_again_at": _iso(contact.pause_said_at),
            "only_what_was_chosen": contact.only_chosen,
            "erased_at": _iso(contact.erased_at),
        },
        "addresses": [
            {"address": one.value, "channel": one.channel, "since": _iso(one.created_at)} for one in addresses
        ],
        "preferences": _preferences(whose),
        "suppressions": _suppressions(addresses),
        "consent": _consent(whose),
        "last_sent": _last_sent(whose),
        "feedback": _feedback(whose),
        "mails": _mails(whose),
        "accounts": _accounts(addresses),
        "link_requests": _link_requests(addresses),
    }


def _preferences(whose: Whose) -> list[Facts]:
    rows = whose.contact.preferences.filter(channel__in=whose.channels).select_related("category")
    if whose.is_beside:
        rows = rows.filter(state=PreferenceState.UNSUBSCRIBED)
    return [
        _about(row.category)
        | {
            "channel": row.channel,
            "state": row.state,
            "frequency": row.frequency,
            "paused_until": _iso(row.paused_until),
            "changed_at": _iso(row.changed_at),
            #: `said_at` and `less_said_at`.
            "said_again_at": _iso(row.said_at),
            "less_said_again_at": _iso(row.less_said_at),
        }
        for row in rows.order_by("category__position", "id")
    ]


def _suppressions(addresses: Sequence[Address]) -> list[Facts]:
    by_id = {one.pk: one for one in addresses}
    rows = Suppression.objects.filter(address__any_of=list(by_id)).select_related("campaign")
    return [
        {
            "address": by_id[row.address_id].value,
            "channel": by_id[row.address_id].channel,
            "reason": row.reason,
            "everywhere": row.everywhere,
            "source": row.source,
            "campaign": _name(row.campaign),
            "since": _iso(row.since),
            "said_again_at": _iso(row.said_at),
            "lifted_at": _iso(row.lifted_at),
        }
        for row in rows.order_by("id")
    ]


def _consent(whose: Whose) -> list[Facts]:
    """The consent events without `actor`, which may name staff."""
    return [
        _about(event.category)
        | {
            "at": _iso(event.at),
            "kind": event.kind,
            "source": event.source,
            "channel": event.channel,
            "address": event.address.value,
            "campaign": _name(event.campaign),
            "before": event.before,
            "after": event.after,
            "wording": event.wording,
            "note": event.note,
        }
        for event in _events(whose)
    ]


def _events(whose: Whose) -> Iterable[ConsentEvent]:
    return ConsentEvent.objects.filter(whose.said()).select_related("address", "category", "campaign").order_by("id")


def _last_sent(whose: Whose) -> list[Facts]:
    sent = whose.contact.last_sent.filter(channel__in=[] if whose.is_beside else whose.channels)
    rows = list(sent.select_related("category", "campaign", "earlier_campaign").order_by("id"))
    others = Campaign.objects.in_bulk({id_ for row in rows for id_ in other_campaigns(row.others)})
    return [
        _about(row.category) | {"channel": row.channel, "day": _iso(day), "campaign": _name(campaign)}
        for row in rows
        for day, campaign in [
            (row.sent_on, row.campaign),
            (row.earlier_on, row.earlier_campaign),
            *((_day(at), others.get(id_)) for id_, (at, _) in reversed(other_campaigns(row.others).items())),
        ]
        if day
    ]


def _feedback(whose: Whose) -> list[Facts]:
    rows = Feedback.objects.filter(whose.said("event__")).select_related("reason", "category", "campaign")
    return [
        _about(row.category)
        | {
            "at": _iso(row.created_at),
            "campaign": _name(row.campaign),
            "reason": row.reason.local_text if row.reason else None,
            "more": row.more,
            "text": row.text,
            "note": row.note,
        }
        for row in rows.order_by("id")
    ]


def _mails(whose: Whose) -> list[Facts]:
    rows = whose.contact.outbox.filter(address__any_of=[one.pk for one in whose.addresses])
    return [
        {
            "kind": row.kind,
            "address": row.address.value,
            "status": row.status,
            "asked_at": _iso(row.created_at),
            "sent_at": _iso(row.sent_at),
        }
        for row in rows.select_related("address").order_by("id")
    ]


def _accounts(addresses: Sequence[Address]) -> list[Facts]:
    users = User.objects.filter(email__in=emails(addresses)).order_by("id")
    return [
        {"email": user.email, "joined": _iso(user.date_joined), "last_sign_in": _iso(user.last_login)} for user in users
    ]


def _link_requests(addresses: Sequence[Address]) -> list[Facts]:
    rows = LinkRequest.objects.filter(address__any_of=digests(addresses)).order_by("id")
    return [{"asked_at": _iso(row.created_at), "answered_at": _iso(row.answered_at)} for row in rows]


def _about(category: Category | None) -> Facts:
    """The category's slug, and its name in the active language; None where there is no category."""
    return {"category": category.slug if category else None, "name": category.local_name if category else None}


def _name(campaign: Campaign | None) -> str | None:
    return campaign.name if campaign else None


def _day(at: datetime | None) -> date | None:
    return timezone.localtime(at).date() if at else None


def _iso(when: date | None) -> str | None:
    if isinstance(when, datetime):
        return timezone.localtime(when).isoformat(timespec="seconds")
    return when.isoformat() if when else None
