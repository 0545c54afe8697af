""" "What you have on me" and "erase me", behind the preferences link. It erases nothing: a mailed link does that."""

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from prefcenter.contact_data.export import held
from unsubscribe import actions, links, views
from unsubscribe.choices import Channel
from unsubscribe.links import LinkPurpose

from . import request_link, results
from .visits import Visit

FILE = "my-data.json"


def answer(visit: Visit) -> HttpResponse:
    """The page, or what its forms ask for: the file only of somebody proved, and emails where they arrive."""
    if visit.is_expired:
        return results.too_old(visit)
    if visit.do == "download" and visit.is_proved:
        return _download(visit)
    can_mail = visit.address.channel == Channel.EMAIL and visit.may_be_written_to()
    if visit.do == "erase" and can_mail:
        return _erase(visit)
    if visit.do == "link" and can_mail:
        return request_link.mail_fresh_link(visit)
    is_erased = visit.address.contact.erased_at is not None
    shown = visit.context | {"is_proved": visit.is_proved, "is_erased": is_erased, "can_mail": can_mail}
    status = 400 if visit.request.method == "POST" else 200
    return render(visit.request, "prefcenter/privacy.html", shown, status=status)


def _erase(visit: Visit) -> HttpResponse:
    """Mails the link that asks whether everything is to go."""
    visit.remember_language()
    actions.ask_to_erase([visit.address.pk], now=visit.now)
    day = date_format(links.expires_on(LinkPurpose.ERASE, visit.today))
    how_long = _("It works until %(day)s. Nothing is deleted until you open it and confirm.") % {"day": day}
    return results.page(visit, _("We’ve emailed you a link."), is_done=True, notices=[how_long])


def _download(visit: Visit) -> HttpResponse:
    """Everything as a file. That it was given is written down after it could be."""
    facts = held(visit.address.contact_id, now=visit.now, address=visit.address)
    actions.note_access(visit.address.pk, visit.origin())
    response = JsonResponse(facts, json_dumps_params={"ensure_ascii": False, "indent": 2})
    response["Content-Disposition"] = f'attachment; filename="{FILE}"'
    return views.private(response)
