"""The page after a change: what changed, one tap to undo it, and then, if they like, why. For every page alike."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from prefcenter.models import Feedback
from prefcenter.web import languages
from unsubscribe import actions, links
from unsubscribe.actions import Origin
from unsubscribe.actions.undoing import UNDO
from unsubscribe.choices import EventKind, Source
from unsubscribe.errors import InvalidLink, MayNotLift
from unsubscribe.models import Address, Category, ConsentEvent
from unsubscribe.outbox import wording

from .forms import FeedbackForm

#: After leaving or reducing, never before and never after anything else (requirement P4).
ASKS_WHY = {EventKind.OPT_OUT, EventKind.OPT_DOWN, EventKind.PAUSE}

Context = dict[str, Any]


def page(request: HttpRequest, title: str, context: Context, *, status: int = 200, **more: Any) -> HttpResponse:
    return render(request, "prefcenter/done.html", context | {"title": title} | more, status=status)


def nobody_writes() -> str:
    return _("We won't contact you again.")


def done(
    request: HttpRequest, events: Sequence[ConsentEvent], context: Context, *, notices: Sequence[str] = ()
) -> HttpResponse:
    """What these events changed, with the receipt that undoes them. `notices` say what could not be done."""
    if not events:
        already = _("No changes to save. Your preferences are already set this way.")
        title, *rest = notices or [already]
        return page(request, title, context, notices=rest)
    known, is_pending = context.get("contact_language", ""), context.get("is_pending", False)
    remember_language(request, events[0].contact_id, known, is_pending=is_pending)
    receipt = links.sign_receipt([event.pk for event in events])
    return changed(request, events, context, receipt=receipt, notices=notices)


def changed(
    request: HttpRequest, events: Sequence[ConsentEvent], context: Context, *, receipt: str, notices: Sequence[str] = ()
) -> HttpResponse:
    """The page alone. It stores nothing, and asks nothing of the events but what they say."""
    kinds = {event.kind for event in events}
    return page(
        request,
        _("You're unsubscribed.") if kinds == {EventKind.OPT_OUT} else _("Your preferences are saved."),
        context,
        is_done=True,
        notices=notices,
        sentences=in_words(events),
        receipt=receipt,
        can_undo=True,
        feedback_form=FeedbackForm() if kinds & ASKS_WHY else None,
    )


def remember_language(request: HttpRequest, contact_id: int, known: str, *, is_pending: bool = False) -> None:
    """Mails speak as the page did, where the person chose its language or none was known. An address that is pending
    chooses none for the contact that it was joined to."""
    spoken = get_language() or ""
    if is_pending:
        return
    if spoken != languages.spoken(known) and (not known or languages.asked_for(request)):
        actions.choose_language(contact_id, spoken)


def remember_language_of(request: HttpRequest, address: Address) -> None:
    """The same for whoever has this address."""
    remember_language(request, address.contact_id, address.language, is_pending=address.is_pending)


def after(request: HttpRequest, form: QueryDict, *, now: datetime, context: Context) -> HttpResponse | None:
    """What the forms of that page ask for, undo or feedback; None for the form of another page.

    Their permission is the receipt, an hour old at most, and not the link behind which they stand.
    """
    if form.get("do") == "undo":
        return undone(request, form.get("receipt", ""), now=now, context=context)
    if form.get("do") == "feedback":
        return why(request, form, now=now, context=context)
    return None


def undone(request: HttpRequest, receipt: str, *, now: datetime, context: Context) -> HttpResponse:
    try:
        event_ids = links.read_receipt(receipt)
        events = actions.undo(event_ids, Origin(Source.PAGE, now, wording=UNDO))
    except (InvalidLink, MayNotLift):
        events = []
    if not events:
        title = _("This can no longer be undone here: it's been too long, or something has changed since then.")
        return page(request, title, context)
    about = ConsentEvent.objects.filter(id__in=event_ids)
    is_whole = {(one.category_id, one.channel) for one in about} <= {(one.category_id, one.channel) for one in events}
    title = _("Undone. Your previous settings are back.") if is_whole else _("Partly undone.")
    notices = [] if is_whole else [_("The rest has been changed since then and stays as it is.")]
    return page(request, title, context, is_done=True, sentences=in_words(events), notices=notices)


def why(request: HttpRequest, form: QueryDict, *, now: datetime, context: Context) -> HttpResponse:
    """Stores the feedback beside the change it is about: one answer per change, theirs to reword for an hour."""
    receipt = form.get("receipt", "")
    try:
        event = _explainable(receipt).first()
    except InvalidLink:
        event = None
    if event is None:
        return page(request, _("Thanks, but this form has expired. Your preferences are saved anyway."), context)
    feedback = FeedbackForm(form)
    changed = in_words(list(ConsentEvent.objects.filter(id__in=links.read_receipt(receipt)).order_by("id")))
    shown: Context = {"receipt": receipt, "feedback_form": feedback, "can_undo": True, "sentences": changed}
    if not feedback.is_valid():
        return page(request, _("Your preferences are saved."), context, status=400, **shown)
    answer = feedback.answer()
    if answer:
        about = {"category_id": event.category_id, "campaign_id": event.campaign_id, "created_at": now}
        Feedback.objects.update_or_create(event=event, defaults=about | answer)
    else:  # taken back
        Feedback.objects.filter(event=event).delete()
    title = _("Thanks, that helps us improve.") if answer else _("Your preferences are saved.")
    return page(request, title, context, is_done=True, is_answered=bool(answer), **shown)


def _explainable(receipt: str) -> QuerySet[ConsentEvent]:
    """The change that is asked about; of somebody erased since, nothing more is taken. Raises InvalidLink."""
    events = ConsentEvent.objects.filter(id__in=links.read_receipt(receipt), contact__erased_at=None)
    return events.filter(kind__in=ASKS_WHY).order_by("id")


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
