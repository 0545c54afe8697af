"""Which address leads to which door."""

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path, re_path

from prefcenter.api.site import api
from prefcenter.brand import logo
from prefcenter.pages.asking import ask, home
from prefcenter.pages.mine import mine, my_privacy
from prefcenter.pages.preferences import preferences
from prefcenter.pages.previews import show as preview_page
from prefcenter.pages.privacy import privacy
from prefcenter.pages.questions import erase_everything, opt_in
from prefcenter.pages.unsubscribe import unsubscribe
from prefcenter.proof import published
from unsubscribe.links import Purpose

urlpatterns: list[URLPattern | URLResolver] = [
    # With and without a closing slash, and for any token: a one-click is never redirected (RFC 8058, section 3.1).
    re_path(r"^u(?:/(?P<token>[^/]*))?/?$", unsubscribe, name="unsubscribe"),
    re_path(r"^p(?:/(?P<token>[^/]*))?/?$", preferences, name="preferences"),
    re_path(r"^p/(?P<token>[^/]*)/data/?$", privacy, name="privacy"),
    re_path(r"^f(?:/(?P<token>[^/]*))?/?$", preferences, {"purpose": Purpose.FRESH}, name="fresh_preferences"),
    re_path(r"^f/(?P<token>[^/]*)/data/?$", privacy, {"purpose": Purpose.FRESH}, name="fresh_privacy"),
    re_path(r"^i(?:/(?P<token>[^/]*))?/?$", opt_in, name="opt_in"),
    re_path(r"^e(?:/(?P<token>[^/]*))?/?$", erase_everything, name="erase"),
    path("", home, name="home"),
    path("logo", logo.show, name="logo"),
    path("proof-key.pem", published.show, name="proof_key"),
    path("preferences/", ask, name="ask"),
    path("preferences/mine/", mine, name="mine"),
    path("preferences/mine/data/", my_privacy, name="my_privacy"),
    path("accounts/", include("prefcenter.accounts.urls")),
    path("admin/people/", include("prefcenter.admin.people_desk")),
    path("admin/people/", include("prefcenter.admin.proof")),
    path("admin/previews/<int:category_id>/<str:kind>/page/", preview_page, name="preview_page"),
    path("admin/previews/", include("prefcenter.admin.previews")),
    path("api/v1/", api.urls),
    path("admin/opt-outs/", include("prefcenter.admin.opt_outs")),
    path("admin/imports/", include("prefcenter.admin.imports")),
    path("admin/", admin.site.urls),
]

if settings.DEMO:
    urlpatterns.append(path("demo/", include("prefcenter.demo.urls")))
