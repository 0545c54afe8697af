"""What a message is: by its headers, or by UNSUBSCRIBE_TRANSACTIONAL, which names the code that sends it."""

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

#: Functions and modules through which every message goes: naming one would make all of them transactional (law 7).
_ANYBODYS = (send_mail, send_mass_mail, get_connection)
_OF_EVERY_MESSAGE = ("django.core.mail.message", "django.core.mail.backends", "unsubscribe.backends")


class Declaration(NamedTuple):
    """The values of a message's X-Unsubscribe headers, as they are; "" for one that is missing."""

    category: str = ""
    campaign: str = ""
    purpose: str = ""

    @property
    def is_undeclared(self) -> bool:
        """Whether neither the category nor the purpose is named."""
        return not (self.category or self.purpose)


def said(message: EmailMessage, *, otherwise: Purpose | None = None) -> Declaration:
    """What the headers of the message say. `otherwise`: the purpose where they name neither category nor purpose."""
    named = {str(name).lower(): str(value) for name, value in (message.extra_headers or {}).items()}
    found = Declaration(
        *(named.get(name.lower(), "") for name in (headers.CATEGORY, headers.CAMPAIGN, headers.PURPOSE))
    )
    return found._replace(purpose=otherwise.value) if otherwise and found.is_undeclared else found


def declared(said: Declaration) -> Mailing:
    """The mailing that a declaration names; a campaign is made if it is new, and sent to nobody twice (Mailing.once).

    Raises UnknownCategory, RetiredCategory, ContradictoryPurpose, and ValueError for an unknown purpose.
    """
    category = Category.objects.filter(slug=said.category).first() if said.category else None
    if said.category and category is None:
        raise UnknownCategory
    purpose = purpose_of(category, Purpose(said.purpose) if said.purpose else None)
    campaign = actions.campaign_named(said.campaign, category=category, now=timezone.now()) if category else None
    return Mailing(category, purpose=purpose, campaign=campaign, once=True)


def is_sent_by_transactional_code() -> bool:
    """Whether a function that UNSUBSCRIBE_TRANSACTIONAL names is on the stack of this call.

    Django's PasswordResetForm, for one, makes its messages itself and has no place to add a header.
    """
    if not (named := _codes(conf.transactional())):
        return False
    frame = sys._getframe()
    while frame and frame.f_code not in named:
        frame = frame.f_back  # type: ignore[assignment]
    return frame is not None


@cache
def _codes(paths: tuple[str, ...]) -> frozenset[CodeType]:
    """The code of all these names. One that cannot be found is logged, and reported by `manage.py check` (E007)."""
    found: set[CodeType] = set()
    for path in paths:
        try:
            found |= codes(path)
        except Exception as error:  # a module raises whatever it likes as it is imported
            logger.error("UNSUBSCRIBE_TRANSACTIONAL names %r, which leads nowhere: %s", path, type(error).__name__)
    return frozenset(found)


def codes(path: str) -> frozenset[CodeType]:
    """The code of the function or method with this dotted name; for a class, of each method it defines itself.

    Without code that others share: nested functions, and what every message goes through; empty if nothing is left.
    Raises ImportError, AttributeError or ValueError for a name that does not exist, and whatever its module raises.
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
