"""The sets that opt-outs are made of, as queries. What is in none of them is no opt-out; nothing is changed here."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from django.db.models import (
    DateTimeField,
    Exists,
    F,
    FilteredRelation,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.expressions import Combinable

from unsubscribe.choices import EventKind, PreferenceState
from unsubscribe.models import Address, Category, ConsentEvent, Preference, Suppression

from .query import LEFT, NOT_CHOSEN, SuppressionQuery

_WHOSE = ("pk", "contact_id", "channel", "value")


class OptOutSet(NamedTuple):
    """One set. `fields` are, for each of its rows, the address's id, contact, channel and value; the reason, the
    source, the campaign's id and the moment. `address` and `moment` name the columns of these two; there is no moment
    where nobody knows it."""

    rows: QuerySet[Any]
    fields: Sequence[str | Combinable]
    address: str
    moment: str


def parts(asked: SuppressionQuery) -> list[OptOutSet]:
    """The sets that hold what is asked for; an opt-out is in one of them alone."""
    found = [_blocks(asked)] if asked.blocks else []
    if asked.category and LEFT in asked.of_the_category:
        found.append(_left(asked, asked.category))
    # Nobody did anything there, so it has no day and no door.
    if asked.category and NOT_CHOSEN in asked.of_the_category and not asked.is_of_some_time_or_door:
        found.append(_not_chosen(asked, asked.category))
    return found


def addresses(asked: SuppressionQuery) -> QuerySet[Address]:
    """The addresses themselves, each once, however many opt-outs it has."""
    is_there = Q(pk__in=[])
    for part in parts(asked):
        is_there |= Q(Exists(part.rows.filter(**{part.address: OuterRef("pk")})))
    return Address.objects.filter(is_there, **_channel(asked))


def _blocks(asked: SuppressionQuery) -> OptOutSet:
    rows = Suppression.objects.filter(asked.within("since"), lifted_at=None, reason__in=sorted(asked.blocks))
    rows = rows.filter(**_channel(asked, "address__"), **({"source": asked.source} if asked.source else {}))
    whose = ("address_id", "address__contact_id", "address__channel", "address__value")
    return OptOutSet(rows, (*whose, "reason", "source", "campaign_id", "since"), "address_id", "since")


def _left(asked: SuppressionQuery, category: Category) -> OptOutSet:
    """A preference belongs to the contact: it holds for each address on its channel."""
    theirs = "contact__preferences__"
    is_off = Q(**{f"{theirs}category": category.pk, f"{theirs}state": PreferenceState.UNSUBSCRIBED})
    rows = _alive(asked).annotate(preference=FilteredRelation("contact__preferences", condition=is_off))
    rows = rows.filter(asked.within("preference__changed_at"), preference__channel=F("channel"))
    if asked.source:
        rows = rows.alias(source=_said(category, "source")).filter(source=asked.source)
    how = (Value(LEFT), _said(category, "source"), _said(category, "campaign_id"), "preference__changed_at")
    return OptOutSet(rows, (*_WHOSE, *how), "pk", "preference__changed_at")


def _not_chosen(asked: SuppressionQuery, category: Category) -> OptOutSet:
    """Whoever came back gets only what they chose, and a category that needs an opt-in has only those who chose it.
    What was chosen for one address was not chosen for a pending one beside it."""
    said = Preference.objects.filter(contact=OuterRef("contact"), channel=OuterRef("channel"), category=category)
    is_silent = Q(~Exists(said.exclude(state=PreferenceState.UNSPECIFIED)))
    if not category.needs_opt_in:
        is_silent &= Q(contact__only_chosen=True)
    of_another = Q(is_beside=True) & Exists(said.filter(state=PreferenceState.SUBSCRIBED))
    rows = _alive(asked).filter(is_silent | of_another)
    how = (
        Value(NOT_CHOSEN),
        Value(""),
        Value(None, output_field=IntegerField()),
        Value(None, output_field=DateTimeField()),
    )
    return OptOutSet(rows, (*_WHOSE, *how), "pk", "")


def _alive(asked: SuppressionQuery) -> QuerySet[Address]:
    """What somebody chose who was erased since names nobody; their block stands for it."""
    return Address.objects.filter(contact__erased_at=None, **_channel(asked))


def _said(category: Category, column: str) -> Subquery:
    """A column of the ledger's line in which the person left."""
    events = ConsentEvent.objects.filter(
        contact=OuterRef("contact"), channel=OuterRef("channel"), category=category, kind=EventKind.OPT_OUT
    )
    return Subquery(events.order_by("-id").values(column)[:1])


def _channel(asked: SuppressionQuery, path: str = "") -> dict[str, str]:
    return {f"{path}channel": asked.channel} if asked.channel else {}
