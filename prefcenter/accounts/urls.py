"""The pages of allauth that exist here, each by name: nothing about passwords, and no address is changed by hand."""

from allauth.account import views as allauth_views
from django.urls import path
from django.views.generic import RedirectView

from .second_factor import views as factors
from .second_factor.views import RemovePasskey, freshly, in_english, staff
from .views import ConfirmCode, RequestCode, in_one_language

_to_the_code = RedirectView.as_view(pattern_name="account_request_login_code", query_string=True)

# allauth looks for these names itself.
urlpatterns = [
    path("login/", _to_the_code, name="account_login"),
    path("login/code/", in_one_language(RequestCode.as_view()), name="account_request_login_code"),
    path("login/code/confirm/", in_one_language(ConfirmCode.as_view()), name="account_confirm_login_code"),
    path("logout/", in_one_language(allauth_views.logout), name="account_logout"),
    path("signup/", allauth_views.signup, name="account_signup"),
    path("inactive/", allauth_views.account_inactive, name="account_inactive"),
    # Of a second factor, for staff.
    path("second-factor/", staff(factors.overview), name="mfa_index"),
    path("second-factor/show/", in_english(factors.Show.as_view()), name="mfa_authenticate"),
    path("second-factor/again/", staff(factors.show_again), name="mfa_reauthenticate"),
    path("second-factor/skip/", staff(factors.skip), name="mfa_skip"),
    path("second-factor/app/", freshly(factors.SetUpApp.as_view()), name="mfa_activate_totp"),
    path("second-factor/app/remove/", freshly(factors.RemoveApp.as_view()), name="mfa_deactivate_totp"),
    path("second-factor/passkey/", freshly(factors.SetUpPasskey.as_view()), name="mfa_add_webauthn"),
    path("second-factor/passkey/<int:pk>/remove/", freshly(RemovePasskey.as_view()), name="mfa_remove_webauthn"),
    path("second-factor/codes/", freshly(factors.ShowCodes.as_view()), name="mfa_view_recovery_codes"),
    path("second-factor/codes/new/", freshly(factors.NewCodes.as_view()), name="mfa_generate_recovery_codes"),
]
