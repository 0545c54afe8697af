"""What counts as an opt-out, as queries: suppressions, categories left, and categories not chosen."""

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

_NO_ID = Value(None, output_field=IntegerField())
_WHOSE = ("pk", "contact_id", "channel", "value")


class OptOutSet(NamedTuple):
    """The opt-outs of one kind."""

    rows: QuerySet[Any]
    #: What `values_list` takes for each row: the address's id, contact, channel and value; reason, source, the
    #: campaign's id, the moment, and the id of the suppression, None for what is none.
    fields: Sequence[str | Combinable]
    #: The column with the address's id.
    address: str
    #: The column with the moment; "" where there is none.
    moment: str


def parts(asked: SuppressionQuery) -> list[OptOutSet]:
    """The sets that hold what is asked for. No opt-out is in two of them."""
    found = [_suppressions(asked)] if asked.suppression_reasons else []
    if asked.category and LEFT in asked.of_the_category:
        found.append(_left(asked, asked.category))
    # Not choosing is no act, so it has neither day nor source.
    if asked.category and NOT_CHOSEN in asked.of_the_category and not asked.is_of_some_time_or_source:
        found.append(_not_chosen(asked, asked.category))
    return found


def addresses(asked: SuppressionQuery) -> QuerySet[Address]:
    """The addresses with such opt-outs, each once."""
    is_there = Q(pk__in=[])
    for part in parts(asked):
        is_there |= Q(Exists(part.rows.filter(**{part.address: OuterRef("pk")})))
    return Address.objects.filter(is_there, **_channel(asked))


def _suppressions(asked: SuppressionQuery) -> OptOutSet:
    moment = "lifted_at" if asked.is_lifted else "since"
    rows = Suppression.objects.filter(asked.within(moment), lifted_at__isnull=not asked.is_lifted)
    rows = rows.filter(reason__in=sorted(asked.suppression_reasons))
    rows = rows.filter(**_channel(asked, "address__"), **({"source": asked.source} if asked.source else {}))
    whose = ("address_id", "address__contact_id", "address__channel", "address__value")
    return OptOutSet(rows, (*whose, "reason", "source", "campaign_id", moment, "pk"), "address_id", moment)


def _left(asked: SuppressionQuery, category: Category) -> OptOutSet:
    """Addresses whose contact unsubscribed from the category on their channel. A preference is the contact's."""
    theirs = "contact__preferences__"
    is_off = Q(**{f"{theirs}category": category.pk, f"{theirs}state": PreferenceState.UNSUBSCRIBED})
    rows = _alive(asked).annotate(preference=FilteredRelation("contact__preferences", condition=is_off))
    rows = rows.filter(asked.within("preference__changed_at"), preference__channel=F("channel"))
    if asked.source:
        rows = rows.alias(source=_said(category, "source")).filter(source=asked.source)
    how = (Value(LEFT), _said(category, "source"), _said(category, "campaign_id"), "preference__changed_at", _NO_ID)
    return OptOutSet(rows, (*_WHOSE, *how), "pk", "preference__changed_at")


def _not_chosen(asked: SuppressionQuery, category: Category) -> OptOutSet:
    """Addresses to which the category isn't sent because nobody chose it: it needs an opt-in, or the contact gets only
    what they chose; or it was chosen for the address that a pending one stands beside (law 11)."""
    said = Preference.objects.filter(contact=OuterRef("contact"), channel=OuterRef("channel"), category=category)
    is_silent = Q(~Exists(said.exclude(state=PreferenceState.UNSPECIFIED)))
    if not category.needs_opt_in:
        is_silent &= Q(contact__only_chosen=True)
    of_another = Q(is_beside=True) & Exists(said.filter(state=PreferenceState.SUBSCRIBED))
    rows = _alive(asked).filter(is_silent | of_another)
    how = (
        Value(NOT_CHOSEN),
        Value(""),
        _NO_ID,
        Value(None, output_field=DateTimeField()),
        _NO_ID,
    )
    return OptOutSet(rows, (*_WHOSE, *how), "pk", "")


def _alive(asked: SuppressionQuery) -> QuerySet[Address]:
    """Addresses of contacts that were not erased; of those that were, only the suppression is listed."""
    return Address.objects.filter(contact__erased_at=None, **_channel(asked))


def _said(category: Category, column: str) -> Subquery:
    """A column of the last consent event by which the contact left the category on the address's channel."""
    events = ConsentEvent.objects.filter(
        contact=OuterRef("contact"), channel=OuterRef("channel"), category=category, kind=EventKind.OPT_OUT
    )
    return Subquery(events.order_by("-id").values(column)[:1])


def _channel(asked: SuppressionQuery, path: str = "") -> dict[str, str]:
    return {f"{path}channel": asked.channel} if asked.channel else {}
