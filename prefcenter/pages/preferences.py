"""The preference center behind a link that expires. An expired one can still stop mail, and mails a fresh one."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from prefcenter.pages import link_visits
from prefcenter.web import languages
from unsubscribe import actions, links, queries, views
from unsubscribe.actions import Origin
from unsubscribe.choices import Channel, Source
from unsubscribe.errors import ExpiredLink, InvalidLink
from unsubscribe.links import LinkPurpose
from unsubscribe.models import Address

from . import joins, preference_center, results
from .preference_center import Visit
from .unsubscribe import not_allowed, sent_form, unknown_link


@views.behind_link
def preferences(
    request: HttpRequest, token: str = "", *, purpose: LinkPurpose = LinkPurpose.PREFERENCES
) -> HttpResponse:
    if request.method not in {"GET", "HEAD", "POST"}:
        return not_allowed(request)
    now = timezone.now()
    form = (sent_form(request) or QueryDict()) if request.method == "POST" else None
    try:
        target = links.read(token, purpose=purpose, today=timezone.localtime(now).date())
        own = links.url(links.canonical(token, purpose=purpose), purpose=purpose)
        urls = {"preferences_url": own, "privacy_url": f"{own}/data"}
        context = {name: languages.keep(request, url) for name, url in urls.items()}
        visit = Visit(target, now, context, is_proved=purpose == LinkPurpose.FRESH)
        answer = preference_center.answer(request, form, visit)
    except ExpiredLink:
        target = links.read_expired(token, purpose=purpose)
        if form is None:
            link_visits.count(request, target)
        return _expired(request, form or QueryDict(), Visit(target, now, {}, is_proved=purpose == LinkPurpose.FRESH))
    except InvalidLink:
        return unknown_link(request)
    if form is None:
        link_visits.count(request, target)
    return answer


def _expired(request: HttpRequest, form: QueryDict, visit: Visit) -> HttpResponse:
    """Stopping works for ever; what shows or starts anything needs a fresh link (law 6, requirement P8). A page
    that was opened before has all its buttons still."""
    try:
        address = queries.address(visit.target)
    except InvalidLink:
        return unknown_link(request)
    languages.speak(request, contact=address.language)
    can_mail = address.channel == Channel.EMAIL
    found = joins.find(address, queries.with_joined(address), is_proved=visit.is_proved)
    known = {"contact_language": address.language, "is_pending": address.is_pending}
    visit = visit._replace(context=known | {"offers_link": can_mail})
    if answer := results.after(request, form, now=visit.now, context=visit.context):
        return answer
    if answer := joins.after_expiry(request, form, visit.context | {"joins": found}, now=visit.now):
        return answer
    if form.get("do") == "link" and can_mail:
        return _mail_fresh_link(request, address, known, now=visit.now)
    if form and (answer := _stop(request, form, visit)):
        return answer
    has_category = links.asked_for(visit.target).category_id is not None
    shown = {"has_category": has_category, "can_mail": can_mail, "may_keep_apart": found.are_any}
    return render(request, "prefcenter/expired.html", known | shown)


def _mail_fresh_link(request: HttpRequest, address: Address, context: dict[str, Any], *, now: datetime) -> HttpResponse:
    results.remember_language_of(request, address)
    actions.send_link([address.pk], now=now)
    notices = [_("It may take a minute to arrive.")]
    return results.page(request, _("We've emailed you a new link."), context, is_done=True, notices=notices)


def _stop(request: HttpRequest, form: QueryDict, visit: Visit) -> HttpResponse | None:
    do = form.get("do", "")
    if do not in {"unsubscribe", "everything"}:
        return preference_center.save_less(request, form, visit)
    stopped = links.asked_for(visit.target) if do == "unsubscribe" else visit.target._replace(category_id=None)
    wording = _("Unsubscribe") if do == "unsubscribe" else _("Unsubscribe from everything")
    events = actions.opt_out([stopped], Origin(Source.PAGE, visit.now, wording=wording))
    return results.done(request, events, visit.context)
