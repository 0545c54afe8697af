"""Says the times and hashes of a record as people read them. It reads nothing but what it is given."""

from datetime import datetime

from django import template
from django.utils import timezone

register = template.Library()


@register.filter
def moment(text: str | None) -> str:
    """`2026-03-10 13:00:00+01:00`, in the site's time zone and the same in every language; nothing for no time."""
    return timezone.localtime(datetime.fromisoformat(text)).isoformat(" ", "seconds") if text else ""


@register.filter
def in_eights(digits: str) -> str:
    """In one piece nobody could compare them."""
    return " ".join(digits[start : start + 8] for start in range(0, len(digits), 8))
