"""Days that somebody types into a form of the admin."""

from collections.abc import Callable
from datetime import date
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator

_ODD = "This date is too far from today."
#: Years near 1 and 9999 overflow in the arithmetic of days and time zones.
NEAR_ENOUGH: list[Callable[[Any], None]] = [
    MinValueValidator(date(1900, 1, 1), _ODD),
    MaxValueValidator(date(8999, 12, 31), _ODD),
]
