"""The preference center itself: shows a sheet and saves what was touched. Who may see it is settled before."""

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from prefcenter.web import languages
from unsubscribe import actions, queries
from unsubscribe.actions import Origin
from unsubscribe.choices import Channel, EventKind, PreferenceState, Source
from unsubscribe.errors import MayNotLift
from unsubscribe.links import Target
from unsubscribe.models import ConsentEvent
from unsubscribe.queries import PreferenceSheet

from . import joins, results
from .comparing import Pause, Wish, by_weight
from .forms import PAUSES
from .sheet_form import PreferencesForm, named_in

TEMPLATE = "prefcenter/preferences.html"
#: Save; pause for so many days; resume everything, or one choice by its key.
_DO = re.compile(rf"save|pause-({'|'.join(str(days) for days, _label in PAUSES)})|resume(-[0-9]+-[a-z]+)?")


class Visit(NamedTuple):
    """Who looks at whose preferences, and when. `context` is what the way in adds to the page, its preferences_url
    among it.

    `is_proved`: signed in, or by a link that was mailed because it was asked for. A newsletter's link may have been
    forwarded: it brings less mail, and asks the mailbox before it brings any more (laws 6 and 8).
    """

    target: Target
    now: datetime
    context: dict[str, Any]
    is_proved: bool


def answer(request: HttpRequest, form: QueryDict | None, visit: Visit) -> HttpResponse:
    """The page, or what the form that was sent asks for. Raises InvalidLink for an address that does not exist."""
    today = timezone.localtime(visit.now).date()
    sheet = queries.preference_sheet(visit.target, today=today, also=named_in(form or {}))
    languages.speak(request, contact=sheet.language)
    context = visit.context | shown(sheet, preferences_url=visit.context["preferences_url"])
    if sheet.is_erased:
        return results.page(request, _("Your data has been deleted."), {}, notices=[results.nobody_writes()])
    if sheet.address:
        context["joins"] = joins.find(sheet.address, sheet.known, is_proved=visit.is_proved)
    if form is None:
        return render(request, TEMPLATE, context | {"form": PreferencesForm(sheet)})
    return _act(request, form, visit._replace(context=context))


def shown(sheet: PreferenceSheet, *, preferences_url: str) -> dict[str, Any]:
    """All that the page is made of, for whoever this sheet belongs to, but the form and what the way in adds."""
    return {
        "sheet": sheet,
        "masked": sheet.masked,
        "contact_language": sheet.language,
        "is_pending": sheet.is_pending,
        "is_one_channel": len({choice.channel for choice in sheet.choices}) == 1,
        "pauses": PAUSES,
        "preferences_url": preferences_url,
    }


def _act(request: HttpRequest, form: QueryDict, visit: Visit) -> HttpResponse:
    if done := results.after(request, form, now=visit.now, context=visit.context):
        return done
    if done := joins.after(request, form, visit.context, now=visit.now):
        return done
    if form.get("do") == "everything":
        whole = visit.target._replace(category_id=None)
        events = actions.opt_out([whole], Origin(Source.PAGE, visit.now, wording=_("Unsubscribe from everything")))
        return results.done(request, events, visit.context)
    return _save(request, form, visit)


def _save(request: HttpRequest, form: QueryDict, visit: Visit) -> HttpResponse:
    """Whatever button was pressed, what was touched beside it is saved with it."""
    do = form.get("do", "")
    sent = PreferencesForm(visit.context["sheet"], form)
    if not _DO.fullmatch(do) or not sent.is_valid():
        again = sent if sent.choices else PreferencesForm(visit.context["sheet"])
        is_odd = not _DO.fullmatch(do)
        return render(request, TEMPLATE, visit.context | {"form": again, "is_odd": is_odd}, status=400)
    notices = [_("Something you turned on is no longer available.")] if sent.is_incomplete() else []
    less, more = by_weight(_wish(sent, do, visit), visit.context["sheet"])
    wording = _wording(do)
    events = _set(less, visit, wording=wording)
    if more and not visit.is_proved:
        notices += _ask_the_mailbox(request, more, visit)
    elif more:
        try:
            events += _set(more, visit, wording=wording)
        except MayNotLift:
            notices.append(joins.stays_off())
    return results.done(request, events, visit.context, notices=[*notices, *_still_paused(events, visit)])


def save_less(request: HttpRequest, form: QueryDict, visit: Visit) -> HttpResponse | None:
    """Of a form whose link has expired: does what it says no to or makes less, and says that the rest is not saved
    (law 6). None for what is no form of this page, or cannot be read at all."""
    do, today = form.get("do", ""), timezone.localtime(visit.now).date()
    if not _DO.fullmatch(do):
        return None
    sheet = queries.preference_sheet(visit.target, today=today, also=named_in(form))
    if sheet.is_erased:
        return results.page(request, _("Your data has been deleted."), {}, notices=[results.nobody_writes()])
    sent = PreferencesForm(sheet, form)
    is_valid = sent.is_valid()
    less, more = by_weight(_wish(sent, do, visit), sheet)
    is_more = bool(more) or sent.is_incomplete()
    events = _set(less, visit, wording=_wording(do))
    if not events and not is_more and not (is_valid and sent.choices):
        return None
    notices = [_("This link has expired, so we didn't save changes that get you more messages.")] if is_more else []
    return results.done(request, events, visit.context, notices=notices)


def _wish(sent: PreferencesForm, do: str, visit: Visit) -> Wish:
    """What was touched, and the break that the button begins or ends; none of what is not in its list."""
    verb, _dash, value = do.partition("-")
    key, until = (value, None) if verb == "resume" else (sent.cleaned_data.get("pause"), _until(value, visit.now))
    if verb == "save" or key is None:
        return Wish(sent.wanted(visit.target))
    return Wish(sent.wanted(visit.target, pauses={key: until}), None if key else Pause(until))


def _set(wish: Wish, visit: Visit, *, wording: str) -> list[ConsentEvent]:
    origin = Origin(Source.PAGE, visit.now, wording=wording)
    events = actions.set_preferences(wish.wanted, origin)
    if wish.pause:
        whole = visit.target._replace(category_id=None)
        events += actions.pause([whole], origin, until=wish.pause.until)
    return events


def _until(days: str, now: datetime) -> date | None:
    return timezone.localtime(now).date() + timedelta(days=int(days)) if days else None


def _wording(do: str) -> str:
    """What stood on the button."""
    verb, _dash, value = do.partition("-")
    if verb == "pause":
        return str(dict(PAUSES)[int(value)])
    return _("Resume now") if verb == "resume" else _("Save")


def _ask_the_mailbox(request: HttpRequest, more: Wish, visit: Visit) -> list[str]:
    """Double opt-in: one question by mail for each category; for whatever else is more, a fresh link, from which it can
    be chosen. Says what is to do."""
    sheet: PreferenceSheet = visit.context["sheet"]
    starting = [one for one in more.wanted if one.change.get("state") == PreferenceState.SUBSCRIBED]
    if sheet.channel != Channel.EMAIL:
        if starting:
            return [_("To turn something on, open this page from one of our emails.")]
        return [_("To get more email again, open this page from one of our emails.")]
    results.remember_language(request, sheet.contact_id, sheet.language, is_pending=sheet.is_pending)
    targets = [Target(one.address_id, one.category_id) for one in starting if one.channel == Channel.EMAIL]
    why = []
    if targets:
        actions.ask_to_opt_in(targets, now=visit.now)
        why.append(_("To confirm that you'd like to turn something on, tap the button in it."))
    if len(targets) < len(more.wanted) or more.pause:
        actions.send_link([visit.target.address_id], now=visit.now)
        why.append(_("To make sure it's you who wants more, open the link in it and choose again there."))
    return [_("We've sent you an email."), *why]


def _still_paused(events: Sequence[ConsentEvent], visit: Visit) -> list[str]:
    """A yes to one category does not end a pause of everything."""
    until = visit.context["sheet"].paused_until
    if until is None or all(event.kind != EventKind.OPT_IN for event in events):
        return []
    return [_("Everything is paused until %(day)s.") % {"day": date_format(until)}]
