"""One made-up contact: what holds for them, and what each verb would write in the ledger. It draws no lots."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from typing import Any, NamedTuple

from unsubscribe import rules
from unsubscribe.actions.resubscribing import LEFT_OFF
from unsubscribe.choices import Channel, EventKind, PreferenceState, Source, SuppressionReason
from unsubscribe.rules import Chosen

#: category and channel
Key = tuple[int, str]
NOTHING = "{}"
NO_BLOCK = '{"suppressed": []}'
EVERYTHING = SuppressionReason.UNSUBSCRIBED_ALL


class Line(NamedTuple):
    """A line of the ledger but for its time, its source and its contact; `before` and `after` are JSON."""

    kind: EventKind
    address_id: int
    channel: str
    before: str
    after: str
    category_id: int | None = None
    campaign_id: int | None = None
    wording: str = ""
    note: str = ""


@dataclass(slots=True)
class Block:
    address_id: int
    channel: str
    reason: SuppressionReason
    everywhere: bool
    source: Source
    campaign_id: int | None
    since: datetime
    lifted_at: datetime | None = None


@dataclass(slots=True)
class Person:
    """`addresses` by channel; `chosen` holds what was chosen and when."""

    contact_id: int
    addresses: dict[str, int]
    chosen: dict[Key, tuple[Chosen, datetime]] = field(default_factory=dict)
    blocks: list[Block] = field(default_factory=list)
    paused_until: date | None = None
    only_chosen: bool = False
    erased_at: datetime | None = None

    @property
    def email(self) -> int:
        return self.addresses[Channel.EMAIL]

    def choice(self, key: Key) -> Chosen:
        return self.chosen[key][0] if key in self.chosen else Chosen()

    def gets(self, key: Key, *, needs_opt_in: bool) -> bool:
        is_subscribed = rules.is_subscribed(self.choice(key).state, needs_opt_in=needs_opt_in or self.only_chosen)
        return is_subscribed and not any(one.channel == key[1] for one in self.active())

    def active(self, reasons: Iterable[SuppressionReason] = tuple(SuppressionReason)) -> list[Block]:
        return [one for one in self.blocks if one.lifted_at is None and one.reason in reasons]

    def choose(
        self, key: Key, change: Mapping[str, Any], *, at: datetime, wording: str = "", campaign_id: int | None = None
    ) -> list[Line]:
        """One choice, as the verb `set_preferences` has it; nothing where it is so already."""
        before = self.choice(key)
        after = before._replace(**change)
        if after.state == PreferenceState.SUBSCRIBED and self._has_said_no(key[1]):
            before = before._replace(state=PreferenceState.UNSUBSCRIBED)
        kind = rules.changes(before, after)
        if kind is None:
            return []
        self.chosen[key] = after, at
        address_id = self.addresses.get(key[1], self.email)
        return [Line(kind, address_id, key[1], facts(before), facts(after), key[0], campaign_id, wording)]

    def come_back(
        self, key: Key, change: Mapping[str, Any], *, given: Sequence[int], at: datetime, wording: str
    ) -> list[Line]:
        """Yes to one thing after a no to everything. `given`: the categories that need no opt-in."""
        said_no = {one.channel for one in self.active(rules.OWN_NO)}
        if key[1] not in said_no:
            return self.choose(key, change, at=at, wording=wording)
        lines = self.choose(key, change, at=at, wording=wording)
        ending = [one for one in self.active(rules.OWN_NO) if one.everywhere or one.channel == key[1]]
        lifted = self.lift(ending, at=at)
        if not self.only_chosen:
            self._keep([channel for channel in self.addresses if channel not in said_no], given, at=at)
        self.only_chosen = True
        freed = {one.channel for one in ending}
        return [*lifted, *self._close(freed, key, at=at), *lines]

    def block(
        self,
        reason: SuppressionReason,
        address_ids: Mapping[str, int],
        *,
        source: Source,
        at: datetime,
        everywhere: bool = False,
        campaign_id: int | None = None,
        wording: str = "",
    ) -> list[Line]:
        blocked = {one.address_id for one in self.active([reason])}
        new = {channel: id_ for channel, id_ in address_ids.items() if id_ not in blocked}
        self.blocks += [
            Block(id_, channel, reason, everywhere, source, campaign_id, at) for channel, id_ in new.items()
        ]
        kind = EventKind.OPT_OUT if reason == EVERYTHING else EventKind.SUPPRESS
        after = json.dumps({"suppressed": [reason]})
        return [Line(kind, id_, channel, NO_BLOCK, after, None, campaign_id, wording) for channel, id_ in new.items()]

    def lift(self, ending: Sequence[Block], *, at: datetime) -> list[Line]:
        lines = []
        for one in ending:
            one.lifted_at = at
            before = json.dumps({"suppressed": [one.reason], "everywhere": one.everywhere})
            lines.append(Line(EventKind.LIFT, one.address_id, one.channel, before, NO_BLOCK))
        return lines

    def pause(self, until: date | None, *, wording: str) -> list[Line]:
        before, self.paused_until = self.paused_until, until
        if before == until:
            return []
        kind = EventKind.PAUSE if until else EventKind.RESUME
        return [Line(kind, self.email, Channel.EMAIL.value, _day(before), _day(until), wording=wording)]

    def erase(self, *, at: datetime, source: Source) -> list[Line]:
        lines = []
        for channel, id_ in self.addresses.items():
            self.blocks.append(Block(id_, channel, SuppressionReason.ERASED, False, source, None, at))
            after = json.dumps({"suppressed": [SuppressionReason.ERASED]})
            lines.append(Line(EventKind.ERASE, id_, channel, NOTHING, after))
        self.paused_until, self.erased_at = None, at
        return lines

    def _has_said_no(self, channel: str) -> bool:
        return any(one.channel == channel for one in self.active(rules.OWN_NO))

    def _keep(self, channels: Sequence[str], given: Sequence[int], *, at: datetime) -> None:
        for key in [(category_id, channel) for category_id in given for channel in channels]:
            if self.choice(key).state == PreferenceState.UNSPECIFIED:
                self.chosen[key] = self.choice(key)._replace(state=PreferenceState.SUBSCRIBED), at

    def _close(self, freed: set[str], kept: Key, *, at: datetime) -> list[Line]:
        lines = []
        for key, (chosen, _) in list(self.chosen.items()):
            if key[1] in freed and key != kept and chosen.state == PreferenceState.SUBSCRIBED:
                self.chosen[key] = chosen._replace(state=PreferenceState.UNSUBSCRIBED), at
                states = _state("subscribed"), _state("unsubscribed")
                lines.append(Line(EventKind.OPT_OUT, self.email, key[1], *states, key[0], note=LEFT_OFF))
        return lines


@cache
def facts(chosen: Chosen) -> str:
    return json.dumps({"state": chosen.state, "frequency": chosen.frequency} | json.loads(_day(chosen.paused_until)))


@cache
def _day(day: date | None) -> str:
    return json.dumps({"paused_until": day.isoformat() if day else None})


def _state(state: str) -> str:
    return json.dumps({"state": state})
