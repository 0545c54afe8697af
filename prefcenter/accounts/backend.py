"""The authentication backend: Django's permissions without its passwords."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest


class NoPasswords(ModelBackend):
    """Signs nobody in, even with a right password; allauth does (adapter)."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> None:
        return None
