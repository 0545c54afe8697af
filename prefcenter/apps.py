"""Tells Django about the site and registers its system checks."""

from django.apps import AppConfig


class PrefcenterConfig(AppConfig):
    name = "prefcenter"
    verbose_name = "Preference center"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from prefcenter import checks  # noqa: F401, PLC0415  (Django wants checks registered once apps are loaded)
