"""The unsubscribe page. GET shows it and changes nothing; its form posts back to the same URL."""

from datetime import timedelta
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from unsubscribe import actions, links
from unsubscribe.choices import Channel
from unsubscribe.outbox.wording import frequency_label
from unsubscribe.queries import PreferenceSheet

from . import feedback, opt_out, results, undo
from .forms import PAUSES, LessForm, PauseForm, offered_instead
from .visits import Visit

TEMPLATE = "prefcenter/unsubscribe.html"


def answer(visit: Visit) -> HttpResponse:
    """The page, or what its form asks for."""
    if visit.address.contact.erased_at:
        return results.erased(visit)
    if visit.form is None:
        return render(visit.request, TEMPLATE, _shown(visit))
    return _VIEWS.get(visit.do, _refuse)(visit)


def shown(visit: Visit, sheet: PreferenceSheet) -> dict[str, Any]:
    """All that the page is made of, for whoever this sheet belongs to. `asked` is what "Unsubscribe" stops, `choice`
    what that is now (None for everything), and `own` the choice that the link names."""
    own = sheet.choice_of(visit.target)
    if own and own.is_fixed:  # it cannot be switched off, so this link means everything else
        own = None
    asked = links.asked_for(visit.target if own else visit.target._replace(category_id=None))
    choice = own if asked.category_id else None
    is_retired = bool(own and own.category.retired_at)
    return visit.context | {
        "is_all_off": sheet.has_said_no_to_everything,
        "asked": asked,
        "choice": choice,
        "own": own,
        "is_retired": is_retired,
        "slower": offered_instead(own) if own and own.is_subscribed and not is_retired else [],
        "pauses": [] if choice and is_retired else PAUSES,
        "paused_until": choice.paused_until if choice else sheet.paused_until,
        "can_ask_again": bool(own and own.category.is_offered and not own.is_subscribed)
        and sheet.channel == Channel.EMAIL,
    }


def _shown(visit: Visit) -> dict[str, Any]:
    return shown(visit, visit.sheet())


def _refuse(visit: Visit, **errors: Any) -> HttpResponse:
    """The page again, with what is wrong beside the field."""
    return render(visit.request, TEMPLATE, _shown(visit) | errors | {"is_odd": True}, status=400)


def _opt_out(visit: Visit) -> HttpResponse:
    return opt_out.opt_out(visit, _shown(visit)["asked"])


def _resubscribe(visit: Visit) -> HttpResponse:
    """This link never expires and may have been forwarded: it stops mail, and starts none (law 6)."""
    if not _shown(visit)["can_ask_again"]:
        return _refuse(visit)
    visit.remember_language()
    actions.ask_to_opt_in([visit.target], now=visit.now)
    notices = [_("To confirm, tap the button in it.")]
    return results.page(visit, _("We’ve sent you an email."), is_done=True, notices=notices)


def _less(visit: Visit) -> HttpResponse:
    own = _shown(visit)["own"]
    if own is None or not own.is_subscribed:
        return _refuse(visit)
    less = LessForm(visit.form)
    if not less.is_valid():
        return _refuse(visit, less_errors=less.errors.get("frequency", ""))
    # What holds already may be slower: it stays, and was asked for again.
    frequency = max(less.cleaned_data["frequency"], own.frequency, key=lambda one: one.pace)
    origin = visit.origin(frequency_label(frequency, own.channel))
    events = actions.opt_down([visit.target], origin, frequency=frequency)
    return results.done(visit, events)


def _pause(visit: Visit) -> HttpResponse:
    pause = PauseForm(visit.form)
    if not pause.is_valid():
        return _refuse(visit, pause_errors=pause.errors["days"])
    days, page = pause.cleaned_data["days"], _shown(visit)
    until = visit.today + timedelta(days=days)
    # A link that never expires may stop more mail, and never bring any sooner (law 6).
    until = max(until, page["paused_until"] or until)
    events = actions.pause([page["asked"]], visit.origin(str(dict(PAUSES)[days])), until=until)
    notices = [] if events else [_("Paused until %(day)s.") % {"day": date_format(until)}]
    return results.done(visit, events, notices=notices)


_VIEWS = {
    "undo": undo.undo,
    "feedback": feedback.take,
    "unsubscribe": _opt_out,
    "everything": opt_out.everything,
    "again": _resubscribe,
    "less": _less,
    "pause": _pause,
}
