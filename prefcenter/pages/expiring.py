"""Opens the links that expire, for the pages behind them. It decides nothing of what happens there."""

from datetime import datetime
from typing import Protocol

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from prefcenter.web import languages
from unsubscribe import gate, links, queries
from unsubscribe.choices import Channel, Purpose
from unsubscribe.errors import ExpiredLink, InvalidLink
from unsubscribe.links import LinkPurpose, Target
from unsubscribe.mailing import Mailing
from unsubscribe.models import Address

from .unsubscribe import not_allowed, sent_form, unknown_link


class LinkView(Protocol):
    """What a link leads to; by then the reader's language is active."""

    def __call__(self, request: HttpRequest, target: Target, address: Address, *, now: datetime) -> HttpResponse: ...


def opened(
    request: HttpRequest, token: str, purpose: LinkPurpose, page: LinkView, *, expired: LinkView | None = None
) -> HttpResponse:
    """What `page` says of the target behind the token, or why there is none; of a link that is too old `expired`, which
    may show nothing and start nothing."""
    if request.method not in {"GET", "HEAD", "POST"}:
        return not_allowed(request)
    now = timezone.now()
    try:
        try:
            target = links.read(token, purpose=purpose, today=timezone.localdate(now))
        except ExpiredLink:
            if expired is None:
                return too_old(request)
            target, page = links.read_expired(token, purpose=purpose), expired
        address = queries.address(target)
    except InvalidLink:
        return unknown_link(request)
    languages.speak(request, contact=address.language)
    return page(request, target, address, now=now)


def too_old(request: HttpRequest, **context: bool) -> HttpResponse:
    return render(request, "prefcenter/link_expired.html", context)


def said(request: HttpRequest, field: str = "do") -> str:
    """What our own form says in this field; "" where there is none, whatever else was posted."""
    form = sent_form(request)
    return str(form.get(field, "")) if form else ""


def may_be_written_to(address: Address, *, now: datetime) -> bool:
    """Whether even what was asked for may reach the address: nothing reaches one that bounced or is blocked."""
    mailing = Mailing(None, channel=Channel(address.channel), purpose=Purpose.TRANSACTIONAL)
    return gate.check([address.value], mailing, now=now)[0].may_send
