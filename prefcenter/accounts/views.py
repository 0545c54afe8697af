"""The two pages of signing in. They answer alike whether or not there is an account."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from allauth.account.views import ConfirmLoginCodeView, RequestLoginCodeView
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from prefcenter import languages
from unsubscribe import addresses

from . import proof
from .forms import AddressForm, CodeForm

View = Callable[..., HttpResponse]


class RequestCode(RequestLoginCodeView):
    form_class = AddressForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return context | {"ask_url": languages.keep(self.request, reverse("ask"))}

    def form_invalid(self, form: AddressForm) -> HttpResponse:
        response: HttpResponse = super().form_invalid(form)
        if form.has_error("email", "too_many_login_attempts"):
            response.status_code = 429
        return response


class ConfirmCode(ConfirmLoginCodeView):
    form_class = CodeForm
    _was_in_time = False

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Who is sent back to where they began is told why."""
        response: HttpResponse = super().dispatch(request, *args, **kwargs)
        if request.method == "POST" and not self._was_in_time and request.user.is_anonymous:
            messages.error(request, _("This code has expired. Please ask for a new one."))
        return response

    def post(self, *args: Any, **kwargs: Any) -> HttpResponse:
        self._was_in_time = True
        response: HttpResponse = super().post(*args, **kwargs)
        return response

    def form_valid(self, form: CodeForm) -> HttpResponse:
        """A code ends with its account, and when the account is given another address than the one it went to."""
        if not proof.is_name_of(self._process.user, self._process.state["email"]):
            self._process.abort()
            self._was_in_time = False
            return redirect("account_request_login_code")
        response: HttpResponse = super().form_valid(form)
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return context | {
            "masked": addresses.mask(context["email"]),
            "start_again_url": languages.keep(self.request, reverse("account_logout")),
        }


def in_one_language(view: View) -> View:
    """The page to which `view` leads speaks the language that was asked for on this one. The admin has its own."""

    @wraps(view)
    def kept(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        asked = languages.asked_for(request)
        if asked and isinstance(response, HttpResponseRedirect) and not response.url.startswith("/admin/"):
            parameter = urlencode({languages.PARAMETER: asked})
            response["Location"] += ("&" if "?" in response.url else "?") + parameter
        return response

    return kept
