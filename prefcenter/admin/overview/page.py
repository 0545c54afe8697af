"""The front page of the admin: the figures whose lists the reader may see, and the health of the site."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils import timezone

from prefcenter.models import User
from prefcenter.reports import Selection, counts, health, rates, reasons

from . import graphs, tables, tiles
from .form import DAYS, LookForm

TITLE = "Overview"
Context = dict[str, Any]

_LEDGER, _SENT = "unsubscribe.view_consentevent", "unsubscribe.view_sentcount"
_FEEDBACK, _OUTBOX, _SEALS = "prefcenter.view_feedback", "unsubscribe.view_outboxmessage", "unsubscribe.view_seal"

_apps_and_models = admin.site.index


def front(request: HttpRequest, extra_context: Context | None = None) -> TemplateResponse:
    """Django's own index below, for those who came to go elsewhere."""
    look = LookForm(request.GET, now=timezone.now())
    found = figures(request.user, look.selection)
    shown = {"title": TITLE, "look": look, "periods": DAYS}
    return _apps_and_models(request, shown | found | (extra_context or {}))


def figures(user: User | AnonymousUser, selection: Selection) -> Context:
    """What this user may see, by the names that the templates use. The site's health is for all: it names nobody."""
    shown: Context = {}
    if user.has_perm(_LEDGER):
        shown |= _wishes(selection, has_sent=user.has_perm(_SENT))
    if user.has_perm(_FEEDBACK):
        shown |= _reasons(selection)
    return shown | _health(selection, opens_outbox=user.has_perm(_OUTBOX), opens_seals=user.has_perm(_SEALS))


def _wishes(selection: Selection, *, has_sent: bool) -> Context:
    counted = counts.count(selection)
    found = rates.compare(selection, has_api_complaints=counted.total.by_api > 0) if has_sent else None
    if not counted.total.total and not (found and found.total.sent):
        return {"is_silent": True, "is_new": not counts.ever()}
    shown: Context = {
        "tiles": tiles.wishes(selection, counted),
        "wishes": graphs.wishes(counted),
        "sources": tables.sources(selection, counted),
    }
    if found is None:
        return shown
    return shown | {
        "rate_tiles": tiles.rates(selection, found.total),
        "complaints": graphs.complaints(selection, counted),
        "categories": tables.categories(selection, found),
        "campaigns": tables.campaigns(selection, found),
        "campaigns_in_all": len(found.by_campaign),
    }


def _reasons(selection: Selection) -> Context:
    return {"has_reasons": True, "reasons": tables.why(selection, reasons.rank(selection))}


def _health(selection: Selection, *, opens_outbox: bool, opens_seals: bool) -> Context:
    found, now = health.outbox(selection.period), selection.period.now
    return {
        "waits": tiles.waits(found.waits),
        "limits": tables.limits(found.waits.longest) if found.waits.longest is not None else [],
        "outbox": tiles.outbox(found, now=now, is_linked=opens_outbox),
        "seals": [tiles.seals(health.seals(now=now), now=now, is_linked=opens_seals)],
    }
