"""The keys of the site's cache are keyed hashes, because the rate limits of signing in count by email and IP addresses;
plain hashes of these could be found by trying all."""

from django.core.cache import caches
from django.core.cache.backends.db import DatabaseCache
from django.db import connection
from django.utils import timezone
from django.utils.crypto import salted_hmac


def make_key(key: object, key_prefix: str, version: object) -> str:
    """Django's KEY_FUNCTION for the site's cache."""
    return salted_hmac("prefcenter.cache", f"{key_prefix}:{version}:{key}", algorithm="sha256").hexdigest()


def forget_expired() -> None:
    """Deletes expired entries from a cache in the database, which keeps them until it is full."""
    cache = caches["default"]
    if isinstance(cache, DatabaseCache):
        table = connection.ops.quote_name(cache._table)  # type: ignore[attr-defined]  # the stubs have forgotten it
        now = connection.ops.adapt_datetimefield_value(timezone.now().replace(microsecond=0))
        with connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {table} WHERE expires < %s", [now])  # noqa: S608 - the name is a setting's
