"""The page behind the one-click URL. GET shows it and changes nothing; its form posts back to the same URL."""

import re
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import HttpRequest, HttpResponse, QueryDict, RawPostDataException, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from prefcenter.pages import link_visits
from prefcenter.web import languages
from unsubscribe import actions, links, queries, views
from unsubscribe.actions import Origin
from unsubscribe.choices import Channel, Source
from unsubscribe.errors import InvalidLink
from unsubscribe.links import Target
from unsubscribe.outbox.wording import frequency_label
from unsubscribe.queries import Choice, PreferenceSheet

from . import results
from .forms import PAUSES, LessForm, PauseForm, offered_instead

TEMPLATE = "prefcenter/unsubscribe.html"


#: A form that broke off, is malformed, has too many fields, or is in a charset that cannot be decoded; or the header of
#: one of its parts has parameters that are none (email.message raises TypeError).
_UNREADABLE = (
    BadRequest,
    SuspiciousOperation,
    MultiPartParserError,
    LookupError,
    ValueError,
    TypeError,
    UnreadablePostError,
    RawPostDataException,
)
#: The fields that only forms of ours have.
_OURS = {"do", "receipt", "frequency", "days"}
#: What names the first of them in a body that cannot be read as a form: urlencoded or text/plain, multipart, JSON.
_SAYS_DO = re.compile(rb"(?i)(?:^|[&\r\n])do(?:=|%3d|&|$)|name=[\"']?do\b|[\"']do[\"']\s*:")
_ONE_CLICK = "list-unsubscribe"


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
        return answer(request, form, target, preferences_url=links.preferences_url_from(token), now=now)
    except InvalidLink:
        return unknown_link(request)


def answer(
    request: HttpRequest, form: QueryDict | None, target: Target, *, preferences_url: str, now: datetime
) -> HttpResponse:
    """The page, or what its form asks for. Raises InvalidLink for an address that does not exist."""
    sheet = queries.preference_sheet(target, today=timezone.localtime(now).date())
    languages.speak(request, contact=sheet.language)
    if sheet.is_erased:
        return results.page(request, _("Your data has been deleted."), {}, notices=[results.nobody_writes()])
    context = shown(sheet, target, preferences_url=languages.keep(request, preferences_url))
    if form is not None:
        return _act(request, form, target, context, now=now)
    link_visits.count(request, target)
    return render(request, TEMPLATE, context)


def sent_form(request: HttpRequest) -> QueryDict | None:
    """Our own form, if that is what was posted; an empty one if it is ours and cannot be read.

    None for everything else, which may come from a mail program (requirement E2): an empty body, any other, and one
    that says List-Unsubscribe, whatever stands beside it.
    """
    try:
        form = request.POST
    except _UNREADABLE:
        form = QueryDict()
    names = {name.strip("\ufeff\0 \t\r\n").lower() for name in form}
    if names:
        return form if _OURS & names and _ONE_CLICK not in names else None
    body = _raw(request)
    is_ours = _SAYS_DO.search(body) and _ONE_CLICK.encode() not in body.lower()
    return QueryDict() if is_ours else None


def _raw(request: HttpRequest) -> bytes:
    try:
        return request.body
    except _UNREADABLE:
        return b""


def not_allowed(request: HttpRequest) -> HttpResponse:
    if request.method == "OPTIONS":
        response = HttpResponse(status=204)
    else:
        response = views.sentence("This URL accepts GET and POST only.", status=405)
    response["Allow"] = "GET, HEAD, POST, OPTIONS"
    return response


def unknown_link(request: HttpRequest) -> HttpResponse:
    """The same for every token that is none of ours (requirement E7)."""
    return render(request, "prefcenter/unknown_link.html", status=404)


def shown(sheet: PreferenceSheet, target: Target, *, preferences_url: str) -> dict[str, Any]:
    """All that the page is made of, for whoever this sheet belongs to. `asked` is what "Unsubscribe" stops, `choice`
    what that is now (None for everything), and `own` the choice that the link names."""
    own = sheet.choice_of(target)
    if own and own.is_fixed:  # it cannot be switched off, so this link means everything else
        own = None
    asked = links.asked_for(target if own else target._replace(category_id=None))
    choice = own if asked.category_id else None
    is_retired = bool(own and own.category.retired_at)
    return {
        "masked": sheet.masked,
        "contact_id": sheet.contact_id,
        "is_pending": sheet.is_pending,
        "is_all_off": sheet.has_said_no_to_everything,
        "contact_language": sheet.language,
        "asked": asked,
        "choice": choice,
        "own": own,
        "is_retired": is_retired,
        "slower": offered_instead(own) if own and own.is_subscribed and not is_retired else [],
        "pauses": [] if choice and is_retired else PAUSES,
        "paused_until": choice.paused_until if choice else sheet.paused_until,
        "can_ask_again": bool(own and own.category.is_offered and not own.is_subscribed)
        and sheet.channel == Channel.EMAIL,
        "preferences_url": preferences_url,
    }


def _act(
    request: HttpRequest, form: QueryDict, target: Target, context: dict[str, Any], *, now: datetime
) -> HttpResponse:
    if answer := results.after(request, form, now=now, context=context):
        return answer
    do = form.get("do", "")
    if do == "unsubscribe":
        events = actions.opt_out([context["asked"]], Origin(Source.PAGE, now, wording=_("Unsubscribe")))
        return results.done(request, events, context)
    if do == "everything":
        everything = target._replace(category_id=None)
        events = actions.opt_out([everything], Origin(Source.PAGE, now, wording=_("Unsubscribe from everything")))
        return results.done(request, events, context)
    if do == "again" and context["can_ask_again"]:
        # This link never expires and may have been forwarded: it stops mail, and starts none (law 6).
        known, is_pending = context["contact_language"], context["is_pending"]
        results.remember_language(request, context["contact_id"], known, is_pending=is_pending)
        actions.ask_to_opt_in([target], now=now)
        notices = [_("To confirm, tap the button in it.")]
        return results.page(request, _("We've sent you an email."), context, is_done=True, notices=notices)
    return _reduce(request, form, target, context, now=now)


def _reduce(
    request: HttpRequest, form: QueryDict, target: Target, context: dict[str, Any], *, now: datetime
) -> HttpResponse:
    """Less often, or a pause; anything else gets the page again, with what is wrong beside the field."""
    own: Choice | None = context["own"]
    do = form.get("do", "")
    if do == "less" and own is not None and own.is_subscribed:
        less = LessForm(form)
        if less.is_valid():
            # What holds already may be slower: it stays, and was asked for again.
            frequency = max(less.cleaned_data["frequency"], own.frequency, key=lambda one: one.pace)
            origin = Origin(Source.PAGE, now, wording=frequency_label(frequency, own.channel))
            events = actions.opt_down([target], origin, frequency=frequency)
            return results.done(request, events, context)
        context["less_errors"] = less.errors.get("frequency", "")
    if do == "pause":
        pause = PauseForm(form)
        if pause.is_valid():
            days = pause.cleaned_data["days"]
            until = timezone.localtime(now).date() + timedelta(days=days)
            # A link that never expires may stop more mail, and never bring any sooner (law 6).
            until = max(until, context["paused_until"] or until)
            origin = Origin(Source.PAGE, now, wording=str(dict(PAUSES)[days]))
            events = actions.pause([context["asked"]], origin, until=until)
            said = [] if events else [_("Paused until %(day)s.") % {"day": date_format(until)}]
            return results.done(request, events, context, notices=said)
        context["pause_errors"] = pause.errors["days"]
    return render(request, TEMPLATE, context | {"is_odd": True}, status=400)
