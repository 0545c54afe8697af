"""The pages behind links: reads the link, finds whose it is, and hands the visit to one page, which answers it.

The whole way: link (here) → who is it (visits) → what was asked (the page's `answer`) → verb (unsubscribe.actions) →
what is said (results).
"""

import functools
from collections.abc import Callable
from datetime import date

from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _

from prefcenter.web import languages
from unsubscribe import addresses, links, queries, views
from unsubscribe.errors import InvalidLink
from unsubscribe.links import LinkPurpose, Target

from . import expired, joins, link_visits, networks, preference_center, privacy, questions, results, unsubscribe
from .visits import Visit, sent_form

#: They stand in newsletters, which people forward; every other link goes to the mailbox alone.
_FORWARDED = {LinkPurpose.UNSUBSCRIBE, LinkPurpose.PREFERENCES}


def _behind_link(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """What all of them share: views.behind_link, the methods, and one answer to every token that is none of ours."""

    @views.behind_link
    @functools.wraps(view)
    def checked(request: HttpRequest, token: str = "", **purpose: LinkPurpose) -> HttpResponse:
        if request.method not in {"GET", "HEAD", "POST"}:
            return results.not_allowed(request)
        try:
            return view(request, token, **purpose)
        except InvalidLink:
            return results.unknown_link(request)

    return checked


@_behind_link
def unsubscribe_link(request: HttpRequest, token: str) -> HttpResponse:
    """A POST that is not our form is a one-click, whatever it says: mail programs send many bodies, or none."""
    if request.method == "POST" and sent_form(request) is None:
        return views.opt_out(token)
    visit = _visit(request, token, LinkPurpose.UNSUBSCRIBE)
    return _counted(visit, unsubscribe.answer(visit))


@_behind_link
def short_link(request: HttpRequest, token: str) -> HttpResponse:
    """The unsubscribe page behind the link in a text message. No mail program has it, so that a POST without our form
    is no one-click: it gets the page, and changes nothing."""
    try:
        visit = _visit_of(request, *queries.short_link(token), LinkPurpose.UNSUBSCRIBE)
    except InvalidLink:
        return _refused(request)
    return _counted(visit, unsubscribe.answer(visit))


@_behind_link
def preferences_link(
    request: HttpRequest, token: str, *, purpose: LinkPurpose = LinkPurpose.PREFERENCES
) -> HttpResponse:
    visit = _visit(request, token, purpose)
    return _counted(visit, expired.answer(visit) if visit.is_expired else preference_center.answer(visit))


@_behind_link
def privacy_link(request: HttpRequest, token: str, *, purpose: LinkPurpose = LinkPurpose.PREFERENCES) -> HttpResponse:
    return privacy.answer(_visit(request, token, purpose))


@_behind_link
def opt_in_link(request: HttpRequest, token: str) -> HttpResponse:
    return questions.opt_in(_visit(request, token, LinkPurpose.OPT_IN))


@_behind_link
def erase_link(request: HttpRequest, token: str) -> HttpResponse:
    return questions.erase(_visit(request, token, LinkPurpose.ERASE))


@_behind_link
def join_link(request: HttpRequest, token: str) -> HttpResponse:
    return joins.page(_visit(request, token, LinkPurpose.JOIN))


def _visit(request: HttpRequest, token: str, purpose: LinkPurpose) -> Visit:
    return _visit_of(request, *links.verified(token, purpose=purpose), purpose)


def _visit_of(request: HttpRequest, target: Target, issued_on: date, purpose: LinkPurpose) -> Visit:
    """Who it is, by what the link names, in their language. Raises InvalidLink for an address that does not exist."""
    now = timezone.now()
    today = timezone.localdate(now)
    address = queries.address(target)
    languages.speak(request, contact=address.language)
    is_expired = links.has_expired(purpose, issued_on, today=today)
    urls = {} if is_expired else _urls(target, purpose, issued_on, today=today)
    masked = {} if is_expired else {"masked": addresses.mask(address.value, channel=address.channel)}
    return Visit(
        request,
        (sent_form(request) or QueryDict()) if request.method == "POST" else None,
        address,
        target,
        now,
        masked | {name: languages.keep(request, url) for name, url in urls.items()},
        is_proved=purpose not in _FORWARDED,
        is_expired=is_expired,
    )


def _urls(target: Target, purpose: LinkPurpose, issued_on: date, *, today: date) -> dict[str, str]:
    """Where the pages behind this link lead on to."""
    if purpose == LinkPurpose.UNSUBSCRIBE:  # preferences of the same age: an old mail shows nobody's profile
        return {"preferences_url": links.preferences_url(target, today=issued_on)}
    if purpose in {LinkPurpose.PREFERENCES, LinkPurpose.FRESH}:
        own = links.purpose_url(target, purpose, today=issued_on)
        return {"preferences_url": own, "privacy_url": f"{own}/data"}
    # Only the mailbox has this link, so it leads on to where everything can be chosen.
    return {"preferences_url": links.purpose_url(Target(target.address_id), LinkPurpose.FRESH, today=today)}


def _counted(visit: Visit, answer: HttpResponse) -> HttpResponse:
    link_visits.count(visit.request, visit.target)
    return answer


def _refused(request: HttpRequest) -> HttpResponse:
    """The same for every short link that is none of ours, until a network has tried too many."""
    if seconds := networks.count_failure(networks.of(request)):
        response = views.sentence(_("Too many invalid links. Please wait a while and try again."), status=429)
        response["Retry-After"] = str(seconds)
        return response
    return results.unknown_link(request)
