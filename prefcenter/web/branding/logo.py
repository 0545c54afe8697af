"""Serves the sender's logo, the file that BRAND_LOGO names."""

from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

#: In bytes.
LARGEST = 100_000
#: By the file's suffix, the content type.
KINDS = {
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webp": "image/webp",
    ".gif": "image/gif",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
}
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    # An SVG that is opened by itself is a document, and could carry a script.
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
}
_FOR_A_YEAR = "public, max-age=31536000, immutable"


class Logo(NamedTuple):
    """The file, its content type, and the beginning of its SHA-256."""

    content: bytes
    kind: str
    digest: str


def wrong_with(path: str) -> str:
    """Why `path` cannot be shown as a logo, to follow its name in a sentence; "" if it can."""
    if Path(path).suffix.lower() not in KINDS:
        return f"is not one of {', '.join(KINDS)}"
    try:
        size = Path(path).stat().st_size if Path(path).is_file() else -1
    except OSError:
        size = -1
    if size < 0:
        return "can't be found"
    return f"is larger than {LARGEST // 1000} kB" if size > LARGEST else ""


def current() -> Logo | None:
    """The logo as it is on disk now; None if there is none or it cannot be read."""
    path = settings.BRAND_LOGO
    if not path or wrong_with(path):
        return None
    try:
        stat = Path(path).stat()
        return _read(path, stat.st_mtime_ns, stat.st_size)
    except OSError:
        return None


def url() -> str:
    """The logo's URL with its digest, so that browsers cache it until it changes; "" for none."""
    logo = current()
    return f"{reverse('logo')}?v={logo.digest}" if logo else ""


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """The logo, cached for a year under the URL with its digest; 404 for none."""
    logo = current()
    if logo is None:
        raise Http404
    is_named = request.GET.get("v") == logo.digest
    headers = _HEADERS | {"Cache-Control": _FOR_A_YEAR if is_named else "no-cache"}
    return HttpResponse(logo.content, content_type=logo.kind, headers=headers)


@lru_cache(maxsize=1)
def _read(path: str, changed: int, size: int) -> Logo:
    """The logo of this file. `changed` and `size` make the cache notice a new file."""
    content = Path(path).read_bytes()
    return Logo(content, KINDS[Path(path).suffix.lower()], sha256(content).hexdigest()[:16])
