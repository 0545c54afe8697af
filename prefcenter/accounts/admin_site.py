"""Who can enter the admin: active staff who have shown a second factor in this session."""

from typing import Any

from allauth.account.utils import get_next_redirect_url
from django.apps import apps
from django.contrib.admin import AdminSite
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.urls import URLPattern, URLResolver, re_path, reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.generic import RedirectView

from . import second_factor


class StaffSite(AdminSite):
    """The admin site of django.contrib.admin (apps.StaffAdminConfig). Every page asks `has_permission`, and sends those
    it refuses to `login`."""

    def has_permission(self, request: HttpRequest) -> bool:
        """Whether active staff are signed in who have shown a second factor, or skipped it in the demo."""
        user = request.user
        return user.is_authenticated and super().has_permission(request) and second_factor.lets_in(request, user)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Redirects to what is missing (signing in, setting up or showing a second factor), with the page that was
        asked for in `next`; 403 for accounts that are not staff."""
        return never_cache(_lead)(request, self)

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> Any:
        """The lists under their own titles, with technical ones under "System" (prefcenter.admin.naming)."""
        found, technical = super().get_app_list(request, app_label), []
        for app in found:
            for one in app["models"]:
                owner: Any = self.get_model_admin(one["model"])
                one["name"] = owner.get_list_title()
                if owner.is_technical and app_label is None:
                    technical.append(one)
            app["models"] = sorted((one for one in app["models"] if one not in technical), key=_name)
        url = f"{reverse('admin:index')}#elsewhere"
        system = {"name": "System", "app_label": "system", "app_url": url, "has_module_perms": True}
        system |= {"models": sorted(technical, key=_name)}
        return [app for app in [*found, system] if app["models"]]

    def app_index(self, request: HttpRequest, app_label: str, extra_context: dict[str, Any] | None = None) -> Any:
        """Under the app's name alone: Django's heading of the app "Administration" says the word twice."""
        named = {"title": apps.get_app_config(app_label).verbose_name}
        return super().app_index(request, app_label, named | (extra_context or {}))

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """With Django's pages for changing a password redirected to the second factor, and with the lists that are
        right under /admin/ (prefcenter.admin.naming) before what Django puts under app and model."""
        factor = RedirectView.as_view(pattern_name="mfa_index")
        owners: Any = self._registry.values()
        short = [url for owner in owners for url in owner.get_short_urls()]
        return [re_path(r"^password_change/(?:done/)?$", factor), *short, *super().get_urls()]


def _name(listed: dict[str, Any]) -> str:
    return str(listed["name"])


def _lead(request: HttpRequest, site: StaffSite) -> HttpResponse:
    url = get_next_redirect_url(request) or reverse("admin:index")
    if site.has_permission(request):
        return HttpResponseRedirect(url)
    return HttpResponseRedirect(f"{_missing(request)}?{urlencode({REDIRECT_FIELD_NAME: url})}")


def _missing(request: HttpRequest) -> str:
    user = request.user
    if not user.is_authenticated:
        return resolve_url("account_request_login_code")
    if not user.is_staff:
        raise PermissionDenied
    return reverse("mfa_reauthenticate" if second_factor.has_one(user) else "mfa_index")
