"""What is said after a request: what changed and one tap to undo it, or why nothing did. It changes no preference."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from unsubscribe import links, views
from unsubscribe.choices import EventKind
from unsubscribe.models import Category, ConsentEvent
from unsubscribe.outbox import wording
from unsubscribe.queries import PreferenceSheet

from .forms import FeedbackForm
from .visits import Visit

#: After leaving or reducing, never before and never after anything else (requirement P4).
ASKS_WHY = {EventKind.OPT_OUT, EventKind.OPT_DOWN, EventKind.PAUSE}


def page(visit: Visit, title: str, *, status: int = 200, **shown: Any) -> HttpResponse:
    """The page after a request, with what each page of this visit shows."""
    return render(visit.request, "prefcenter/done.html", visit.context | {"title": title} | shown, status=status)


def last_page(visit: Visit, title: str, *notices: str, is_done: bool = False) -> HttpResponse:
    """The same, from which nothing leads on: it names no address."""
    return page(visit._replace(context={}), title, notices=notices, is_done=is_done)


def done(visit: Visit, events: Sequence[ConsentEvent], *, notices: Sequence[str] = ()) -> HttpResponse:
    """What these events changed, with the receipt that undoes them. `notices` say what could not be done."""
    if not events:
        title, *rest = notices or [_("No changes to save. Your preferences are already set this way.")]
        return page(visit, title, notices=rest)
    visit.remember_language()
    return changed(visit, events, receipt=links.sign_receipt([event.pk for event in events]), notices=notices)


def changed(visit: Visit, events: Sequence[ConsentEvent], *, receipt: str, notices: Sequence[str] = ()) -> HttpResponse:
    """The page alone. It stores nothing, and asks nothing of the events but what they say."""
    kinds = {event.kind for event in events}
    return page(
        visit,
        _("You’re unsubscribed.") if kinds == {EventKind.OPT_OUT} else _("Your preferences are saved."),
        is_done=True,
        notices=notices,
        sentences=in_words(events),
        receipt=receipt,
        can_undo=True,
        feedback_form=FeedbackForm() if kinds & ASKS_WHY else None,
    )


def undone(visit: Visit, events: Sequence[ConsentEvent], *, is_whole: bool) -> HttpResponse:
    title = _("Undone. Your previous settings are back.") if is_whole else _("Partly undone.")
    notices = [] if is_whole else [_("The rest has been changed since then and stays as it is.")]
    return page(visit, title, is_done=True, sentences=in_words(events), notices=notices)


def not_undone(visit: Visit) -> HttpResponse:
    return page(visit, _("This can no longer be undone here: it’s been too long, or something has changed since then."))


def feedback_taken(
    visit: Visit, events: Sequence[ConsentEvent], form: FeedbackForm, *, is_answered: bool
) -> HttpResponse:
    """The page of the change again, with the answer to reword; or, where the form has errors, with these."""
    return page(
        visit,
        _("Thanks, that helps us improve.") if is_answered else _("Your preferences are saved."),
        status=400 if form.errors else 200,
        is_done=not form.errors,
        is_answered=is_answered,
        sentences=in_words(events),
        receipt=visit.says("receipt"),
        can_undo=True,
        feedback_form=form,
    )


def too_late_for_feedback(visit: Visit) -> HttpResponse:
    return page(visit, _("Thanks, but this form has expired. Your preferences are saved anyway."))


def link_sent(visit: Visit) -> HttpResponse:
    return page(visit, _("We’ve emailed you a new link."), is_done=True, notices=[_("It may take a minute to arrive.")])


def erased(visit: Visit, *, is_done: bool = False) -> HttpResponse:
    return last_page(visit, _("Your data has been deleted."), nobody_writes(), is_done=is_done)


def nobody_writes() -> str:
    return _("We won’t contact you again.")


def everything_paused(sheet: PreferenceSheet) -> list[str]:
    """That a pause of everything still holds: a yes to one category does not end it."""
    until = sheet.paused_until
    return [_("Everything is paused until %(day)s.") % {"day": date_format(until)}] if until else []


def stays_off() -> str:
    """Why a yes of an address that is pending has no effect."""
    return _(
        "You’re still unsubscribed: this address was linked to another one that opted out, and that hasn’t been "
        "confirmed yet. If the other address isn’t yours, keep them separate first."
    )


def too_old(visit: Visit, **shown: bool) -> HttpResponse:
    return render(visit.request, "prefcenter/link_expired.html", shown)


def unknown_link(request: HttpRequest) -> HttpResponse:
    """The same for every token that is none of ours (requirement E7)."""
    return render(request, "prefcenter/unknown_link.html", status=404)


def not_allowed(request: HttpRequest) -> HttpResponse:
    if request.method == "OPTIONS":
        response = HttpResponse(status=204)
    else:
        response = views.sentence("This URL accepts GET and POST only.", status=405)
    response["Allow"] = "GET, HEAD, POST, OPTIONS"
    return response


def in_words(events: Sequence[ConsentEvent]) -> list[str]:
    """Each change in a sentence, in the order in which they were made, and none twice."""
    ids = {event.category_id for event in events if event.category_id}
    names = {one.pk: one.local_name for one in Category.objects.filter(id__in=ids)}
    said = [
        wording.describe(
            event.before, event.after, category=names.get(event.category_id or 0, ""), channel=event.channel
        )
        for event in events
    ]
    return list(dict.fromkeys(filter(None, said)))
