"""The pages of allauth that the site has: none for passwords, and none for changing an address."""

from allauth.account import views as allauth_views
from django.urls import path
from django.views.generic import RedirectView

from .second_factor import views as mfa_views
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
    path("second-factor/", staff(mfa_views.overview), name="mfa_index"),
    path("second-factor/show/", in_english(mfa_views.Show.as_view()), name="mfa_authenticate"),
    path("second-factor/again/", staff(mfa_views.show_again), name="mfa_reauthenticate"),
    path("second-factor/skip/", staff(mfa_views.skip), name="mfa_skip"),
    path("second-factor/app/", freshly(mfa_views.SetUpApp.as_view()), name="mfa_activate_totp"),
    path("second-factor/app/remove/", freshly(mfa_views.RemoveApp.as_view()), name="mfa_deactivate_totp"),
    path("second-factor/passkey/", freshly(mfa_views.SetUpPasskey.as_view()), name="mfa_add_webauthn"),
    path("second-factor/passkey/<int:pk>/remove/", freshly(RemovePasskey.as_view()), name="mfa_remove_webauthn"),
    path("second-factor/codes/", freshly(mfa_views.ShowCodes.as_view()), name="mfa_view_recovery_codes"),
    path("second-factor/codes/new/", freshly(mfa_views.NewCodes.as_view()), name="mfa_generate_recovery_codes"),
]
