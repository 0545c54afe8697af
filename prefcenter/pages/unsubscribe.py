"""The page behind the one-click URL. GET shows it and changes nothing; its form posts back to the same URL."""

from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import HttpRequest, HttpResponse, QueryDict, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.shortcuts import render
from django.utils import timezone

from unsubscribe import actions, links, queries, views
from unsubscribe.choices import Source
from unsubscribe.errors import InvalidLink
from unsubscribe.links import Target
from unsubscribe.queries import Choice

from . import results
from .forms import LessForm, PauseForm


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
        context = _context(token, target, now=now)
    except InvalidLink:
        return unknown_link(request)
    if form is not None:
        return _act(request, form, target, context, now=now)
    return render(request, "prefcenter/unsubscribe.html", context)


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


def _context(token: str, target: Target, *, now: datetime) -> dict[str, Any]:
    today = timezone.localtime(now).date()
    sheet = queries.preference_sheet(target, today=today)
    choice = _named_choice(sheet, target)
    return {
        "masked": sheet.masked,
        "choice": choice,
        "less_form": LessForm(choice) if choice and choice.is_subscribed and choice.slower else None,
        "pause_form": PauseForm(),
        "paused_until": choice.paused_until if choice else sheet.paused_until,
        "preferences_url": links.preferences_url_from(token),
    }


def _named_choice(sheet: queries.PreferenceSheet, target: Target) -> Choice | None:
    channel = queries.address(target).channel
    named = [one for one in sheet.choices if one.category.pk == target.category_id and one.channel == channel]
    return named[0] if named else None


def _act(
    request: HttpRequest, form: QueryDict, target: Target, context: dict[str, Any], *, now: datetime
) -> HttpResponse:
    if answer := results.after(request, form, now=now, context=context):
        return answer
    do = form["do"]
    if do == "unsubscribe":
        events = actions.opt_out([target], source=Source.PAGE, now=now, wording="Unsubscribe")
        return results.done(request, events, context)
    if do == "everything":
        everything = target._replace(category_id=None)
        events = actions.opt_out([everything], source=Source.PAGE, now=now, wording="Unsubscribe from everything")
        return results.done(request, events, context)
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
            events = actions.opt_down([target], frequency, source=Source.PAGE, now=now, wording=frequency.label)
            return results.done(request, events, context)
        context["less_form"] = less
    if form["do"] == "pause":
        pause = PauseForm(form)
        if pause.is_valid():
            days = pause.cleaned_data["days"]
            until = timezone.localtime(now).date() + timedelta(days=days)
            # A link that never expires may stop more mail, and never bring any sooner (design law 6).
            until = max(until, context["paused_until"] or until)
            events = actions.pause([target], until, source=Source.PAGE, now=now, wording=f"Pause for {days} days")
            return results.done(request, events, context)
        context["pause_form"] = pause
    return render(request, "prefcenter/unsubscribe.html", context, status=400)
