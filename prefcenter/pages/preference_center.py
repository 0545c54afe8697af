"""The preference center: shows a sheet, and saves what was touched."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from unsubscribe import actions
from unsubscribe.choices import Channel, EventKind, PreferenceState
from unsubscribe.errors import MayNotLift
from unsubscribe.links import Target
from unsubscribe.queries import PreferenceSheet

from . import feedback, joins, opt_out, results, saving, undo
from .forms import PAUSES
from .saving import Wish
from .sheet_form import PreferencesForm, named_in
from .visits import Visit

TEMPLATE = "prefcenter/preferences.html"
_VIEWS = {"undo": undo.undo, "feedback": feedback.take, "everything": opt_out.everything}


def answer(visit: Visit) -> HttpResponse:
    """The page, or what its form asks for."""
    if visit.address.contact.erased_at:
        return results.erased(visit)
    if visit.form is None:
        sheet = visit.sheet()
        return _page(visit, sheet, PreferencesForm(sheet))
    if joins.is_asked(visit):
        return joins.answer(visit)
    return _VIEWS.get(visit.do, save)(visit)


def save(visit: Visit) -> HttpResponse:
    """Stores what was touched; what brings more only of somebody proved, and asks the mailbox of anybody else. A form
    that cannot be read gets the page again, with what is wrong beside the field."""
    sheet = visit.sheet(also=named_in(visit.form or {}))
    sent = PreferencesForm(sheet, visit.form)
    is_odd = not saving.is_asked(visit)
    if is_odd or not sent.is_valid():
        again = sent if sent.choices else PreferencesForm(sheet)
        return _page(visit, sheet, again, is_odd=is_odd, status=400)
    notices = [_("Something you turned on is no longer available.")] if sent.is_incomplete() else []
    less, more = saving.less_and_more(sent, visit)
    events = saving.store(less, visit)
    if more and not visit.is_proved:
        notices += _ask_the_mailbox(more, visit)
    elif more:
        try:
            events += saving.store(more, visit)
        except MayNotLift:
            notices.append(results.stays_off())
    if any(event.kind == EventKind.OPT_IN for event in events):
        notices += results.everything_paused(sheet)
    return results.done(visit, events, notices=notices)


def shown(visit: Visit, sheet: PreferenceSheet) -> dict[str, Any]:
    """All that the page is made of, for whoever this sheet belongs to, but the form."""
    return visit.context | {
        "sheet": sheet,
        "is_one_channel": len({choice.channel for choice in sheet.choices}) == 1,
        "pauses": PAUSES,
    }


def _page(
    visit: Visit, sheet: PreferenceSheet, form: PreferencesForm, *, is_odd: bool = False, status: int = 200
) -> HttpResponse:
    more = {"form": form, "joins": joins.find(visit, sheet.known), "is_odd": is_odd}
    return render(visit.request, TEMPLATE, shown(visit, sheet) | more, status=status)


def _ask_the_mailbox(more: Wish, visit: Visit) -> list[str]:
    """Double opt-in: one question by mail for each category; for whatever else is more, a fresh link, from which it can
    be chosen. Says what is to do."""
    starting = [one for one in more.wanted if one.change.get("state") == PreferenceState.SUBSCRIBED]
    if visit.address.channel != Channel.EMAIL:
        if starting:
            return [_("To turn something on, open this page from one of our emails.")]
        return [_("To get more email again, open this page from one of our emails.")]
    visit.remember_language()
    targets = [Target(one.address_id, one.category_id) for one in starting if one.channel == Channel.EMAIL]
    why = []
    if targets:
        actions.ask_to_opt_in(targets, now=visit.now)
        why.append(_("To confirm that you’d like to turn something on, tap the button in it."))
    if len(targets) < len(more.wanted) or more.pause:
        actions.send_link([visit.target.address_id], now=visit.now)
        why.append(_("To make sure it’s you who wants more, open the link in it and choose again there."))
    return [_("We’ve sent you an email."), *why]
