"""The pages on which staff set up, show and remove a second factor, in English."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.utils import get_next_redirect_url, passthrough_next_redirect_url
from allauth.mfa.base.views import AuthenticateView
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.views import GenerateRecoveryCodesView, ViewRecoveryCodesView
from allauth.mfa.totp.views import ActivateTOTPView, DeactivateTOTPView
from allauth.mfa.webauthn.internal.auth import begin_authentication
from allauth.mfa.webauthn.views import AddWebAuthnView, RemoveWebAuthnView
from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.decorators import login_required
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.response import SimpleTemplateResponse
from django.urls import reverse
from django.utils import translation
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from prefcenter.models import User

from .. import second_factor
from .forms import TOO_OFTEN, AppForm, CodeForm, NewPasskeyForm, PasskeyForm

Type = Authenticator.Type
_FROM_HERE = ("add_webauthn", "activate_totp", "generate_recovery_codes")
View = Callable[..., HttpResponse]


def in_english(view: View) -> View:
    """Decorates a view whose page is rendered in English, whatever the reader's language."""

    @wraps(view)
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        with translation.override("en"):
            response = view(request, *args, **kwargs)
            if isinstance(response, SimpleTemplateResponse):
                response.render()
        response.headers["Content-Language"] = "en"
        return response

    return page


def staff(view: View) -> View:
    """Decorates a page for signed-in staff, and for accounts that still have a factor; 404 for others."""

    @never_cache
    @login_required
    @in_english
    @wraps(view)
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_staff and not second_factor.has_one(_user(request)):
            raise Http404
        return view(request, *args, **kwargs)

    return page


def freshly(view: View) -> View:
    """As `staff`, if they signed in or showed their factor within FRESH; others are asked to do so first."""

    @wraps(view)
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if second_factor.is_fresh(request, _user(request)):
            return view(request, *args, **kwargs)
        here = urlencode({REDIRECT_FIELD_NAME: request.get_full_path()})
        if second_factor.has_one(_user(request)):
            return redirect(f"{reverse('mfa_reauthenticate')}?{here}")
        sign_in = f"{reverse('account_request_login_code')}?{here}"
        return render(request, "mfa/sign_in_again.html", {"sign_in_url": sign_in})

    return staff(page)


def overview(request: HttpRequest) -> HttpResponse:
    """The account's factors, or what it can set up."""
    user = _user(request)
    factors = {type_: list(_of(user, type_)) for type_ in Type}
    codes = factors[Type.RECOVERY_CODES]
    context = {
        "apps": factors[Type.TOTP],
        "passkeys": factors[Type.WEBAUTHN],
        "codes_left": len(codes[0].wrap().get_unused_codes()) if codes else 0,
        "is_demo": settings.DEMO,
        "next": _next(request),
        # Each page, with the page that was asked for first in `next`.
        "urls": {name: _on(request, reverse(f"mfa_{name}")) for name in _FROM_HERE},
    }
    return render(request, "mfa/overview.html", context)


def show_again(request: HttpRequest) -> HttpResponse:
    """Asks for the factor within a session: one that is older than the factor, or before a factor is changed."""
    user = _user(request)
    if not second_factor.has_one(user):
        return redirect(passthrough_next_redirect_url(request, reverse("mfa_index"), REDIRECT_FIELD_NAME))
    data = request.POST if request.method == "POST" else None
    is_code = data is not None and "code" in data
    code = CodeForm(user=user, data=data if is_code else None)
    passkey = PasskeyForm(user=user, data=None if is_code else data)
    for form in (code, passkey):
        if form.is_valid():
            form.save()
            return redirect(_next(request))
    context = {"form": code, "webauthn_form": passkey, "is_again": True} | _what_can_be_shown(user)
    context["js_data"] = {"request_options": begin_authentication(user)}
    return render(request, "mfa/show.html", context, status=max(_status(code), _status(passkey)))


@require_POST
def skip(request: HttpRequest) -> HttpResponse:
    """Skips the second factor for this session; 404 outside the demo."""
    if not settings.DEMO:
        raise Http404
    request.session[second_factor.SKIPPED] = True
    return redirect(_next(request))


class Show(AuthenticateView):
    """Asks for the factor between the code from the email and being signed in."""

    form_class = CodeForm
    webauthn_form_class = PasskeyForm
    template_name = "mfa/show.html"

    def form_invalid(self, form: Form) -> HttpResponse:
        response: HttpResponse = super().form_invalid(form)
        response.status_code = _status(form)
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | _what_can_be_shown(self.stage.login.user)


class SetUpApp(ActivateTOTPView):
    """Sets up an authenticator app, which counts as shown from then on."""

    form_class = AppForm
    template_name = "mfa/app.html"

    def get_success_url(self) -> str:
        return _on(self.request, super().get_success_url())

    def form_valid(self, form: Form) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)
        second_factor.mark_shown(self.request, _user(self.request), Type.TOTP)
        return response


class SetUpPasskey(AddWebAuthnView):
    """Sets up a passkey, which counts as shown from then on."""

    form_class = NewPasskeyForm
    template_name = "mfa/passkey.html"

    def get_success_url(self) -> str:
        return _on(self.request, super().get_success_url())

    def form_valid(self, form: Form) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)
        second_factor.mark_shown(self.request, _user(self.request), Type.WEBAUTHN)
        return response


class ShowCodes(ViewRecoveryCodesView):
    """Shows new recovery codes, once."""

    template_name = "mfa/codes.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"next": _next(self.request)}


class NewCodes(GenerateRecoveryCodesView):
    """Replaces the recovery codes."""

    template_name = "mfa/new_codes.html"

    def form_valid(self, form: Form) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)
        # Otherwise a session that had shown one of the old codes would lose access.
        second_factor.mark_shown(self.request, _user(self.request), Type.RECOVERY_CODES)
        return response


class RemoveApp(DeactivateTOTPView):
    """Removes the authenticator app."""

    template_name = "mfa/remove.html"
    extra_context = {"what": "the authenticator app"}


class RemovePasskey(RemoveWebAuthnView):
    """Removes one passkey."""

    template_name = "mfa/remove.html"

    def get_success_url(self) -> str:
        return reverse("mfa_index")


def _user(request: HttpRequest) -> User:
    user = request.user
    assert user.is_authenticated  # noqa: S101  (`staff` has seen to it)
    return user


def _of(user: User, type_: str) -> Any:
    return Authenticator.objects.filter(user=user, type=type_).order_by("id")


def _next(request: HttpRequest) -> str:
    """The page in `next`, if it is on this site; else the admin."""
    return get_next_redirect_url(request) or reverse("admin:index")


def _on(request: HttpRequest, url: str) -> str:
    """`url` with the request's `next`."""
    return str(passthrough_next_redirect_url(request, url, REDIRECT_FIELD_NAME))


def _what_can_be_shown(user: User) -> dict[str, bool]:
    return {"has_passkey": second_factor.has(user, Type.WEBAUTHN), "has_app": second_factor.has(user, Type.TOTP)}


def _status(form: Form) -> int:
    return 429 if any(form.has_error(name, TOO_OFTEN) for name in form.fields) else 200
