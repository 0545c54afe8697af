"""Removes parameters from a Content-Type that make Django fail, so that a one-click never gets 500."""

from email.utils import quote
from typing import Any

from django.utils.http import parse_header_parameters

#: What Django and the standard library raise for broken parameters (RFC 2231).
_UNREADABLE = (ValueError, TypeError, LookupError)


class Readable:
    """A mixin for Django's classes of requests (prefcenter.wsgi, prefcenter.asgi)."""

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        meta["CONTENT_TYPE"] = bare(meta.get("CONTENT_TYPE", ""))
        super()._set_content_type_params(meta)  # type: ignore[misc]  # of Django's own classes


def bare(content_type: str) -> str:
    """The type alone, with the boundary of a multipart; without parameters if they cannot be read.

    No charset: the site's forms are UTF-8, and Django would decode the query by another, even by base64.
    """
    try:
        kind, parameters = parse_header_parameters(content_type)
    except _UNREADABLE:
        return content_type.partition(";")[0].strip().lower()
    boundary = parameters.get("boundary")
    return f'{kind}; boundary="{quote(boundary)}"' if boundary else kind
