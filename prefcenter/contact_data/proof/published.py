"""The public keys of our proofs, for anybody to fetch. There is no secret in them, and nothing about anybody."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from . import signing


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """As PEM, the one in use first: that is the one which openssl reads from the file."""
    in_use, *retired = (signing.pem(one) for one in signing.public_keys())
    text = f"In use:\n{in_use}" + "".join(f"\nRetired:\n{one}" for one in retired)
    return HttpResponse(text, content_type="text/plain; charset=utf-8")
