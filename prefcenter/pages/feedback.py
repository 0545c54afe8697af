"""Feedback: stores why somebody left beside the change it is about. One answer per change, theirs to reword for an
hour."""

from django.http import HttpResponse

from prefcenter.models import Feedback
from unsubscribe import links
from unsubscribe.errors import InvalidLink
from unsubscribe.models import ConsentEvent

from . import results
from .forms import FeedbackForm
from .visits import Visit


def take(visit: Visit) -> HttpResponse:
    """Its permission is the receipt, as for undo; of somebody erased since, nothing more is taken."""
    try:
        changed = ConsentEvent.objects.filter(id__in=links.read_receipt(visit.says("receipt"))).order_by("id")
    except InvalidLink:
        return results.too_late_for_feedback(visit)
    event = changed.filter(kind__in=results.ASKS_WHY, contact__erased_at=None).first()
    if event is None:
        return results.too_late_for_feedback(visit)
    form = FeedbackForm(visit.form)
    is_answered = form.is_valid() and _keep(event, form, visit)
    return results.feedback_taken(visit, list(changed), form, is_answered=is_answered)


def _keep(event: ConsentEvent, form: FeedbackForm, visit: Visit) -> bool:
    """Whether there is an answer: an empty form takes back the one that was given."""
    answer = form.answer()
    if answer:
        about = {"category_id": event.category_id, "campaign_id": event.campaign_id, "created_at": visit.now}
        Feedback.objects.update_or_create(event=event, defaults=about | answer)
    else:
        Feedback.objects.filter(event=event).delete()
    return bool(answer)
