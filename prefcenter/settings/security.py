"""Headers, cookies, https, and the largest forms."""

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
#: In bytes.
LARGEST_FORM = 1024 * 1024
#: How many invalid short links one network may try in an hour. Valid ones are never counted.
SHORT_LINK_FAILURES_PER_HOUR = env.int("SHORT_LINK_FAILURES_PER_HOUR", default=30)
# The largest of all limits; web.middleware.CalmErrors applies the smaller ones.
DATA_UPLOAD_MAX_MEMORY_SIZE = API_LARGEST_BODY
SECURE_SSL_REDIRECT = not IS_LOCAL
# A link is never redirected, not even from http to https (RFC 8058, section 3.1). The API refuses http instead, because
# a redirected POST becomes a GET.
SECURE_REDIRECT_EXEMPT = [rf"^{BEFORE_KIND}(?i:[uspfiej]){BEHIND_KIND}(/|$)", r"^api/"]
SECURE_HSTS_SECONDS = 0 if IS_LOCAL else 365 * 24 * 3600
SESSION_COOKIE_SECURE = not IS_LOCAL
CSRF_COOKIE_SECURE = not IS_LOCAL
SILENCED_SYSTEM_CHECKS = [
    "security.W005",  # subdomains of the host may belong to other sites, without https
    "security.W021",  # nor may they be put on the browsers' preload list
]
