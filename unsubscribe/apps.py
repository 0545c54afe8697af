"""Tells Django about the engine and registers its system checks."""

from django.apps import AppConfig


class UnsubscribeConfig(AppConfig):
    name = "unsubscribe"
    verbose_name = "Unsubscribe"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from . import checks  # noqa: F401, PLC0415  (Django wants checks registered once apps are loaded)
