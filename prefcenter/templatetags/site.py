"""What stands around every page: who sends, in which colours, and the switch to other languages."""

from django import template
from django.conf import settings
from django.http import HttpRequest
from django.utils.html import format_html

from prefcenter.web import languages
from prefcenter.web.branding import colours, logo
from unsubscribe import conf

register = template.Library()


@register.simple_tag
def sender_name() -> str:
    return conf.sender_name()


@register.simple_tag
def sender_postal_address() -> str:
    return conf.sender_postal_address()


@register.simple_tag
def language_name(code: str) -> str:
    """Its own name for itself."""
    return dict(settings.LANGUAGES).get(code, code)


@register.simple_tag
def other_languages(request: HttpRequest | None = None) -> list[tuple[str, str]]:
    """Code and name of each; none on the answer to a form, which cannot be asked for again in another language."""
    return languages.others(request) if request and request.method == "GET" else []


@register.simple_tag
def brand_style() -> str:
    """The brand's colours as the inline style whose hash the CSP names: not a byte may differ between the two."""
    style = colours.stylesheet(settings.BRAND_COLOR)
    return format_html("<style>{}</style>", style) if style else ""


@register.simple_tag
def logo_url() -> str:
    return logo.url()
