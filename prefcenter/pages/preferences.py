"""The preference center behind a link that expires. An expired one can still stop mail, and mails a fresh one."""

from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone

from unsubscribe import actions, links, queries, views
from unsubscribe.choices import Channel, Source
from unsubscribe.errors import ExpiredLink, InvalidLink
from unsubscribe.links import Purpose, Target

from . import results
from .forms import PauseForm, PreferencesForm
from .unsubscribe import not_allowed, sent_form, unknown_link

WORDING = "The preference page: each category on its own, how often, or never."


@views.behind_link
def preferences(request: HttpRequest, token: str = "") -> HttpResponse:
    if request.method not in {"GET", "HEAD", "POST"}:
        return not_allowed(request)
    now = timezone.now()
    today = timezone.localtime(now).date()
    form = sent_form(request) if request.method == "POST" else None
    try:
        target = links.read(token, purpose=Purpose.PREFERENCES, today=today)
        sheet = queries.preference_sheet(target, today=today)
    except ExpiredLink:
        return _expired(request, form, token, now=now)
    except InvalidLink:
        return unknown_link(request)
    context = {"sheet": sheet, "masked": sheet.masked, "form": PreferencesForm(sheet), "pause_form": PauseForm()}
    if request.method != "POST":
        return render(request, "prefcenter/preferences.html", context)
    return _act(request, form or QueryDict(), target, context, now=now)


def _act(
    request: HttpRequest, form: QueryDict, target: Target, context: dict[str, Any], *, now: datetime
) -> HttpResponse:
    if answer := results.after(request, form, now=now, context=context):
        return answer
    do = form.get("do", "")
    whole = target._replace(category_id=None)
    if do == "everything":
        events = actions.opt_out([whole], source=Source.PAGE, now=now, wording="Unsubscribe from everything")
        return results.done(request, events, context)
    if do == "resume":
        paused = [target._replace(category_id=one.category.pk) for one in context["sheet"].choices if one.paused_until]
        events = actions.pause([whole, *paused], None, source=Source.PAGE, now=now, wording="Resume now")
        return results.done(request, events, context)
    if do == "pause":
        pause = PauseForm(form)
        if not pause.is_valid():
            return render(request, "prefcenter/preferences.html", context | {"pause_form": pause}, status=400)
        days = pause.cleaned_data["days"]
        until = timezone.localtime(now).date() + timedelta(days=days)
        events = actions.pause([whole], until, source=Source.PAGE, now=now, wording=f"Pause for {days} days")
        return results.done(request, events, context)
    return _save(request, form, target, context, now=now)


def _save(
    request: HttpRequest, form: QueryDict, target: Target, context: dict[str, Any], *, now: datetime
) -> HttpResponse:
    sent = PreferencesForm(context["sheet"], form)
    if form.get("do") != "save" or not sent.is_valid():
        return render(request, "prefcenter/preferences.html", context | {"form": sent}, status=400)
    events = actions.set_preferences(sent.wanted(target), source=Source.PAGE, now=now, wording=WORDING)
    return results.done(request, events, context)


def _expired(request: HttpRequest, form: QueryDict | None, token: str, *, now: datetime) -> HttpResponse:
    """Stopping works for ever; what shows or starts anything needs a fresh link (design law 6, requirement P8)."""
    target = links.read_expired(token)
    try:
        can_mail = queries.address(target).channel == Channel.EMAIL
    except InvalidLink:
        return unknown_link(request)
    form = form or QueryDict()
    if answer := results.after(request, form, now=now, context={}):
        return answer
    do = form.get("do", "")
    if do == "link" and can_mail:
        actions.send_link([target.address_id], now=now)
        title = "A fresh link is on its way to you. It may take a minute."
        return render(request, "prefcenter/done.html", {"title": title})
    if do in {"unsubscribe", "everything"}:
        stopped = target if do == "unsubscribe" else target._replace(category_id=None)
        events = actions.opt_out([stopped], source=Source.PAGE, now=now, wording=do)
        return results.done(request, events, {})
    context = {"has_category": target.category_id is not None, "can_mail": can_mail}
    return render(request, "prefcenter/expired.html", context)
