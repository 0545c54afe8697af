"""The two pages of signing in, which answer alike whether or not there is an account (requirement P8)."""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from allauth.account.internal.flows.login_by_code import LoginCodeVerificationProcess
from allauth.account.views import ConfirmLoginCodeView, RequestLoginCodeView
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from prefcenter.models import User
from prefcenter.web import languages
from unsubscribe import addresses

from . import codes, outbox
from .forms import SignInAddressForm, SignInCodeForm

View = Callable[..., HttpResponse]


class RequestCode(RequestLoginCodeView):
    """Asks for an address; 429 where too many codes were asked for."""

    form_class = SignInAddressForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return context | {"ask_url": languages.keep(self.request, reverse("ask"))}

    def form_valid(self, form: SignInAddressForm) -> HttpResponse:
        """Makes a code for any address, and queues it; a worker sends it if there is an account."""
        now, email = timezone.now(), form.cleaned_data["email"]
        process = LoginCodeVerificationProcess.initiate(request=self.request, user=None, email=email)
        process.state["code_id"] = codes.make(now=now)
        outbox.queue(
            "account/email/login_code",
            email,
            {"code": process.generate_code()},
            asked_language=languages.asked_for(self.request),
            browser_language=translation.get_language_from_request(self.request),
            needs_account=True,
            ends_at=now + timedelta(seconds=settings.ACCOUNT_LOGIN_BY_CODE_TIMEOUT),
            now=now,
        )
        process.persist()
        return redirect(self.get_success_url())

    def form_invalid(self, form: SignInAddressForm) -> HttpResponse:
        response: HttpResponse = super().form_invalid(form)
        if form.has_error("email", "too_many_login_attempts"):
            response.status_code = 429
        return response


class ConfirmCode(ConfirmLoginCodeView):
    """Asks for the code, within ACCOUNT_LOGIN_BY_CODE_TIMEOUT and ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS."""

    form_class = SignInCodeForm
    _was_in_time = False

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Adds a message where a code has expired, and allauth redirects to the first page."""
        response: HttpResponse = super().dispatch(request, *args, **kwargs)
        if request.method == "POST" and not self._was_in_time and request.user.is_anonymous:
            messages.error(request, _("This code has expired. Please ask for a new one."))
        return response

    def post(self, *args: Any, **kwargs: Any) -> HttpResponse:
        self._was_in_time = True
        response: HttpResponse = super().post(*args, **kwargs)
        return response

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"code_id": self._process.state.get("code_id", 0)}

    @transaction.atomic
    def form_valid(self, form: SignInCodeForm) -> HttpResponse:
        """Signs in to the account that has the address now; back to the start if there is none, or the code was
        used."""
        state = self._process.state
        user = User.objects.filter(email=state["email"].lower()).first()
        if user is None or not codes.use(state.get("code_id", 0), now=timezone.now()):
            self._process.abort()
            self._was_in_time = False
            return redirect("account_request_login_code")
        state["user_id"] = str(user.pk)
        response: HttpResponse = super().form_valid(form)
        return response

    def form_invalid(self, form: SignInCodeForm) -> HttpResponse:
        if form.has_error("code", "too_many_login_attempts"):
            self._process.state["failed_attempts"] = self._process.max_attempts
        response: HttpResponse = super().form_invalid(form)
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return context | {
            "masked": addresses.mask(context["email"]),
            "start_again_url": languages.keep(self.request, reverse("account_logout")),
        }


def in_one_language(view: View) -> View:
    """Decorates a view so that its redirects keep the language that was asked for in the URL, except into the admin."""

    @wraps(view)
    def kept(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        asked = languages.asked_for(request)
        if asked and isinstance(response, HttpResponseRedirect) and not response.url.startswith("/admin/"):
            parameter = urlencode({languages.PARAMETER: asked})
            response["Location"] += ("&" if "?" in response.url else "?") + parameter
        return response

    return kept
