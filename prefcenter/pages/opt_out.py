"""Opting out from a page: of what a link names, or of everything."""

from django.http import HttpResponse
from django.utils.translation import gettext as _

from unsubscribe import actions
from unsubscribe.links import Target

from . import results
from .visits import Visit


def opt_out(visit: Visit, target: Target) -> HttpResponse:
    return _stop(visit, target, wording=_("Unsubscribe"))


def everything(visit: Visit) -> HttpResponse:
    return _stop(visit, visit.target._replace(category_id=None), wording=_("Unsubscribe from everything"))


def _stop(visit: Visit, target: Target, *, wording: str) -> HttpResponse:
    events = actions.opt_out([target], visit.origin(wording))
    return results.done(visit, events)
