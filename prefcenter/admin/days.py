"""Days that somebody types into a form of the admin."""

from datetime import date
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator

_ODD = "This date is too far from today."


class DayField(forms.DateField):
    """A day that need not be given, near enough: years near 1 and 9999 overflow in the arithmetic of time zones."""

    widget = forms.DateInput({"type": "date"}, "%Y-%m-%d")
    default_validators = [MinValueValidator(date(1900, 1, 1), _ODD), MaxValueValidator(date(8999, 12, 31), _ODD)]

    def __init__(self, label: str, **kwargs: Any) -> None:
        super().__init__(label=label, required=False, **kwargs)
