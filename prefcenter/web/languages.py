"""In which language a page speaks: the one asked for, else the contact's, else the browser's. It keeps no cookie."""

from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest
from django.utils import translation

PARAMETER = "lang"


def asked_for(request: HttpRequest) -> str:
    """What the switch on the page put into the URL; "" for nothing, or for a language the site does not speak."""
    return spoken(request.GET.get(PARAMETER, ""))


def spoken(code: str) -> str:
    """The language of the site that is nearest to `code` ("de-AT" is "de"); "" for none."""
    try:
        return translation.get_supported_language_variant(code) if code else ""
    except LookupError:
        return ""


def of(request: HttpRequest, *, contact: str = "") -> str:
    """The language to answer in; `contact` is what the contact's row says."""
    return asked_for(request) or spoken(contact) or translation.get_language_from_request(request)


def speak(request: HttpRequest, *, contact: str = "") -> None:
    """From here to the end of the request, which the middleware guards, in the language of whoever reads."""
    translation.activate(of(request, contact=contact))


def keep(request: HttpRequest, url: str) -> str:
    """`url`, in the language that was asked for on this page."""
    asked = asked_for(request)
    return f"{url}{'&' if '?' in url else '?'}{urlencode({PARAMETER: asked})}" if asked else url


def others(request: HttpRequest) -> list[tuple[str, str]]:
    """What the switch offers: code and name of every language but the one that is spoken now."""
    now = translation.get_language()
    return [(code, name) for code, name in settings.LANGUAGES if code != now]
