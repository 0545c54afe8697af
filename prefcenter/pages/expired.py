"""A preferences link that has expired: it shows nothing, can still stop mail, and mails a fresh one (law 6)."""

from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext as _

from unsubscribe import links, queries
from unsubscribe.choices import Channel

from . import feedback, joins, opt_out, request_link, results, saving, undo
from .sheet_form import PreferencesForm, named_in
from .visits import Visit


def answer(visit: Visit) -> HttpResponse:
    """The page, or what a form asks for: this page's, or that of one that was opened before."""
    can_mail = visit.address.channel == Channel.EMAIL
    visit = visit._replace(context={"offers_link": can_mail})
    if joins.is_asked(visit):
        return joins.answer(visit)
    if visit.do == "link" and can_mail:
        return request_link.mail_fresh_link(visit._replace(context={}))
    if saving.is_asked(visit):
        return _save_less(visit)
    return _VIEWS.get(visit.do, _show)(visit)


def _show(visit: Visit) -> HttpResponse:
    shown = {
        "has_category": links.asked_for(visit.target).category_id is not None,
        "can_mail": visit.context["offers_link"],
        "may_keep_apart": joins.find(visit, queries.with_joined(visit.address)).are_any,
    }
    return render(visit.request, "prefcenter/expired.html", shown)


def _opt_out(visit: Visit) -> HttpResponse:
    return opt_out.opt_out(visit, links.asked_for(visit.target))


def _save_less(visit: Visit) -> HttpResponse:
    """Does what a form says no to or makes less, and says that the rest is not saved; the page for one that cannot be
    read at all."""
    form = visit.form or QueryDict()
    sheet = visit.sheet(also=named_in(form))
    if sheet.is_erased:
        return results.erased(visit)
    sent = PreferencesForm(sheet, form)
    is_valid = sent.is_valid()
    less, more = saving.less_and_more(sent, visit)
    is_more = bool(more) or sent.is_incomplete()
    events = saving.store(less, visit)
    if not events and not is_more and not (is_valid and sent.choices):
        return _show(visit)
    notices = [_("This link has expired, so we didn’t save changes that get you more messages.")] if is_more else []
    return results.done(visit, events, notices=notices)


_VIEWS = {
    "undo": undo.undo,
    "feedback": feedback.take,
    "unsubscribe": _opt_out,
    "everything": opt_out.everything,
}
