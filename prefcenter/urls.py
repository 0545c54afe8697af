"""The URLs of the site, and the view of each."""

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path, re_path

from prefcenter.api.site import api
from prefcenter.contact_data import proof
from prefcenter.pages import behind_links as pages
from prefcenter.pages.previews import show as preview_page
from prefcenter.pages.request_link import ask, home
from prefcenter.pages.signed_in import mine, my_privacy
from prefcenter.web.branding import logo
from unsubscribe.links import LinkPurpose
from unsubscribe.links.token_text import BEFORE_KIND, BEHIND_KIND

_LINK = rf"^{BEFORE_KIND}"
_REST = rf"{BEHIND_KIND}(?:/(?P<token>[\s\S]*))?$"
#: The page "Your data" below a token, with anything glued on but letters and digits.
_DATA = rf"{BEHIND_KIND}/+(?P<token>[^/]*)/+[dD][aA][tT][aA](?![A-Za-z0-9])"

urlpatterns: list[URLPattern | URLResolver] = [
    # In either letter case, with slashes before it, with breaks in it and with anything behind the token, because mail
    # programs and gateways change links, and a one-click is never redirected (RFC 8058, section 3.1).
    re_path(rf"{_LINK}[uU]{_REST}", pages.unsubscribe_link, name="unsubscribe"),
    re_path(rf"{_LINK}[sS]{_REST}", pages.short_link, name="short"),
    re_path(rf"{_LINK}[pP]{_DATA}", pages.privacy_link, name="privacy"),
    re_path(rf"{_LINK}[pP]{_REST}", pages.preferences_link, name="preferences"),
    re_path(rf"{_LINK}[fF]{_DATA}", pages.privacy_link, {"purpose": LinkPurpose.FRESH}, name="fresh_privacy"),
    re_path(rf"{_LINK}[fF]{_REST}", pages.preferences_link, {"purpose": LinkPurpose.FRESH}, name="fresh_preferences"),
    re_path(rf"{_LINK}[iI]{_REST}", pages.opt_in_link, name="opt_in"),
    re_path(rf"{_LINK}[eE]{_REST}", pages.erase_link, name="erase"),
    re_path(rf"{_LINK}[jJ]{_REST}", pages.join_link, name="join"),
    path("", home, name="home"),
    path("logo", logo.show, name="logo"),
    path("proof-key.pem", proof.show_public_keys, name="proof_key"),
    path("preferences/", ask, name="ask"),
    path("preferences/mine/", mine, name="mine"),
    path("preferences/mine/data/", my_privacy, name="my_privacy"),
    path("accounts/", include("prefcenter.accounts.urls")),
    path("admin/previews/<int:category_id>/<str:kind>/page/", preview_page, name="preview_page"),
    path("api/v1/", api.urls),
    path("admin/", admin.site.urls),
]

if settings.DEMO:
    urlpatterns.append(path("demo/", include("prefcenter.demo.urls")))
