"""Fills `%%unsubscribe_url%%` and `%%preferences_url%%` in a message's texts with the recipient's own links."""

import re
from html import escape
from typing import Any, NamedTuple

from django.core.mail import EmailAlternative, EmailMessage

#: In any letter case. HTML editors write "%" in a link as "%25" or as a character reference, and put "http://" before
#: what they take for a host.
_MARK = r"(?:%25|%|&#0*37;|&#x0*25;|&percnt;){2}"
_PLACEHOLDER = re.compile(rf"(?:https?://)?{_MARK}\s*(unsubscribe|preferences)_url\s*{_MARK}", re.IGNORECASE)


class Urls(NamedTuple):
    """What the placeholders are filled with. A transactional message has the preferences link in both."""

    unsubscribe: str
    preferences: str


def are_in(message: EmailMessage) -> bool:
    """Whether the body or an alternative of the message has a placeholder."""
    return any(_has_room(text) for text in texts(message))


def fill(message: EmailMessage, urls: Urls) -> None:
    """Fills the placeholders in the body and the alternatives, escaped in HTML; not in the subject, headers or
    attachments. `message` is a letter, and its list of alternatives is replaced."""
    if _has_room(message.body):
        message.body = _filled(message.body, urls, is_html=message.content_subtype == "html")
    if any(_has_room(text) for text in texts(message)[1:]):
        vars(message)["alternatives"] = [_alternative(one, urls) for one in _alternatives(message)]


def _alternative(one: Any, urls: Urls) -> Any:
    content, mimetype = one[:2]
    if not _has_room(content):
        return one
    return EmailAlternative(_filled(content, urls, is_html="html" in mimetype), mimetype)


def _filled(text: Any, urls: Urls, *, is_html: bool) -> str:
    said = {name: escape(url) if is_html else url for name, url in urls._asdict().items()}
    return _PLACEHOLDER.sub(lambda found: said[found[1].lower()], str(text))


def texts(message: EmailMessage) -> list[Any]:
    """The body and its alternatives, as they stand."""
    return [message.body, *(one[0] for one in _alternatives(message))]


def _alternatives(message: EmailMessage) -> list[Any]:
    return list(getattr(message, "alternatives", None) or ())


def _has_room(text: Any) -> bool:
    return not isinstance(text, bytes) and bool(_PLACEHOLDER.search(str(text)))
