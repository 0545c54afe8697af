"""The page of a contact, on which support acts for them: through actions alone, and by POST alone."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from prefcenter.contact_data import profile
from prefcenter.contact_data.profile import Profile, SuppressionBeside
from prefcenter.models import staff_actor
from prefcenter.web import staff_pages
from unsubscribe import actions
from unsubscribe.actions import Origin
from unsubscribe.choices import Source, SuppressionReason
from unsubscribe.errors import MayNotLift
from unsubscribe.links import Target
from unsubscribe.models import Address, ConsentEvent, Contact, Suppression

from .forms import ABOUT_WORDS, CATEGORY, CHANNEL, NoteForm, OptOutForm, SuppressForm

SEE, ACT = "unsubscribe.view_contact", "unsubscribe.act_for_contact"
SO_ALREADY = "Already recorded. Nothing changed."
_GONE = "This contact was erased. There is nothing left to change."

View = Callable[..., HttpResponse]


@require_http_methods(["GET", "HEAD"])
def contact(request: HttpRequest, contact_id: int) -> HttpResponse:
    return _page(request, profile.person(_contact(contact_id)))


@require_POST
@sensitive_post_parameters()
def opt_out(request: HttpRequest, contact_id: int) -> HttpResponse:
    """For one category, one channel or everything, on the person's behalf."""
    person = profile.person(_contact(contact_id))
    form = OptOutForm(person, request.POST)
    if not form.is_valid():
        return _page(request, person, opt_out=form)
    if person.contact.erased_at:
        return _refused(request, contact_id, _GONE)
    events = _opt_out(request, person, form)
    return _done(request, person.contact, f"Recorded an opt-out: {form.said}.", is_new=bool(events))


@require_POST
@sensitive_post_parameters()
def suppress(request: HttpRequest, contact_id: int) -> HttpResponse:
    """Nothing is sent to this address any more, not even a receipt, until the staff lift it."""
    person = profile.person(_contact(contact_id))
    form = SuppressForm(person, request.POST)
    if not form.is_valid():
        return _page(request, person, suppress=form)
    if person.contact.erased_at:
        return _refused(request, contact_id, _GONE)
    origin = as_staff(request, note=form.cleaned_data["note"])
    events = actions.suppress([form.cleaned_data["address"]], origin, reason=SuppressionReason.MANUAL)
    return _done(request, person.contact, "Suppressed an address.", is_new=bool(events))


@require_POST
@sensitive_post_parameters()
def lift(request: HttpRequest, contact_id: int, suppression_id: int) -> HttpResponse:
    """Ends a suppression where the rules let the staff do so; where they do not, it says why."""
    row = get_object_or_404(Suppression, id=suppression_id, address__contact=contact_id)
    form = NoteForm(request.POST)
    if not form.is_valid():
        return _refused(request, contact_id, "Add a note that says why the suppression is lifted. Nothing changed.")
    try:
        origin = as_staff(request, note=form.cleaned_data["note"])
        events = actions.lift([row.address_id], origin, reason=SuppressionReason(row.reason))
    except MayNotLift:
        return _refused(request, contact_id, profile.why_not(row.reason))
    said = f"Lifted a suppression: {row.get_reason_display()}."
    return _done(request, _contact(contact_id), said, is_new=bool(events))


@require_POST
@sensitive_post_parameters()
def join(request: HttpRequest, contact_id: int, address_id: int) -> HttpResponse:
    """Whether an address that a sender joined to the contact is theirs: where no mailbox can say so, the staff do."""
    address = get_object_or_404(Address, id=address_id, contact=contact_id)
    form, answer = NoteForm(request.POST), request.POST.get("answer", "")
    verb = {"agree": actions.agree, "part": actions.part}.get(answer)
    if not form.is_valid() or verb is None:
        return _refused(request, contact_id, "Say how you know whose address it is. Nothing changed.")
    events = verb([address.pk], as_staff(request, note=form.cleaned_data["note"]))
    said = "Confirmed that an address is theirs." if answer == "agree" else "Moved an address to a contact of its own."
    return _done(request, _contact(contact_id), said, is_new=bool(events))


@require_POST
def send_link(request: HttpRequest, contact_id: int, address_id: int) -> HttpResponse:
    """Mails the person the link to their preferences: what only they may take back, they can take back there."""
    address = get_object_or_404(Address, id=address_id, contact=contact_id)
    if not SuppressionBeside(address, []).takes_mail:
        return _refused(request, contact_id, "The link can only be sent to an email address that is still stored.")
    actions.send_link([address.pk], now=timezone.now())
    return _done(request, _contact(contact_id), "The preferences link will be emailed in a moment.")


def _opt_out(request: HttpRequest, person: Profile, form: OptOutForm) -> list[ConsentEvent]:
    what, _, which = form.cleaned_data["what"].partition(":")
    origin = as_staff(request, note=form.all_notes, wording=form.cleaned_data["wording"])
    if what == CHANNEL:
        ids = [one.address.pk for one in person.held if one.address.channel == which]
        return actions.suppress(ids, origin, reason=SuppressionReason.UNSUBSCRIBED_ALL)
    # A preference belongs to the contact, so that one address stands for each channel: the one known longest.
    ids = list({one.address.channel: one.address.pk for one in reversed(person.held)}.values())
    category_id = int(which) if what == CATEGORY else None
    return actions.opt_out([Target(id_, category_id) for id_ in ids], origin)


def as_staff(request: HttpRequest, *, note: str, wording: str = "") -> Origin:
    return Origin(Source.STAFF, timezone.now(), wording=wording, actor=staff_actor(request.user.pk), note=note)


def _done(request: HttpRequest, contact: Contact, said: str, *, is_new: bool = True) -> HttpResponse:
    if is_new:
        staff_pages.log(request, contact, said)
        messages.success(request, said)
    else:
        messages.info(request, SO_ALREADY)
    return redirect("admin:unsubscribe_contact_page", contact.pk)


def _refused(request: HttpRequest, contact_id: int, why: str) -> HttpResponse:
    messages.error(request, why)
    return redirect("admin:unsubscribe_contact_page", contact_id)


def _contact(contact_id: int) -> Contact:
    return get_object_or_404(Contact, id=contact_id)


def _page(request: HttpRequest, person: Profile, **typed: Any) -> HttpResponse:
    """One contact; a form that was filled in wrongly comes back as it was typed."""
    forms = {"opt_out": OptOutForm(person), "suppress": SuppressForm(person)} | typed
    may_act = request.user.has_perm(ACT) and not person.contact.erased_at and bool(person.held)
    return staff_pages.page(
        request,
        "admin/people/contact.html",
        title=f"Contact {person.contact.pk}",
        person=person,
        timeline=profile.timeline(person.contact, page=request.GET.get("page")),
        may_act=may_act,
        forms=forms if may_act else {},
        about_words=ABOUT_WORDS,
    )


def urls() -> list[URLPattern]:
    """Below the list of contacts."""
    one = "<int:contact_id>/"
    acts: list[tuple[str, View, str]] = [
        ("opt-out/", opt_out, "opt_out"),
        ("block/", suppress, "suppress"),
        ("lift/<int:suppression_id>/", lift, "lift"),
        ("join/<int:address_id>/", join, "join"),
        ("link/<int:address_id>/", send_link, "send_link"),
    ]
    return [
        path(one, staff_pages.for_staff(contact, SEE), name="unsubscribe_contact_page"),
        *(
            path(one + at, staff_pages.for_staff(view, SEE, ACT), name=f"unsubscribe_contact_{name}")
            for at, view, name in acts
        ),
    ]
