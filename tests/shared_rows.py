"""Rows that take seconds to write, written once for several tests."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import override_settings

GUARDED_MAIL = {
    "EMAIL_BACKEND": "unsubscribe.backends.GuardedEmailBackend",
    "UNSUBSCRIBE_EMAIL_BACKEND": "django.core.mail.backends.locmem.EmailBackend",
}


@contextmanager
def shared_rows(blocker: Any, **settings: Any) -> Iterator[None]:
    """What is written within stays for all tests until the end; what a test itself writes goes when the test ends.

    For a fixture of a class or a module that asks for `django_db_setup` and passes `django_db_blocker`; its tests are
    marked with `django_db`, without `transaction=True`. `settings` hold as long, below those of a test.
    """
    with blocker.unblock(), pytest.MonkeyPatch.context() as patch, transaction.atomic():
        # Django closes the connection after each test, and on PostgreSQL this would end the transaction.
        patch.setattr(connection, "close", lambda: None)
        with override_settings(**GUARDED_MAIL | settings):
            yield
        transaction.set_rollback(True)
