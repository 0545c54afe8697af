"""What the pages and the API show of a contact: the preference sheet, and whose an address is."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import NamedTuple

from . import addresses, links, rules
from .choices import Channel, Frequency, PreferenceState, Purpose
from .errors import InvalidLink
from .facts import covering
from .facts.covering import StandingNoes
from .links import Target
from .models import Address, Category, Contact, Preference, ShortLink, Suppression


class Choice(NamedTuple):
    """What holds today for one category on one channel.

    masked:        the addresses it goes to, masked, with commas between
    state:         what was chosen by name
    is_subscribed: whether messages go there: by the state, the default, and noes to everything
    reaches_all:   whether each of the addresses may be sent it, pauses and frequencies aside: what is retired, or
                   suppressed for one of them, may not
    paused_until:  the first day without a pause; None where none is in force
    is_fixed:      transactional, so that it cannot be switched off
    """

    category: Category
    channel: Channel
    masked: str
    state: PreferenceState
    is_subscribed: bool
    reaches_all: bool
    frequency: Frequency
    paused_until: date | None
    is_fixed: bool

    @property
    def is_offered(self) -> bool:
        """Whether the preference page shows it: a hidden category only to those who get it, a retired one to nobody."""
        is_got = self.is_subscribed and not self.is_fixed
        return self.category.is_offered or (is_got and self.category.retired_at is None)

    @property
    def key(self) -> str:
        """The category's id and the channel, with which the names of form fields end."""
        return f"{self.category.pk}-{self.channel}"

    @property
    def slower(self) -> list[Frequency]:
        """The frequencies slower than the one that holds, from the fastest."""
        return [one for one in Frequency if one.pace > self.frequency.pace]


class PreferenceSheet(NamedTuple):
    """What the preference center shows of the contact of one address.

    language:     of the address (Address.language)
    masked:       the address, masked; `channel` is its channel
    choices:      in the order of the categories
    paused_until: the first day without a pause of everything; None where none is in force
    has_said_no_to_everything: on every channel shown
    is_blocked:   for good, so that not even a transactional message reaches the address
    address:      the one behind the link; None in a preview
    known:        all addresses of the contact, pending or not
    """

    contact_id: int
    language: str
    masked: str
    channel: Channel
    choices: Sequence[Choice]
    paused_until: date | None
    has_said_no_to_everything: bool
    is_erased: bool
    is_blocked: bool
    address: Address | None = None
    known: Sequence[Address] = ()

    @property
    def is_pending(self) -> bool:
        """Whether the address is pending at its contact, so that the sheet is about it alone (law 11)."""
        return self.address is not None and self.address.is_pending

    def choice_of(self, target: Target) -> Choice | None:
        """What holds for the category the target names, on the channel of its address."""
        named = (one for one in self.choices if one.category.pk == target.category_id and one.channel == self.channel)
        return next(named, None)


def address(target: Target) -> Address:
    """The address a target names, its contact loaded. Raises InvalidLink if there is none."""
    found = Address.objects.select_related("contact").filter(id=target.address_id).first()
    if found is None:
        raise InvalidLink
    return found


def theirs(named: Address) -> list[Address]:
    """The addresses for which this one may speak, oldest first: itself alone while it is pending at its contact, else
    all of the contact's that are not pending (law 11)."""
    return _theirs(named, with_joined(named))


def with_joined(named: Address) -> list[Address]:
    """All addresses of this one's contact, pending or not, oldest first."""
    return list(named.contact.addresses.order_by("id"))


def short_link(token: str) -> tuple[Target, date]:
    """What a short link names, and the day on which it was last handed out. Raises InvalidLink."""
    found = ShortLink.objects.filter(id=links.read_short(token)).first()
    if found is None:
        raise InvalidLink
    return Target(found.address_id, found.category_id, found.campaign_id), found.issued_on


def preference_sheet(
    named: Address, *, today: date, also: Collection[int | None] = (), with_pending: bool = False
) -> PreferenceSheet:
    """What holds for the contact of this address, by category and channel.

    also:         ids of hidden categories to show; one that the contact gets is shown too
    with_pending: show the contact's pending addresses as well, as the API does

    For a pending address, only what holds for that address (law 11).
    """
    contact = named.contact
    known = with_joined(named)
    by_channel = _by_channel(known if with_pending else _theirs(named, known))
    categories = list(Category.objects.select_related("group"))
    emails = _emails(named, contact)
    standing = covering.standing(emails, [one.pk for one in categories])
    against = _against(named, by_channel, _suppressions(contact), emails, standing)
    choices = _choices(named, categories, by_channel, against, today=today)
    return PreferenceSheet(
        contact.pk,
        named.language,
        addresses.mask(named.value, channel=named.channel),
        Channel(named.channel),
        [one for one in choices if one.is_offered or one.category.pk in also],
        contact.paused_until if contact.paused_until and contact.paused_until > today else None,
        against.said_no == set(by_channel),
        contact.erased_at is not None,
        against.is_blocked,
        named,
        known,
    )


class _Against(NamedTuple):
    """What speaks against sending to a contact.

    said_no:    the channels on which the contact said no to everything
    suppressed: by channel, each SuppressionReason in force for any of its addresses
    emails:     the ids of the email addresses that `standing` is about
    standing:   what noes that cover these addresses say of them
    is_blocked: whether not even a receipt reaches the address that the sheet is about
    channel:    the channel of that address
    """

    said_no: set[Channel]
    suppressed: dict[Channel, set[str]]
    emails: Collection[int]
    standing: StandingNoes
    is_blocked: bool
    channel: Channel

    def has_no(self, category: Category, channel: Channel) -> bool:
        noes = self.standing.noes
        is_covered = channel == Channel.EMAIL and all((id_, category.pk) in noes for id_ in self.emails)
        return channel in self.said_no or is_covered

    def suppresses(self, category: Category, channel: Channel) -> bool:
        is_blocked = self.is_blocked and channel == self.channel
        return is_blocked or bool(self.suppressed[channel] & rules.held_back_by(Purpose(category.purpose)))


def _against(
    named: Address,
    by_channel: dict[Channel, dict[int, str]],
    active: set[tuple[int, str]],
    emails: Collection[int],
    standing: StandingNoes,
) -> _Against:
    silent = {address_id for address_id, reason in active if reason in rules.OWN_NO}
    suppressed = {channel: {reason for id_, reason in active if id_ in ids} for channel, ids in by_channel.items()}
    own = {reason for id_, reason in active if id_ == named.pk}
    is_blocked = bool(own & rules.BLOCKS_EVERYTHING) or named.pk in standing.blocked
    said_no = _said_no(named, by_channel, silent)
    return _Against(said_no, suppressed, emails, standing, is_blocked, Channel(named.channel))


def _suppressions(contact: Contact) -> set[tuple[int, str]]:
    """The suppressions in force of all addresses of the contact: the address's id and the reason."""
    rows = Suppression.objects.filter(address__contact=contact, lifted_at=None)
    return set(rows.values_list("address_id", "reason"))


def _theirs(named: Address, known: Iterable[Address]) -> list[Address]:
    return [named] if named.is_pending else [one for one in known if not one.is_pending]


def _by_channel(rows: Sequence[Address]) -> dict[Channel, dict[int, str]]:
    """Each channel's addresses: id and masked value."""
    channels = sorted({Channel(one.channel) for one in rows}, key=list(Channel).index)
    return {channel: {one.pk: str(one) for one in rows if one.channel == channel} for channel in channels}


def _emails(named: Address, contact: Contact) -> dict[int, str]:
    """The email addresses whose noes count, as in `_said_no`: by id, their normalised values."""
    if named.channel == Channel.EMAIL:
        return {named.pk: named.value}
    return dict(contact.addresses.filter(channel=Channel.EMAIL).values_list("id", "value"))


def _said_no(named: Address, by_channel: dict[Channel, dict[int, str]], silent: set[int]) -> set[Channel]:
    """The channels on which everything is off: on the channel of the link's address that one counts, elsewhere all of
    the contact's addresses must be suppressed (their ids are in `silent`)."""
    elsewhere = {channel for channel, ids in by_channel.items() if set(ids) <= silent} - {named.channel}
    return elsewhere | ({Channel(named.channel)} if named.pk in silent else set())


def _choices(
    named: Address,
    categories: Iterable[Category],
    by_channel: dict[Channel, dict[int, str]],
    against: _Against,
    *,
    today: date,
) -> list[Choice]:
    """Each category on each channel, in the order of the categories."""
    chosen = {(row.category_id, row.channel): row for row in named.contact.preferences.all()}
    if named.is_beside:
        for row in chosen.values():
            row.state = rules.state_beside(row.state)
    return [
        choice(
            category,
            channel,
            ", ".join(masked.values()),
            chosen.get((category.pk, channel)) or Preference(),
            needs_opt_in=category.needs_opt_in or named.contact.only_chosen,
            has_said_no=against.has_no(category, channel),
            is_suppressed=against.suppresses(category, channel),
            today=today,
        )
        for category in categories
        for channel, masked in by_channel.items()
    ]


def choice(
    category: Category,
    channel: Channel,
    masked: str,
    row: Preference,
    *,
    needs_opt_in: bool,
    has_said_no: bool = False,
    is_suppressed: bool = False,
    today: date,
) -> Choice:
    """What holds for a category where `row` was chosen; an empty one where nothing was.

    needs_opt_in:  whether nothing chosen means no
    has_said_no:   whether the contact said no to all that is not transactional
    is_suppressed: whether a message of it to one of the addresses is
    """
    state = PreferenceState(row.state)
    is_fixed = category.purpose == Purpose.TRANSACTIONAL
    is_subscribed = is_fixed or (rules.is_subscribed(state, needs_opt_in=needs_opt_in) and not has_said_no)
    return Choice(
        category,
        channel,
        masked,
        state,
        is_subscribed=is_subscribed,
        reaches_all=is_subscribed and not is_suppressed and category.retired_at is None,
        frequency=Frequency(row.frequency),
        paused_until=row.paused_until if row.paused_until and row.paused_until > today else None,
        is_fixed=is_fixed,
    )
