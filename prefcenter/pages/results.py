"""The page after a change: what changed, one tap to undo it, and then, if they like, why. For every page alike."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render

from prefcenter.models import Feedback
from unsubscribe import actions, links, sentences
from unsubscribe.choices import EventKind, Source
from unsubscribe.errors import InvalidLink, MayNotLift
from unsubscribe.models import Category, ConsentEvent

from .forms import FeedbackForm

#: After leaving or reducing, never before and never after anything else (requirement P4).
ASKS_WHY = {EventKind.OPT_OUT, EventKind.OPT_DOWN, EventKind.PAUSE}
ALREADY = "This was so already. Nothing needed to change."
TOO_LATE = "This can no longer be undone here, because it was too long ago or something has changed since."


def done(request: HttpRequest, events: Sequence[ConsentEvent], context: dict[str, Any]) -> HttpResponse:
    """What these events changed, with the receipt that undoes them."""
    if not events:
        return render(request, "prefcenter/done.html", context | {"title": ALREADY})
    kinds = {event.kind for event in events}
    return render(
        request,
        "prefcenter/done.html",
        context
        | {
            "title": "You are unsubscribed." if kinds == {EventKind.OPT_OUT} else "Your choice is stored.",
            "sentences": in_words(events),
            "receipt": links.sign_receipt([event.pk for event in events]),
            "feedback_form": FeedbackForm() if kinds & ASKS_WHY else None,
        },
    )


def after(request: HttpRequest, form: QueryDict, *, now: datetime, context: dict[str, Any]) -> HttpResponse | None:
    """What the forms of that page ask for, undo or feedback; None for the form of another page.

    Their permission is the receipt, an hour old at most, and not the link behind which they stand.
    """
    if form.get("do") == "undo":
        return undone(request, form.get("receipt", ""), now=now, context=context)
    if form.get("do") == "feedback":
        return why(request, form.get("receipt", ""), now=now, context=context)
    return None


def undone(request: HttpRequest, receipt: str, *, now: datetime, context: dict[str, Any]) -> HttpResponse:
    try:
        events = actions.undo(links.read_receipt(receipt), source=Source.PAGE, now=now, wording="Undo")
    except (InvalidLink, MayNotLift):
        events = []
    title = "It is as it was before." if events else TOO_LATE
    return render(request, "prefcenter/done.html", context | {"title": title, "sentences": in_words(events)})


def why(request: HttpRequest, receipt: str, *, now: datetime, context: dict[str, Any]) -> HttpResponse:
    """Stores the feedback beside the change it is about: one answer per change, theirs to reword for an hour."""
    try:
        event = ConsentEvent.objects.filter(id__in=links.read_receipt(receipt)).order_by("id").first()
    except InvalidLink:
        event = None
    if event is None:
        title = "Thank you, but this form has expired. Your choice is stored all the same."
        return render(request, "prefcenter/done.html", context | {"title": title})
    form = FeedbackForm(request.POST)
    if not form.is_valid():
        shown = {"title": "Your choice is stored.", "receipt": receipt, "feedback_form": form}
        return render(request, "prefcenter/done.html", context | shown)
    if any(form.cleaned_data.values()):
        about = {"category_id": event.category_id, "campaign_id": event.campaign_id, "created_at": now}
        Feedback.objects.update_or_create(event=event, defaults=about | form.cleaned_data)
    return render(request, "prefcenter/done.html", context | {"title": "Thank you. It helps us to do better."})


def in_words(events: Sequence[ConsentEvent]) -> list[str]:
    """Each change in a sentence, in the order in which they were made, and none twice."""
    names = dict(Category.objects.values_list("id", "name"))
    said = [
        sentences.describe(
            event.before, event.after, category=names.get(event.category_id or 0, ""), channel=event.channel
        )
        for event in events
    ]
    return list(dict.fromkeys(filter(None, said)))
