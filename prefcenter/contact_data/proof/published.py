"""/proof-key.pem: the public keys with which proofs can be checked elsewhere."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from . import signing


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """The keys as PEM, the one in use first, because openssl reads the first in a file."""
    in_use, *retired = (signing.pem(one) for one in signing.public_keys())
    text = f"In use:\n{in_use}" + "".join(f"\nRetired:\n{one}" for one in retired)
    return HttpResponse(text, content_type="text/plain; charset=utf-8")
