"""The preference center behind a link that expires. An expired one can still stop mail, and mails a fresh one."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from prefcenter import languages, visits
from unsubscribe import actions, links, queries, views
from unsubscribe.choices import Channel, Source
from unsubscribe.errors import ExpiredLink, InvalidLink
from unsubscribe.links import Purpose, Target

from . import center, results
from .center import Visit
from .unsubscribe import not_allowed, sent_form, unknown_link


@views.behind_link
def preferences(request: HttpRequest, token: str = "", *, purpose: Purpose = Purpose.PREFERENCES) -> HttpResponse:
    if request.method not in {"GET", "HEAD", "POST"}:
        return not_allowed(request)
    now = timezone.now()
    form = (sent_form(request) or QueryDict()) if request.method == "POST" else None
    try:
        target = links.read(token, purpose=purpose, today=timezone.localtime(now).date())
        own = links.url(links.canonical(token, purpose=purpose), purpose=purpose)
        urls = {"preferences_url": own, "privacy_url": f"{own}/data"}
        context = {name: languages.keep(request, url) for name, url in urls.items()}
        visit = Visit(target, now, context, is_proved=purpose == Purpose.FRESH)
        answer = center.answer(request, form, visit)
    except ExpiredLink:
        target = links.read_expired(token, purpose=purpose)
        if form is None:
            visits.count(request, target)
        return _expired(request, form or QueryDict(), target, now=now)
    except InvalidLink:
        return unknown_link(request)
    if form is None:
        visits.count(request, target)
    return answer


def _expired(request: HttpRequest, form: QueryDict, target: Target, *, now: datetime) -> HttpResponse:
    """Stopping works for ever; what shows or starts anything needs a fresh link (design law 6, requirement P8)."""
    try:
        address = queries.address(target)
    except InvalidLink:
        return unknown_link(request)
    languages.speak(request, contact=address.language)
    context: dict[str, Any] = {"contact_language": address.language, "is_pending": address.is_pending}
    if answer := results.after(request, form, now=now, context=context):
        return answer
    do, can_mail = form.get("do", ""), address.channel == Channel.EMAIL
    asked = links.asked_for(target)
    if do == "link" and can_mail:
        results.remember_language_of(request, address)
        actions.send_link([target.address_id], now=now)
        notices = [_("It may take a minute.")]
        return results.page(request, _("A fresh link is on its way to you."), context, is_done=True, notices=notices)
    if do in {"unsubscribe", "everything"}:
        stopped = asked if do == "unsubscribe" else target._replace(category_id=None)
        wording = _("Unsubscribe") if do == "unsubscribe" else _("Unsubscribe from everything")
        events = actions.opt_out([stopped], source=Source.PAGE, now=now, wording=wording)
        return results.done(request, events, context)
    context |= {"has_category": asked.category_id is not None, "can_mail": can_mail}
    return render(request, "prefcenter/expired.html", context)
