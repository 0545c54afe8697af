"""The addresses of the lists behind the figures: the same conditions again, so that both show the same number."""

from typing import Any

from django.urls import reverse
from django.utils.http import urlencode

from prefcenter.reports import Selection, Span
from unsubscribe.choices import EventKind, OutboxStatus, Source


def events(selection: Selection, *kinds: EventKind, source: Source | None = None, **more: Any) -> str:
    """The lines of the ledger of these kinds in the period. `more` are further filters, as the list names them."""
    filters: dict[str, Any] = _during(selection.period.span, "at")
    if kinds:
        filters |= {"kind__exact": kinds[0]} if len(kinds) == 1 else {"kind__in": ",".join(kinds)}
    filters |= {"source__exact": source} if source else {}
    filters |= {"channel__exact": selection.channel} if selection.channel else {}
    return _url("unsubscribe_consentevent", filters | _mail(selection, more))


def opt_outs(selection: Selection, *, source: Source | None = None, is_rated: bool = False, **more: Any) -> str:
    return events(selection, source=source, meaning="rated" if is_rated else "left", **more)


def complaints(selection: Selection, **more: Any) -> str:
    return events(selection, meaning="complaint", **more)


def feedback(selection: Selection, *, reason_id: int | None) -> str:
    reason = {"reason__isnull": "True"} if reason_id is None else {"reason__id__exact": reason_id}
    channel = {"channel": selection.channel} if selection.channel else {}
    return _url(
        "prefcenter_feedback", _during(selection.period.span, "created_at") | reason | channel | _mail(selection, {})
    )


def outbox(*statuses: OutboxStatus, **more: Any) -> str:
    filters = {"status__in": ",".join(statuses)} if statuses else {}
    return _url("unsubscribe_outboxmessage", filters | more)


def seals() -> str:
    return reverse("admin:unsubscribe_seal_changelist")


def _during(span: Span, field: str) -> dict[str, Any]:
    return {f"{field}__gte": span.since.isoformat(), f"{field}__lt": span.until.isoformat()}


def _mail(selection: Selection, more: dict[str, Any]) -> dict[str, Any]:
    """`more` narrows it further, to a row of a table, or takes its place."""
    chosen = {"mail_of": selection.category_id, "campaign__id__exact": selection.campaign_id} | more
    return {name: value for name, value in chosen.items() if value is not None}


def _url(model: str, filters: dict[str, Any]) -> str:
    return f"{reverse(f'admin:{model}_changelist')}?{urlencode(filters)}"
