"""The site's settings under test: on SQLite, or on a private PostgreSQL and Redis with TEST_ON=postgresql."""

import os
import tempfile

os.environ.setdefault("DATA_DIR", tempfile.mkdtemp(prefix="prefcenter-tests-"))
os.environ["DEBUG"] = "false"
os.environ["SECRET_KEY"] = "a-key-for-tests-of-more-than-fifty-characters-0123456789"
os.environ["UNSUBSCRIBE_ADDRESS_KEY"] = "an-address-key-for-tests-0123456789abcdef"
os.environ["SITE_URL"] = "https://mail.example.com"
os.environ["SENDER_NAME"] = "Example Post"
os.environ["SENDER_POSTAL_ADDRESS"] = "1 Main Street, Springfield"
os.environ["DEFAULT_FROM_EMAIL"] = "Example Post <hello@example.com>"

from prefcenter.settings import *  # noqa: E402, F403
