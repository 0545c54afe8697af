"""Texts that marketers write in several languages. It holds them and picks one; it translates nothing."""

from django.db import models
from django.utils.translation import get_language


class Translatable(models.Model):
    """`translations`: language code (as in LANGUAGES) → field → text. What is missing there is said as written."""

    translations = models.JSONField(default=dict, blank=True)

    class Meta:
        abstract = True

    def said(self, field: str) -> str:
        """The field in the language that is active, else as it was written."""
        translated = self.translations.get(get_language() or "", {})
        return str(translated.get(field) or getattr(self, field))
