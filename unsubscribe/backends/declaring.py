"""What a message is: what it says of itself in its headers, or what is said of whoever sends it in the settings."""

import inspect
import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pkgutil import resolve_name
from types import CodeType
from typing import Any, NamedTuple

from django.core.mail import EmailMessage
from django.utils import timezone

from .. import actions, conf, gate, headers
from ..choices import Purpose
from ..errors import UnknownCategory
from ..models import Campaign, Category


class Said(NamedTuple):
    """What a message says of itself, as it says it."""

    category: str = ""
    campaign: str = ""
    purpose: str = ""

    @property
    def is_undeclared(self) -> bool:
        return not (self.category or self.purpose)


class Declared(NamedTuple):
    """What that means here."""

    purpose: Purpose
    category: Category | None
    campaign: Campaign | None


def said(message: EmailMessage, *, otherwise: Purpose | None = None) -> Said:
    """What the headers say; `otherwise` is the purpose of a message that names neither category nor purpose."""
    named = {name.lower(): str(value) for name, value in (message.extra_headers or {}).items()}
    found = Said(*(named.get(name.lower(), "") for name in (headers.CATEGORY, headers.CAMPAIGN, headers.PURPOSE)))
    return found._replace(purpose=otherwise.value) if otherwise and found.is_undeclared else found


def declared(said: Said) -> Declared:
    """Raises UnknownCategory, RetiredCategory, ContradictoryPurpose, and ValueError for a purpose that is none."""
    category = Category.objects.filter(slug=said.category).first() if said.category else None
    if said.category and category is None:
        raise UnknownCategory
    purpose = gate.purpose_of(category, Purpose(said.purpose) if said.purpose else None)
    campaign = actions.campaign_named(said.campaign, category=category, now=timezone.now()) if category else None
    return Declared(purpose, category, campaign)


def is_sent_by_transactional_code() -> bool:
    """Whether a function named in UNSUBSCRIBE_TRANSACTIONAL is among those that led to this call.

    Django's PasswordResetForm and its like make their messages themselves and leave no room for a header: what tells
    them from others is the code that sends them.
    """
    if not (named := _codes(conf.transactional())):
        return False
    frame = sys._getframe()
    while frame and frame.f_code not in named:
        frame = frame.f_back  # type: ignore[assignment]
    return frame is not None


@cache
def _codes(paths: tuple[str, ...]) -> frozenset[CodeType]:
    """A name that leads nowhere makes nothing transactional; `manage.py check` tells of it."""
    found: set[CodeType] = set()
    for path in paths:
        with suppress(ImportError, AttributeError, ValueError):
            found |= codes(path)
    return frozenset(found)


def codes(path: str) -> frozenset[CodeType]:
    """The code of the function or method with this dotted name; of a class, that of each method it defines itself.

    Raises ImportError, AttributeError or ValueError where there is nothing of this name. Empty: nothing that can send.
    """
    return frozenset(one.__code__ for one in _functions(resolve_name(path)))


def _functions(named: Any) -> Iterator[Any]:
    for one in vars(named).values() if inspect.isclass(named) else [named]:
        function = inspect.unwrap(getattr(one, "__func__", one)) if callable(getattr(one, "__func__", one)) else None
        if inspect.isfunction(function):
            yield function
