"""What a message is: what it says of itself in its headers, or what is said of whoever sends it in the settings."""

import inspect
import logging
import sys
from collections.abc import Iterator
from functools import cache
from pkgutil import resolve_name
from types import CodeType, FunctionType
from typing import Any, NamedTuple

from django.core.mail import EmailMessage, get_connection, send_mail, send_mass_mail
from django.utils import timezone

from .. import actions, conf, headers
from ..choices import Purpose
from ..errors import UnknownCategory
from ..mailing import Mailing, purpose_of
from ..models import Category

logger = logging.getLogger(__package__)

#: Through these goes whatever is sent; to declare them would be to declare all of it (law 7).
_ANYBODYS = (send_mail, send_mass_mail, get_connection)
_OF_EVERY_MESSAGE = ("django.core.mail.message", "django.core.mail.backends", "unsubscribe.backends")


class Declaration(NamedTuple):
    """What a message says of itself, as it says it."""

    category: str = ""
    campaign: str = ""
    purpose: str = ""

    @property
    def is_undeclared(self) -> bool:
        return not (self.category or self.purpose)


def said(message: EmailMessage, *, otherwise: Purpose | None = None) -> Declaration:
    """What the headers say; `otherwise` is the purpose of a message that names neither category nor purpose."""
    named = {str(name).lower(): str(value) for name, value in (message.extra_headers or {}).items()}
    found = Declaration(
        *(named.get(name.lower(), "") for name in (headers.CATEGORY, headers.CAMPAIGN, headers.PURPOSE))
    )
    return found._replace(purpose=otherwise.value) if otherwise and found.is_undeclared else found


def declared(said: Declaration) -> Mailing:
    """What that means here; a campaign goes to nobody twice.

    Raises UnknownCategory, RetiredCategory, ContradictoryPurpose, and ValueError for a purpose that is none.
    """
    category = Category.objects.filter(slug=said.category).first() if said.category else None
    if said.category and category is None:
        raise UnknownCategory
    purpose = purpose_of(category, Purpose(said.purpose) if said.purpose else None)
    campaign = actions.campaign_named(said.campaign, category=category, now=timezone.now()) if category else None
    return Mailing(category, purpose=purpose, campaign=campaign, once=True)


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
    """What names nothing makes nothing transactional; the log and `manage.py check` tell of it."""
    found: set[CodeType] = set()
    for path in paths:
        try:
            found |= codes(path)
        except Exception as error:  # a module raises whatever it likes as it is imported
            logger.error("UNSUBSCRIBE_TRANSACTIONAL names %r, which leads nowhere: %s", path, type(error).__name__)
    return frozenset(found)


def codes(path: str) -> frozenset[CodeType]:
    """The code of the function or method with this dotted name; of a class, that of each method it defines itself.

    Without code that others share: what a decorator or a factory makes anew for each, and what every message goes
    through. Raises ImportError, AttributeError or ValueError where there is nothing of this name, and what its module
    raises. Empty: nothing that can declare a message.
    """
    return frozenset(one.__code__ for one in _functions(resolve_name(path)) if not _is_shared(one))


def _functions(named: Any) -> Iterator[FunctionType]:
    for one in vars(named).values() if inspect.isclass(named) else [named]:
        function = inspect.unwrap(getattr(one, "__func__", one)) if callable(getattr(one, "__func__", one)) else None
        if inspect.isfunction(function):
            yield function


def _is_shared(function: FunctionType) -> bool:
    is_made_for_each = "<locals>" in function.__code__.co_qualname
    return is_made_for_each or function in _ANYBODYS or function.__module__.startswith(_OF_EVERY_MESSAGE)
