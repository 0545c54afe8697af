"""What a page or the API shows of a contact. It reads, and changes nothing."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from django.db.models import Q

from . import addresses, rules
from .choices import Channel, Frequency, PreferenceState, Purpose
from .errors import InvalidLink
from .links import Target
from .models import Address, Category, Preference, Suppression


class Choice(NamedTuple):
    """One category on one channel, as it holds today."""

    category: Category
    channel: Channel
    is_subscribed: bool
    frequency: Frequency
    paused_until: date | None
    is_fixed: bool

    @property
    def slower(self) -> list[Frequency]:
        return [one for one in Frequency if one.pace > self.frequency.pace]


class PreferenceSheet(NamedTuple):
    """Everything the preference center shows. `choices` are in the categories' order."""

    masked: str
    choices: Sequence[Choice]
    paused_until: date | None
    has_said_no_to_everything: bool

    @property
    def is_paused(self) -> bool:
        return bool(self.paused_until) or any(choice.paused_until for choice in self.choices)


def address(target: Target) -> Address:
    """The address a target names, its contact loaded. Raises InvalidLink if there is none."""
    found = Address.objects.select_related("contact").filter(id=target.address_id).first()
    if found is None:
        raise InvalidLink
    return found


def preference_sheet(target: Target, *, today: date) -> PreferenceSheet:
    """What the contact of this address chose on every channel they have. Raises InvalidLink."""
    named = address(target)
    contact = named.contact
    channels = sorted(set(map(Channel, contact.addresses.values_list("channel", flat=True))), key=list(Channel).index)
    chosen = {(row.category_id, row.channel): row for row in Preference.objects.filter(contact=contact)}
    said_no = set(
        Suppression.objects.filter(address__contact=contact, reason__in=rules.OWN_NO, lifted_at=None).values_list(
            "address__channel", flat=True
        )
    )
    categories = Category.objects.filter(
        Q(is_listed=True)
        | Q(id=target.category_id)
        | Q(preferences__contact=contact, preferences__state=PreferenceState.SUBSCRIBED)
    ).distinct()
    choices = [
        _choice(
            category,
            channel,
            chosen.get((category.pk, channel)) or Preference(),
            needs_opt_in=category.needs_opt_in or contact.only_chosen,
            has_said_no=channel in said_no,
            today=today,
        )
        for category in categories
        for channel in channels
    ]
    masked = addresses.mask(named.value, channel=named.channel)
    paused_until = contact.paused_until if contact.paused_until and contact.paused_until > today else None
    return PreferenceSheet(masked, choices, paused_until, bool(said_no))


def _choice(
    category: Category, channel: Channel, row: Preference, *, needs_opt_in: bool, has_said_no: bool, today: date
) -> Choice:
    is_fixed = category.purpose == Purpose.TRANSACTIONAL
    is_subscribed = rules.is_subscribed(PreferenceState(row.state), needs_opt_in=needs_opt_in)
    return Choice(
        category,
        channel,
        is_subscribed=is_fixed or (is_subscribed and not has_said_no),
        frequency=Frequency(row.frequency),
        paused_until=row.paused_until if row.paused_until and row.paused_until > today else None,
        is_fixed=is_fixed,
    )
