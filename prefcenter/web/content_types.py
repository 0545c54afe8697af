"""Takes out of a Content-Type what nobody means and Django stumbles over, so that a one-click never gets 500."""

from email.utils import quote
from typing import Any

from django.utils.http import parse_header_parameters

#: What Django and the standard library raise for parameters as RFC 2231 has them, where they are no such thing.
_UNREADABLE = (ValueError, TypeError, LookupError)


class Readable:
    """Mixed into a class of requests."""

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        meta["CONTENT_TYPE"] = bare(meta.get("CONTENT_TYPE", ""))
        super()._set_content_type_params(meta)  # type: ignore[misc]  # of Django's own classes


def bare(content_type: str) -> str:
    """The type alone, with the boundary of a multipart.

    No charset: all of ours is UTF-8, and Django would decode the query by another, also where that is none for text
    (base64). Of parameters that cannot be read, none.
    """
    try:
        kind, parameters = parse_header_parameters(content_type)
    except _UNREADABLE:
        return content_type.partition(";")[0].strip().lower()
    boundary = parameters.get("boundary")
    return f'{kind}; boundary="{quote(boundary)}"' if boundary else kind
