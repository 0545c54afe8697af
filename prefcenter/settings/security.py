"""What browsers may do with our pages, and how large a form may be."""

from csp.constants import NONE, SELF

from prefcenter.web.branding import colours
from unsubscribe.links.token_text import BEFORE_KIND, BEHIND_KIND

from .api import API_LARGEST_BODY
from .base import IS_LOCAL, env
from .site import BRAND_COLOR

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF, *colours.style_sources(BRAND_COLOR)],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
    }
}
LARGEST_FORM = 1024 * 1024
#: How many short links that are none one network may try in an hour. A right one is never counted.
SHORT_LINK_FAILURES_PER_HOUR = env.int("SHORT_LINK_FAILURES_PER_HOUR", default=30)
# The most that any door takes; the middleware holds each to its own.
DATA_UPLOAD_MAX_MEMORY_SIZE = API_LARGEST_BODY
SECURE_SSL_REDIRECT = not IS_LOCAL
# RFC 8058, section 3.1: a link never answers with a redirect, not even from http to https.
# Nor does the API: a redirected POST becomes a GET. It refuses instead.
SECURE_REDIRECT_EXEMPT = [rf"^{BEFORE_KIND}(?i:[uspfiej]){BEHIND_KIND}(/|$)", r"^api/"]
SECURE_HSTS_SECONDS = 0 if IS_LOCAL else 365 * 24 * 3600
SESSION_COOKIE_SECURE = not IS_LOCAL
CSRF_COOKIE_SECURE = not IS_LOCAL
SILENCED_SYSTEM_CHECKS = [
    "security.W005",  # the other names below this host are not ours to promise https for
    "security.W021",  # nor to put on the browsers' preload list
]
