"""Where somebody without a link asks for one by mail: it never says, nor lets anybody measure, who is known here. And
for whoever has a link, a fresh one."""

from datetime import datetime

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from prefcenter.pages import link_requests
from prefcenter.web import languages
from unsubscribe import actions, views
from unsubscribe.addresses import Normalised, normalise
from unsubscribe.errors import InvalidAddress

from . import networks, results
from .visits import Visit

NO_ADDRESS = gettext_lazy("Enter a valid email address, like name@example.com.")


class AddressForm(forms.Form):
    """A CharField, because Django's EmailField refuses addresses that the site can write to."""

    email = forms.CharField(
        max_length=320,
        label=gettext_lazy("Email address"),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={"required": gettext_lazy("Enter your email address."), "max_length": NO_ADDRESS},
    )

    def clean_email(self) -> Normalised:
        try:
            return normalise(self.cleaned_data["email"])
        except InvalidAddress:
            raise forms.ValidationError(NO_ADDRESS) from None


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    return redirect(languages.keep(request, reverse("ask")))


# Nothing here rests on a cookie, so no other site could borrow one; and it has to work without.
@csrf_exempt
def ask(request: HttpRequest) -> HttpResponse:
    if request.method not in {"GET", "HEAD", "POST"}:
        return views.private(results.not_allowed(request))
    if request.method == "POST":
        return views.private(_take(request, AddressForm(request.POST), now=timezone.now()))
    if request.user.is_authenticated:
        return views.private(redirect(languages.keep(request, reverse("mine"))))
    return views.private(_page(request, AddressForm()))


def _take(request: HttpRequest, form: AddressForm, *, now: datetime) -> HttpResponse:
    if not form.is_valid():
        return _page(request, form, status=400)
    try:
        link_requests.take(form.cleaned_data["email"], network=networks.of(request), now=now)
    except link_requests.TooManyRequests as error:
        response = views.sentence(_("Too many link requests. Please wait a while and try again."), status=429)
        response["Retry-After"] = str(error.seconds)
        return response
    return render(request, "prefcenter/asked.html")


def _page(request: HttpRequest, form: AddressForm, *, status: int = 200) -> HttpResponse:
    sign_in_url = languages.keep(request, reverse("account_request_login_code"))
    return render(request, "prefcenter/ask.html", {"form": form, "sign_in_url": sign_in_url}, status=status)


def mail_fresh_link(visit: Visit) -> HttpResponse:
    """To whoever has a link that may not show or start what they want."""
    visit.remember_language()
    actions.send_link([visit.address.pk], now=visit.now)
    return results.link_sent(visit)
