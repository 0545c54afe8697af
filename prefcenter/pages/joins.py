"""Whose an address is that a sender joined to another: whoever has to agree says so here, and each keeps them apart."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.translation import gettext as _

from unsubscribe import actions
from unsubscribe.actions import Origin
from unsubscribe.choices import EventKind, Source
from unsubscribe.facts import joins
from unsubscribe.models import Address, ConsentEvent

from . import results

#: One button for each address: its number is no secret, and means nothing elsewhere. Another one for the address behind
#: the link, which names no other.
_DO = re.compile(r"(?:(agree|part)-([0-9]{1,18})|alone)")


class JoinQuestion(NamedTuple):
    """Whether two belong together: `id` is the address that was joined, `other` the one that is asked about, masked.
    `is_answered`: whoever looks said yes, and the other one has not."""

    id: int
    other: str
    is_answered: bool


class Joins(NamedTuple):
    """The address that looks; what it is asked, those that it is one with, and all that can be parted from it.

    Whoever has not proved that it is theirs sees none of that, and may only keep it apart.
    """

    own: Address
    questions: Sequence[JoinQuestion]
    linked: Sequence[Address]
    leaving: Sequence[int]
    is_proved: bool

    @property
    def are_any(self) -> bool:
        return bool(self.leaving)

    @property
    def are_waiting(self) -> bool:
        return any(not one.is_answered for one in self.questions)

    @property
    def is_told(self) -> bool:
        """Whether it is pending, and not asked itself."""
        return self.own.is_pending and not self.questions


def find(own: Address, known: Sequence[Address], *, is_proved: bool = True) -> Joins:
    """Of `known`, all addresses of its contact."""
    if own.contact.erased_at:
        return Joins(own, [], [], [], is_proved)
    leaving = [own.pk] if own.joined_at else [one.pk for one in known if one.joined_at]
    agreed = [one for one in known if not one.is_pending]
    linked = [one for one in agreed if one.pk != own.pk and (one.joined_at or own.joined_at)]
    return Joins(
        own,
        _questions(own, known, agreed) if is_proved else [],
        [] if own.is_pending else linked,
        leaving,
        is_proved,
    )


def _questions(own: Address, known: Sequence[Address], agreed: Sequence[Address]) -> list[JoinQuestion]:
    """Of a pending address about the contact's, where it has to agree as well; else about those that are pending."""
    asked = [one for one in ([own] if own.is_pending else known) if one.is_pending]
    voice = joins.JOINED if own.is_pending else joins.CONTACT
    said = joins.so_far(asked)
    others = ", ".join(str(one) for one in agreed)
    return [
        JoinQuestion(one.pk, others if own.is_pending else str(one), voice in said[one.pk])
        for one in asked
        if voice in joins.needed(one)
    ]


def after(request: HttpRequest, form: QueryDict, context: dict[str, Any], *, now: datetime) -> HttpResponse | None:
    """What the buttons of these questions do; None for the form of another page. `context` has the Joins."""
    found: Joins | None = context.get("joins")
    do = _DO.fullmatch(form.get("do", ""))
    if do is None or found is None or not (found.is_proved or do[0] == "alone"):
        return None
    context = context | {"joins": None}
    events = _answer(found, do[1] or "alone", int(do[2] or 0), now=now)
    if not events:
        return results.page(request, answered(), context)
    title, notices = _what_now(events)
    found.own.refresh_from_db(fields=["contact"])
    changed = results.in_words([one for one in events if one.contact_id == found.own.contact_id])
    return results.page(request, title, context, is_done=True, notices=notices, sentences=changed)


def after_expiry(
    request: HttpRequest, form: QueryDict, context: dict[str, Any], *, now: datetime
) -> HttpResponse | None:
    """The same behind a link that has expired: addresses can be kept apart, which is a no, and not be linked."""
    return None if form.get("do", "").startswith("agree-") else after(request, form, context, now=now)


def _answer(found: Joins, verb: str, id_: int, *, now: datetime) -> list[ConsentEvent]:
    """The events by which something changed: none for what was answered before, or is not theirs to answer."""
    if verb == "agree":
        asked = {one.id for one in found.questions}
        origin = Origin(Source.PAGE, now, wording=_("Yes, it's mine"))
        return actions.agree([id_], origin, by=found.own.pk) if id_ in asked else []
    leaving = found.leaving if verb == "alone" else _leaving(found, id_)
    return actions.part(leaving, Origin(Source.PAGE, now, wording=_("Keep them separate"))) if leaving else []


def _leaving(found: Joins, id_: int) -> list[int]:
    """Who is meant by an address that is not theirs: itself, but where the contact began with it whoever says so."""
    meant = {one.id: one.id for one in found.questions} | {found.own.pk: found.own.pk}
    meant |= {one.pk: one.pk if one.joined_at else found.own.pk for one in found.linked}
    return [meant[id_]] if id_ in meant else []


def _what_now(events: Sequence[ConsentEvent]) -> tuple[str, list[str]]:
    answers = [one.after for one in events if one.kind == EventKind.JOIN]
    if any("agreed" in one for one in answers):
        return _("Thank you."), [_("The addresses will be linked once the other one confirms, too.")]
    if any(one["is_theirs"] for one in answers):
        return _("The addresses are now linked."), [_("Your preferences now apply to both.")]
    return _("The addresses are kept separate."), [_("Opt-outs that applied to both still apply to both.")]


def answered() -> str:
    return _("This has already been answered. Nothing was changed.")


def stays_off() -> str:
    """Why a yes of an address that is pending has no effect."""
    return _(
        "You're still unsubscribed: this address was linked to another one that opted out, and that hasn't been "
        "confirmed yet. If the other address isn't yours, keep them separate first."
    )
