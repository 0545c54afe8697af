""" "What you have on me" and "erase me", behind the preferences link. It erases nothing: a mailed link does that."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from prefcenter.contact_data.export import held
from prefcenter.web import languages
from unsubscribe import actions, addresses, links, views
from unsubscribe.actions import Origin
from unsubscribe.choices import Channel, Source
from unsubscribe.links import LinkPurpose, Target
from unsubscribe.models import Address

from . import results
from .expiring import may_be_written_to, opened, said

FILE = "my-data.json"


@views.behind_link
def privacy(request: HttpRequest, token: str = "", *, purpose: LinkPurpose = LinkPurpose.PREFERENCES) -> HttpResponse:
    def page(request: HttpRequest, target: Target, address: Address, *, now: datetime) -> HttpResponse:
        own = links.url(links.canonical(token, purpose=purpose), purpose=purpose)
        context = {"preferences_url": languages.keep(request, own), "is_proved": purpose == LinkPurpose.FRESH}
        return answer(request, address, now=now, context=context)

    return opened(request, token, purpose, page)


def answer(request: HttpRequest, address: Address, *, now: datetime, context: Mapping[str, Any]) -> HttpResponse:
    """The page and its two forms, for whoever has shown that the address is theirs.

    `context` is what differs between the doors: preferences_url, the way back; is_proved (see center.Visit); and
    csrf_input where one signs in.
    """
    do = said(request)
    if do == "download" and context["is_proved"]:
        return _download(address, now=now)
    can_mail = address.channel == Channel.EMAIL and may_be_written_to(address, now=now)
    shown = {
        **context,
        "masked": addresses.mask(address.value, channel=address.channel),
        "is_erased": address.contact.erased_at is not None,
        "can_mail": can_mail,
    }
    if do == "erase" and can_mail:
        results.remember_language_of(request, address)
        actions.ask_to_erase([address.pk], now=now)
        return results.page(request, _("We've emailed you a link."), shown, is_done=True, notices=[_how_long(now)])
    if do == "link" and can_mail:
        results.remember_language_of(request, address)
        actions.send_link([address.pk], now=now)
        notices = [_("It may take a minute to arrive.")]
        return results.page(request, _("We've emailed you a new link."), shown, is_done=True, notices=notices)
    return render(request, "prefcenter/privacy.html", shown, status=400 if request.method == "POST" else 200)


def _how_long(now: datetime) -> str:
    day = date_format(links.expires_on(LinkPurpose.ERASE, timezone.localdate(now)))
    return _("It works until %(day)s. Nothing is deleted until you open it and confirm.") % {"day": day}


def _download(address: Address, *, now: datetime) -> HttpResponse:
    """Everything as a file. That it was given is written down after it could be."""
    facts = held(address.contact_id, now=now, address=address)
    actions.note_access(address.pk, Origin(Source.PAGE, now))
    response = JsonResponse(facts, json_dumps_params={"ensure_ascii": False, "indent": 2})
    response["Content-Disposition"] = f'attachment; filename="{FILE}"'
    return views.private(response)
