"""The questions that only a mailbox can answer: is this wanted, and is everything to go? A look answers neither."""

from collections.abc import Sequence
from typing import NamedTuple

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from prefcenter.contact_data.erase import erase_whose
from unsubscribe import actions
from unsubscribe.choices import PreferenceState, Purpose
from unsubscribe.errors import MayNotLift
from unsubscribe.models import Address, Category
from unsubscribe.queries import PreferenceSheet

from . import feedback, results, undo
from .visits import Visit

_VIEWS = {"undo": undo.undo, "feedback": feedback.take}


class MailboxQuestion(NamedTuple):
    """All that is read before the answer, and the button: what a yes is a yes to."""

    do: str
    heading: str
    texts: Sequence[str]
    button: str

    @property
    def wording(self) -> str:
        """As the ledger keeps it, on one line."""
        return " ".join(" ".join([self.heading, *self.texts, self.button]).split())


def opt_in(visit: Visit) -> HttpResponse:
    """Whether a category is wanted. What was answered just before the link expired can still be undone, and
    explained."""
    if view := _VIEWS.get(visit.do):
        return view(visit)
    if visit.is_expired:
        return results.too_old(visit)
    category = Category.objects.filter(id=visit.target.category_id or 0, purpose=Purpose.MARKETING).first()
    if category is None or not category.is_offered:
        return results.last_page(visit, _("This is no longer available."), _("Nothing was changed."))
    if not visit.may_be_written_to():
        return results.last_page(visit, _("We can’t send anything to this address."), _why_not(visit.address))
    question, sheet = _whether_wanted(category), visit.sheet()
    if _is_answered(visit, question):
        return _subscribe(visit, question, sheet)
    return _already_subscribed(visit, sheet) or _ask(visit, question)


def _subscribe(visit: Visit, question: MailboxQuestion, sheet: PreferenceSheet) -> HttpResponse:
    """A yes said again is stored as well: no import takes it back with a no from before it (law 12)."""
    try:
        events = actions.opt_in([visit.target], visit.origin(question.wording))
    except MayNotLift:
        return results.page(visit, _("Nothing was changed."), notices=[results.stays_off()])
    if events:
        return results.done(visit, events, notices=results.everything_paused(sheet))
    return _already_subscribed(visit, sheet) or results.done(visit, events)


def erase(visit: Visit) -> HttpResponse:
    """Whether all of the contact's data is to be deleted."""
    if visit.is_expired:
        return results.too_old(visit)
    if visit.address.contact.erased_at:
        return results.last_page(visit, _("Your data has already been deleted."), results.nobody_writes())
    question = _whether_to_erase()
    if not _is_answered(visit, question):
        return _ask(visit, question)
    erase_whose(visit.address, visit.origin())
    return results.erased(visit, is_done=True)


def _whether_wanted(category: Category) -> MailboxQuestion:
    return MailboxQuestion(
        "opt_in",
        _("Would you like to get “%(category)s”?") % {"category": category.local_name},
        [*filter(None, [category.local_description]), _("You can unsubscribe at any time with one tap.")],
        _("Yes, subscribe me"),
    )


def _whether_to_erase() -> MailboxQuestion:
    return MailboxQuestion(
        "erase",
        _("Delete all your data?"),
        [
            _("Your addresses, your messages to us and your account here will be deleted. We won’t contact you again."),
            _(
                "We keep only a fingerprint of each address, so that we never contact it again, "
                "and records that don’t name anyone."
            ),
            _("This can’t be undone."),
        ],
        _("Delete my data"),
    )


def _is_answered(visit: Visit, question: MailboxQuestion) -> bool:
    """Whether this very question was answered. A text that was changed since it was read is asked again."""
    return visit.do == question.do and visit.says("wording") in {"", question.wording}


def _ask(visit: Visit, question: MailboxQuestion) -> HttpResponse:
    context = {"question": question, "masked": visit.context["masked"]}
    return render(visit.request, "prefcenter/question.html", context, status=200 if visit.form is None else 400)


def _already_subscribed(visit: Visit, sheet: PreferenceSheet) -> HttpResponse | None:
    """The answer to a link that is used again while the yes to it holds; None where none holds."""
    own = sheet.choice_of(visit.target)
    if own is None or not own.is_subscribed or own.state != PreferenceState.SUBSCRIBED:
        return None
    title = _("You’re already subscribed to “%(category)s”.") % {"category": own.category.local_name}
    notices = results.everything_paused(sheet)
    if own.paused_until:
        notices.append(_("Paused until %(day)s.") % {"day": date_format(own.paused_until)})
    return results.page(visit, title, notices=notices or [_("There’s nothing else you need to do.")])


def _why_not(address: Address) -> str:
    if address.contact.erased_at:
        return _("This address was deleted, and we won’t contact it again.")
    return _("Our email to this address bounced, or the address was blocked.")
