"""By which facts a verdict came about, for one address at a time (`manage.py why`).

The verdict is that of `check`, by the same facts. The rows behind them are looked up here, with the times and sources
that the rules do not need.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from functools import cached_property
from typing import Any

from django.db.models import Q
from django.utils import timezone

from .. import conf, rules
from ..addresses import Normalised, domains, gmail_digest
from ..choices import Channel, EventKind, Frequency, PreferenceState, Source, SuppressionReason
from ..facts import covering
from ..facts.joins import SHARED
from ..mailing import Mailing
from ..models import Address, ConsentEvent, DomainSuppression, Preference, Suppression
from ..rules import Rule
from .checking import GatheredFacts, gather, verdicts
from .explanation import DefaultFact, Explanation, Fact, FrequencyFact, PauseFact, PreferenceFact, SuppressionFact


def explain(address: str, mailing: Mailing, *, now: datetime) -> Explanation:
    """Why this may be sent to this address, or why not. Parameters as of `check`; a dozen queries at most."""
    gathered = gather([address], mailing, now=now)
    [verdict] = verdicts(gathered, mailing, now=now)
    [wanted] = gathered.wanted
    if wanted is None:
        return Explanation(verdict, ())
    return Explanation(verdict, tuple(_Evidence(wanted, mailing, gathered, now=now).behind(verdict.rule)))


class _Evidence:
    """Looks up the rows behind the facts about one address."""

    def __init__(self, address: Normalised, mailing: Mailing, gathered: GatheredFacts, *, now: datetime) -> None:
        self._address, self._mailing, self._today = address, mailing, timezone.localtime(now).date()
        found = gathered.found.get(address.digest)
        self._alone = found.facts if found else gathered.strangers
        #: 0 while the address is not known.
        self._address_id, self._contact_id = (found.address_id, found.contact_id) if found else (0, 0)
        self._facts = gathered.about(address.digest)
        self._is_covered = address.digest in gathered.covered

    def behind(self, rule: Rule) -> Iterator[Fact]:
        """The facts that made this row of the table match, the weightiest first."""
        if rule in {Rule.BLOCKED, Rule.SAID_NO}:
            yield from self._suppressions(rule)
        elif rule == Rule.UNSUBSCRIBED:
            yield from self._noes()
        elif rule == Rule.PAUSED:
            yield from sorted(self._pauses(), key=lambda one: one.until, reverse=True)
        elif rule == Rule.TOO_SOON:
            yield self._frequency()
        elif rule == Rule.NOTHING:
            yield from self._choices()
            if self._facts.chosen.frequency != Frequency.AS_SENT:
                yield self._frequency()

    def _suppressions(self, rule: Rule) -> Iterator[SuppressionFact]:
        reasons = self._facts.suppressed & rules.BLOCKS_EVERYTHING if rule == Rule.BLOCKED else self._facts.suppressed
        own = Q(address_id=self._address_id)
        rows = Suppression.objects.filter(own | self._same_mailbox("address__"), reason__in=reasons, lifted_at=None)
        for row in rows.select_related("campaign").order_by("since", "id"):
            is_own = row.address_id == self._address_id
            if is_own or self._counts(row):
                said_by = self._who_shared(row) if is_own else row.address_id
                campaign = row.campaign.name if row.campaign else ""
                yield _suppression(row, campaign=campaign, said_by=said_by, is_same_mailbox=not is_own)
        if self._is_covered:
            named = domains.of(self._address.value)
            of_domain = DomainSuppression.objects.filter(domain=named, reason__in=reasons, lifted_at=None)
            for block in of_domain.order_by("since", "id"):
                if self._counts(block):
                    yield _suppression(block, domain=named)

    def _noes(self) -> Iterator[Fact]:
        if not rules.is_subscribed(self._alone.chosen.state, needs_opt_in=self._alone.needs_opt_in):
            yield from self._choices()
        if self._is_covered:
            yield from self._noes_in_mailbox()

    def _choices(self) -> Sequence[Fact]:
        """What the contact chose, else the default; for a message without a category each unsubscribed one."""
        chosen = [self._choice(row) for row in self._preferences if self._is_choice(row)]
        return chosen or [self._default()]

    def _is_choice(self, row: Preference) -> bool:
        if self._mailing.category is None:
            return row.state == PreferenceState.UNSUBSCRIBED
        return row.state != PreferenceState.UNSPECIFIED

    def _choice(self, row: Preference) -> PreferenceFact:
        state = PreferenceState(row.state)
        event = self._setting(row.category_id, "state", state)
        said_by = event.address_id if event and event.address_id != self._address_id else None
        is_beside = self._is_beside and rules.state_beside(state) != state
        return _preference(row, event, said_by=said_by, is_beside=is_beside)

    def _noes_in_mailbox(self) -> Iterator[Fact]:
        """The noes of other contacts who have another spelling of the address (facts.covering)."""
        others = Address.objects.filter(self._same_mailbox()).exclude(contact_id=self._contact_id)
        by_contact = {one.contact_id: one for one in others.select_related("contact").order_by("-id")}
        rows = Preference.objects.filter(contact__any_of=list(by_contact), channel=Channel.EMAIL)
        if self._mailing.category:
            rows = rows.filter(category=self._mailing.category)
        kept = set()
        for row in rows.select_related("category").order_by("id"):
            kept |= {row.contact_id} if row.state == PreferenceState.SUBSCRIBED else set()
            if row.state == PreferenceState.UNSUBSCRIBED and not self._is_overcome(_last_said(row)):
                yield _preference(row, None, said_by=by_contact[row.contact_id].pk, is_same_mailbox=True)
        back = {id_: one for id_, one in by_contact.items() if one.contact.only_chosen}
        if back and not self._is_overcome(max(one.contact.created_at for one in back.values())):
            for id_, one in back.items():
                if id_ not in kept or self._mailing.category is None:
                    yield DefaultFact(self._mailing.needs_opt_in, only_chosen=True, said_by=one.pk)

    def _default(self) -> DefaultFact:
        only_chosen = self._own.contact.only_chosen if self._own else False
        return DefaultFact(self._mailing.needs_opt_in, only_chosen, is_known=self._own is not None)

    def _pauses(self) -> Iterator[PauseFact]:
        pauses: list[tuple[int | None, str, date | None]] = [(None, "", self._facts.contact_paused_until)]
        if category := self._mailing.category:
            pauses.append((category.pk, category.slug, self._facts.chosen.paused_until))
        for category_id, slug, until in pauses:
            if until and until > self._today:
                event = self._setting(category_id, "paused_until", until.isoformat())
                yield PauseFact(slug, until, *_how(event))

    def _frequency(self) -> FrequencyFact:
        chosen, category_id = self._facts.chosen, self._mailing.category_id
        event = self._setting(category_id, "frequency", chosen.frequency)
        return FrequencyFact(chosen.frequency, self._facts.last_sent_on, self._facts.had_until, *_how(event))

    @cached_property
    def _own(self) -> Address | None:
        return Address.objects.select_related("contact").filter(pk=self._address_id).first()

    @property
    def _is_beside(self) -> bool:
        return self._own is not None and self._own.is_beside

    @cached_property
    def _preferences(self) -> list[Preference]:
        rows = Preference.objects.filter(contact=self._contact_id, channel=self._mailing.channel)
        if self._mailing.category:
            rows = rows.filter(category=self._mailing.category)
        return list(rows.select_related("category").order_by("id"))

    @cached_property
    def _events(self) -> list[ConsentEvent]:
        """The contact's events, the latest first."""
        return list(ConsentEvent.objects.filter(contact=self._contact_id).order_by("-id"))

    def _setting(self, category_id: int | None, field: str, value: Any) -> ConsentEvent | None:
        """The latest event that set the field to this value; None where the contact's ledger has none."""
        for one in self._events:
            is_about = one.category_id == category_id and (category_id is None or one.channel == self._mailing.channel)
            if is_about and one.after.get(field) == value and one.before.get(field) != value:
                return one
        return None

    def _who_shared(self, row: Suppression) -> int | None:
        """The address that was joined to this one and said it, if it came from there (actions/joining/sharing.py)."""
        said = [
            one
            for one in self._events
            if one.kind == EventKind.SUPPRESS and row.reason in one.after.get("suppressed", ())
        ]
        shared = next((one for one in said if one.address_id == row.address_id), None)
        if shared is None or shared.note != SHARED:
            return None
        speakers = (one for one in said if one.at == shared.at and one.note != SHARED)
        return next((one.address_id for one in speakers), None)

    def _same_mailbox(self, prefix: str = "") -> Q:
        """The condition for addresses that are other spellings of this Gmail mailbox; none match where they don't
        count."""
        mailbox = gmail_digest(self._address.value) if self._is_covered and conf.gmail_spellings() else None
        return Q((f"{prefix}gmail_digest", mailbox)) if mailbox else Q(pk__in=[])

    def _counts(self, row: Suppression | DomainSuppression) -> bool:
        """A suppression of others that covers this address gives way to its own later yes, if a person lifts it."""
        return row.reason not in rules.OWN_NO or not self._is_overcome(_last_said(row))

    def _is_overcome(self, said_at: datetime) -> bool:
        return self._yes_at is not None and self._yes_at > said_at

    @cached_property
    def _yes_at(self) -> datetime | None:
        category = self._mailing.category
        yes = covering.own_yes([self._address_id], category) if category else {}
        return yes.get((self._address_id, category.pk)) if category else None


def _suppression(row: Suppression | DomainSuppression, **more: Any) -> SuppressionFact:
    return SuppressionFact(
        SuppressionReason(row.reason), row.since, Source(row.source), import_id=row.import_id, **more
    )


def _preference(row: Preference, event: ConsentEvent | None, **more: Any) -> PreferenceFact:
    """`since` and `source` by the event that set it, else by the row, which has them less exactly."""
    state, since, source = PreferenceState(row.state), row.changed_at, Source(row.said_by) if row.said_by else None
    if event:
        since, source = event.at, Source(event.source)
    return PreferenceFact(row.category.slug, state, since, source, import_id=row.import_id, **more)


def _last_said(row: Suppression | DomainSuppression | Preference) -> datetime:
    since = row.changed_at if isinstance(row, Preference) else row.since
    return max(since, row.said_at or since)


def _how(event: ConsentEvent | None) -> tuple[datetime, Source] | tuple[()]:
    return (event.at, Source(event.source)) if event else ()
