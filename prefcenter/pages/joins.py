"""Whose an address is that a sender joined to another: whoever has to agree says so here, and each keeps them apart."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from unsubscribe import actions, queries
from unsubscribe.choices import EventKind
from unsubscribe.facts import joins
from unsubscribe.models import Address, ConsentEvent

from . import results
from .visits import Visit

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


def find(visit: Visit, known: Sequence[Address]) -> Joins:
    """Of `known`, all addresses of its contact."""
    own, is_proved = visit.address, visit.is_proved
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


def is_asked(visit: Visit) -> bool:
    """Whether a button of these questions was pressed, and may be: who has not proved that the address is theirs only
    keeps it apart; so does an expired link, because that is a no."""
    do = _DO.fullmatch(visit.do)
    if do is None or (visit.is_expired and do[1] == "agree"):
        return False
    return visit.is_proved or do[0] == "alone"


def answer(visit: Visit) -> HttpResponse:
    """What the button does, one of is_asked."""
    verb, _dash, id_ = visit.do.partition("-")
    found = find(visit, queries.with_joined(visit.address))
    events = _answer(found, verb, int(id_ or 0), visit)
    if not events:
        return _answered(visit)
    title, notices = _what_now(events)
    visit.address.refresh_from_db(fields=["contact"])
    changed = results.in_words([one for one in events if one.contact_id == visit.address.contact_id])
    return results.page(visit, title, is_done=True, notices=notices, sentences=changed)


def page(visit: Visit) -> HttpResponse:
    """The page behind the link that asks, or what its form says."""
    if is_asked(visit):
        return answer(visit)
    found = find(visit, queries.with_joined(visit.address))
    if visit.is_expired:
        return results.too_old(visit, may_keep_apart=found.are_any)
    if not found.are_any:
        return _answered(visit)
    status = 200 if visit.form is None else 400
    return render(visit.request, "prefcenter/join.html", visit.context | {"joins": found}, status=status)


def _answer(found: Joins, verb: str, id_: int, visit: Visit) -> list[ConsentEvent]:
    """The events by which something changed: none for what was answered before, or is not theirs to answer."""
    if verb == "agree":
        asked = {one.id for one in found.questions}
        origin = visit.origin(_("Yes, it’s mine"))
        return actions.agree([id_], origin, by=found.own.pk) if id_ in asked else []
    leaving = found.leaving if verb == "alone" else _leaving(found, id_)
    return actions.part(leaving, visit.origin(_("Keep them separate"))) if leaving else []


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


def _answered(visit: Visit) -> HttpResponse:
    return results.page(visit, _("This has already been answered. Nothing was changed."))
