"""Which address leads to which door."""

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.views.generic import TemplateView

from prefcenter.pages.preferences import preferences
from prefcenter.pages.unsubscribe import unsubscribe

urlpatterns: list[URLPattern | URLResolver] = [
    # With and without a closing slash, and for any token: a one-click is never redirected (RFC 8058, section 3.1).
    re_path(r"^u(?:/(?P<token>[^/]*))?/?$", unsubscribe, name="unsubscribe"),
    re_path(r"^p(?:/(?P<token>[^/]*))?/?$", preferences, name="preferences"),
    path("", TemplateView.as_view(template_name="prefcenter/home.html"), name="home"),
    path("accounts/", include("allauth.account.urls")),
    path("admin/", admin.site.urls),
]

if settings.DEMO:
    urlpatterns.append(path("demo/", include("prefcenter.demo.urls")))
