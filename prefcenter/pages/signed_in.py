"""The preference center of whoever is signed in: that of their account's verified address, and of no other."""

from collections.abc import Callable

from allauth.account.models import EmailAddress
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_http_methods

from prefcenter.web import languages
from unsubscribe import actions, views
from unsubscribe.addresses import Normalised, normalise
from unsubscribe.errors import InvalidAddress
from unsubscribe.links import Target
from unsubscribe.models import Address

from . import preference_center, privacy
from .visits import Visit, sent_form

Page = Callable[[Visit], HttpResponse]


def _signed_in(page: Page) -> Callable[[HttpRequest], HttpResponse]:
    """`page` for the address of the account; here the form is checked, because here a cookie says who it is."""

    @csrf_protect
    @login_required
    @require_http_methods(["GET", "HEAD", "POST"])
    def view(request: HttpRequest) -> HttpResponse:
        return views.private(_answer(request, page), referrer="same-origin")

    return view


def _answer(request: HttpRequest, page: Page) -> HttpResponse:
    now = timezone.now()
    mailbox = _verified(request)
    context = {
        "is_signed_in": True,
        "csrf_input": format_html('<input type="hidden" name="csrfmiddlewaretoken" value="{}">', get_token(request)),
        "preferences_url": languages.keep(request, reverse("mine")),
        "privacy_url": languages.keep(request, reverse("my_privacy")),
    }
    rows = Address.objects.select_related("contact")
    if mailbox and (address := rows.filter(digest=mailbox.digest, channel=mailbox.channel).first()):
        languages.speak(request, contact=address.language)
        form = sent_form(request) if request.method == "POST" else None
        context["masked"] = str(address)
        return page(Visit(request, form, address, Target(address.pk), now, context, is_proved=True))
    if mailbox and request.method == "POST":
        # Nothing is ticked for whoever has not chosen yet.
        actions.learn([mailbox], now=now, only_chosen=True)
        return redirect("mine")
    return render(request, "prefcenter/not_written_to.html", context | {"is_verified": bool(mailbox)})


def _verified(request: HttpRequest) -> Normalised | None:
    """The address that is the account's name, once its mailbox has been proved; never another one of theirs."""
    email = request.user.email  # type: ignore[union-attr]  # nobody comes here anonymously
    if not EmailAddress.objects.filter(user_id=request.user.pk, verified=True, email__iexact=email).exists():
        return None
    try:
        return normalise(email)
    except InvalidAddress:
        return None


mine = _signed_in(preference_center.answer)
my_privacy = _signed_in(privacy.answer)
