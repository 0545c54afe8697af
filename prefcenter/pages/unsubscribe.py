"""The page behind the one-click URL. GET shows it and changes nothing; its form posts back to the same URL."""

from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import HttpRequest, HttpResponse, QueryDict, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from prefcenter import languages, visits
from unsubscribe import actions, links, queries, views
from unsubscribe.choices import Channel, Source
from unsubscribe.errors import InvalidLink
from unsubscribe.links import Target
from unsubscribe.queries import Choice, PreferenceSheet

from . import results
from .forms import PAUSES, LessForm, PauseForm, offered_instead

TEMPLATE = "prefcenter/unsubscribe.html"


@views.behind_link
def unsubscribe(request: HttpRequest, token: str = "") -> HttpResponse:
    """A POST that is not our form is a one-click, whatever it says: mail programs send many bodies, or none."""
    form = sent_form(request)
    if request.method == "POST" and form is None:
        return views.opt_out(token)
    if request.method not in {"GET", "HEAD", "POST"}:
        return not_allowed(request)
    now = timezone.now()
    try:
        target = links.read(token, today=timezone.localtime(now).date())
        context = _context(request, token, target, now=now)
    except InvalidLink:
        return unknown_link(request)
    if context["is_erased"]:
        return results.page(request, _("Everything about you is erased."), {}, notices=[results.nobody_writes()])
    if form is not None:
        return _act(request, form, target, context, now=now)
    visits.count(request, target)
    return render(request, TEMPLATE, context)


def sent_form(request: HttpRequest) -> QueryDict | None:
    """Our own form, if that is what was posted. A body that cannot be read is none."""
    try:
        form = request.POST
    except (BadRequest, SuspiciousOperation, MultiPartParserError, LookupError, UnicodeError, UnreadablePostError):
        return None
    return form if "do" in form and "List-Unsubscribe" not in form else None


def not_allowed(request: HttpRequest) -> HttpResponse:
    if request.method == "OPTIONS":
        response = HttpResponse(status=204)
    else:
        response = views.sentence("This address takes GET and POST.", status=405)
    response["Allow"] = "GET, HEAD, POST, OPTIONS"
    return response


def unknown_link(request: HttpRequest) -> HttpResponse:
    """The same for every token that is none of ours (requirement E7)."""
    return render(request, "prefcenter/unknown_link.html", status=404)


def _context(request: HttpRequest, token: str, target: Target, *, now: datetime) -> dict[str, Any]:
    sheet = queries.preference_sheet(target, today=timezone.localtime(now).date())
    languages.speak(request, contact=sheet.language)
    return shown(sheet, target, preferences_url=languages.keep(request, links.preferences_url_from(token)))


def shown(sheet: PreferenceSheet, target: Target, *, preferences_url: str) -> dict[str, Any]:
    """All that the page is made of, for whoever this sheet belongs to."""
    choice = sheet.choice_of(target)
    if choice and choice.is_fixed:  # it cannot be switched off, so this link means everything else
        choice = None
    return {
        "masked": sheet.masked,
        "contact_id": sheet.contact_id,
        "is_erased": sheet.is_erased,
        "is_all_off": sheet.has_said_no_to_everything,
        "contact_language": sheet.language,
        "choice": choice,
        "slower": offered_instead(choice) if choice and choice.is_subscribed else [],
        "pauses": PAUSES,
        "paused_until": choice.paused_until if choice else sheet.paused_until,
        "can_ask_again": bool(choice and choice.category.is_offered) and sheet.channel == Channel.EMAIL,
        "preferences_url": preferences_url,
    }


def _act(
    request: HttpRequest, form: QueryDict, target: Target, context: dict[str, Any], *, now: datetime
) -> HttpResponse:
    if answer := results.after(request, form, now=now, context=context):
        return answer
    do = form["do"]
    if do == "unsubscribe":
        events = actions.opt_out([target], source=Source.PAGE, now=now, wording=_("Unsubscribe"))
        return results.done(request, events, context)
    if do == "everything":
        everything = target._replace(category_id=None)
        wording = _("Unsubscribe from everything")
        return results.done(
            request, actions.opt_out([everything], source=Source.PAGE, now=now, wording=wording), context
        )
    if do == "again" and context["can_ask_again"] and not context["choice"].is_subscribed:
        # This link never expires and may have been forwarded: it stops mail, and starts none (design law 6).
        results.remember_language(request, context["contact_id"], context["contact_language"])
        actions.ask_to_opt_in([target], now=now)
        notices = [_("Please tap the button in it.")]
        return results.page(request, _("We have sent you a mail."), context, is_done=True, notices=notices)
    return _reduce(request, form, target, context, now=now)


def _reduce(
    request: HttpRequest, form: QueryDict, target: Target, context: dict[str, Any], *, now: datetime
) -> HttpResponse:
    """Less often, or a pause; anything else gets the page again, with what is wrong beside the field."""
    choice: Choice | None = context["choice"]
    if form["do"] == "less" and choice is not None and choice.is_subscribed:
        less = LessForm(choice, form)
        if less.is_valid():
            frequency = less.cleaned_data["frequency"]
            wording = str(frequency.label)
            events = actions.opt_down([target], frequency, source=Source.PAGE, now=now, wording=wording)
            return results.done(request, events, context)
        context["less_errors"] = less.errors.get("frequency", "")
    if form["do"] == "pause":
        pause = PauseForm(form)
        if pause.is_valid():
            days = pause.cleaned_data["days"]
            until = timezone.localtime(now).date() + timedelta(days=days)
            # A link that never expires may stop more mail, and never bring any sooner (design law 6).
            until = max(until, context["paused_until"] or until)
            wording = str(dict(PAUSES)[days])
            events = actions.pause([target], until, source=Source.PAGE, now=now, wording=wording)
            said = [] if events else [_("Paused until %(day)s.") % {"day": date_format(until)}]
            return results.done(request, events, context, notices=said)
        context["pause_errors"] = pause.errors["days"]
    return render(request, TEMPLATE, context | {"is_odd": True}, status=400)
