"""The questions that only a mailbox can answer: is this wanted, and is everything to go? A look answers neither."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from prefcenter.contact_data.erase import erase_whose
from prefcenter.web import languages
from unsubscribe import actions, addresses, gate, links, queries, views
from unsubscribe.actions import Origin
from unsubscribe.choices import Channel, Outcome, Purpose, Source
from unsubscribe.errors import MayNotLift
from unsubscribe.links import LinkPurpose, Target
from unsubscribe.mailing import Mailing
from unsubscribe.models import Address, Category

from . import joins, results
from .expiring import may_be_written_to, opened, said, too_old
from .unsubscribe import sent_form


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


@views.behind_link
def opt_in(request: HttpRequest, token: str = "") -> HttpResponse:
    return opened(request, token, LinkPurpose.OPT_IN, _opt_in, expired=_undo_opt_in)


@views.behind_link
def join(request: HttpRequest, token: str = "") -> HttpResponse:
    return opened(request, token, LinkPurpose.JOIN, _join, expired=_keep_apart)


@views.behind_link
def erase_everything(request: HttpRequest, token: str = "") -> HttpResponse:
    return opened(request, token, LinkPurpose.ERASE, _erase)


def _opt_in(request: HttpRequest, target: Target, address: Address, *, now: datetime) -> HttpResponse:
    # Only the mailbox has this link, so it leads on to where everything can be chosen.
    own = links.purpose_url(Target(address.pk), LinkPurpose.FRESH, today=timezone.localdate(now))
    context = {
        "masked": _masked(address),
        "contact_language": address.language,
        "is_pending": address.is_pending,
        "preferences_url": languages.keep(request, own),
    }
    if answer := results.after(request, sent_form(request) or QueryDict(), now=now, context=context):
        return answer
    category = Category.objects.filter(id=target.category_id or 0, purpose=Purpose.MARKETING).first()
    if category is None or not category.is_offered:
        return results.page(request, _("This is no longer available."), {}, notices=[_("Nothing was changed.")])
    if not may_be_written_to(address, now=now):
        return results.page(request, _("We can't send anything to this address."), {}, notices=[_why_not(address)])
    question = _whether_wanted(category)
    if not _is_answered(request, question):
        return _ask(request, question, address)
    try:
        events = actions.opt_in([target], Origin(Source.PAGE, now, wording=question.wording))
    except MayNotLift:
        return results.page(request, _("Nothing was changed."), context, notices=[joins.stays_off()])
    return results.done(request, events, context, notices=_pause(address, category, now=now) if events else [])


def _undo_opt_in(request: HttpRequest, target: Target, address: Address, *, now: datetime) -> HttpResponse:
    """What was answered just before the link expired can still be undone, within the hour, and explained."""
    context = {"contact_language": address.language, "is_pending": address.is_pending}
    form = sent_form(request) or QueryDict()
    return results.after(request, form, now=now, context=context) or too_old(request)


def _join(request: HttpRequest, target: Target, address: Address, *, now: datetime) -> HttpResponse:
    own = links.purpose_url(Target(address.pk), LinkPurpose.FRESH, today=timezone.localdate(now))
    found = joins.find(address, queries.with_joined(address))
    context = {"joins": found, "masked": _masked(address), "preferences_url": languages.keep(request, own)}
    if answer := joins.after(request, sent_form(request) or QueryDict(), context, now=now):
        return answer
    if not found.are_any:
        return results.page(request, joins.answered(), context)
    return render(request, "prefcenter/join.html", context, status=400 if request.method == "POST" else 200)


def _keep_apart(request: HttpRequest, target: Target, address: Address, *, now: datetime) -> HttpResponse:
    """That is a no, so that no link is too old for it (law 6), nor a page that was opened before."""
    found = joins.find(address, queries.with_joined(address))
    if answer := joins.after_expiry(request, sent_form(request) or QueryDict(), {"joins": found}, now=now):
        return answer
    return too_old(request, may_keep_apart=found.are_any)


def _erase(request: HttpRequest, target: Target, address: Address, *, now: datetime) -> HttpResponse:
    nobody = results.nobody_writes()
    if address.contact.erased_at:
        return results.page(request, _("Your data has already been deleted."), {}, notices=[nobody])
    question = _whether_to_erase()
    if not _is_answered(request, question):
        return _ask(request, question, address)
    erase_whose(address, Origin(Source.PAGE, now))
    return results.page(request, _("Your data has been deleted."), {}, is_done=True, notices=[nobody])


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
            _("Your addresses, your messages to us and your account here will be deleted. We won't contact you again."),
            _(
                "We keep only a fingerprint of each address, so that we never contact it again, "
                "and records that don't name anyone."
            ),
            _("This can't be undone."),
        ],
        _("Delete my data"),
    )


def _is_answered(request: HttpRequest, question: MailboxQuestion) -> bool:
    """Whether this very question was answered. A text that was changed since it was read is asked again."""
    return said(request) == question.do and said(request, "wording") in {"", question.wording}


def _ask(request: HttpRequest, question: MailboxQuestion, address: Address) -> HttpResponse:
    context = {"question": question, "masked": _masked(address)}
    return render(request, "prefcenter/question.html", context, status=400 if request.method == "POST" else 200)


def _why_not(address: Address) -> str:
    if address.contact.erased_at:
        return _("This address was deleted, and we won't contact it again.")
    return _("Our email to this address bounced, or the address was blocked.")


def _pause(address: Address, category: Category, *, now: datetime) -> list[str]:
    """That a pause of everything still holds: a yes to one category does not end it."""
    channel = Channel(address.channel)
    [verdict] = gate.check([address.value], Mailing(category, channel=channel), now=now)
    if verdict.outcome != Outcome.PAUSED or verdict.until is None:
        return []
    return [_("Everything is paused until %(day)s.") % {"day": date_format(verdict.until)}]


def _masked(address: Address) -> str:
    return addresses.mask(address.value, channel=address.channel)
