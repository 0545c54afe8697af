"""The language of a page: the one asked for in the URL, else the contact's, else the browser's. There is no cookie."""

from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest
from django.utils import translation

#: Of the query.
PARAMETER = "lang"


def asked_for(request: HttpRequest) -> str:
    """The language in the URL's query, as the site has it; "" for none, or for one that the site does not have."""
    return spoken(request.GET.get(PARAMETER, ""))


def spoken(code: str) -> str:
    """The language of the site that is nearest to `code` ("de-AT" is "de"); "" for none."""
    try:
        return translation.get_supported_language_variant(code) if code else ""
    except LookupError:
        return ""


def of(request: HttpRequest, *, contact: str = "") -> str:
    """The language to answer in. `contact`: Address.language, "" if it is not known."""
    return asked_for(request) or spoken(contact) or translation.get_language_from_request(request)


def speak(request: HttpRequest, *, contact: str = "") -> None:
    """Activates `of` for the rest of the request; middleware.ReadersLanguage resets it."""
    translation.activate(of(request, contact=contact))


def keep(request: HttpRequest, url: str) -> str:
    """`url` with the language that was asked for in this request's URL, if any."""
    asked = asked_for(request)
    return f"{url}{'&' if '?' in url else '?'}{urlencode({PARAMETER: asked})}" if asked else url


def others(request: HttpRequest) -> list[tuple[str, str]]:
    """Code and name of every language but the active one, for the switch on the page."""
    now = translation.get_language()
    return [(code, name) for code, name in settings.LANGUAGES if code != now]
