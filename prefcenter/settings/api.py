"""Limits of the API, and webhooks."""

import re

from django.core.exceptions import ImproperlyConfigured

from .base import DEMO, env

#: The largest body of a call, in bytes: fifty thousand addresses.
API_LARGEST_BODY = 16 * 1024 * 1024
#: How many calls one key may make: "600/m", "10/s".
API_RATE = env.str("API_RATE", default="600/m")
if not re.fullmatch(r"[1-9][0-9]{0,8}/[smh]", API_RATE):
    raise ImproperlyConfigured(
        f"API_RATE is {API_RATE!r}. Write the number of calls, a slash, and s, m or h for second, minute or hour: "
        "10/s, 600/m, 5000/h."
    )
#: Whether webhooks may go to private addresses, this machine included, and by plain http.
WEBHOOKS_ALLOW_PRIVATE = env.bool("WEBHOOKS_ALLOW_PRIVATE", default=DEMO)
#: How often the worker looks for events to send to webhooks, in seconds.
WEBHOOKS_SECONDS = env.float("WEBHOOKS_SECONDS", default=10.0)
