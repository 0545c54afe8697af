"""Tells Django about the site."""

from django.apps import AppConfig


class PrefcenterConfig(AppConfig):
    name = "prefcenter"
    verbose_name = "Preference center"
    default_auto_field = "django.db.models.BigAutoField"
