"""Keeps the links of List-Unsubscribe whole when a message is written out.

Python's mail generators fold this header wherever there is a space, and from Django 6 on a link that is too
long for one line becomes an RFC 2047 encoded-word: mail clients then show no button (requirements H7, H8).
"""

from email.message import Message
from email.policy import Policy
from functools import cache
from typing import Any

from django.core.mail import EmailMessage

_NAME = "list-unsubscribe"


class _WholeLinks:
    """A mixin for the message's own policy: folds this header only after a comma (RFC 2369, section 2)."""

    linesep: str

    def fold(self, name: str, value: Any) -> str:
        if name.lower() == _NAME:
            return _folded(name, value, self.linesep)
        folded: str = super().fold(name, value)  # type: ignore[misc]
        return folded

    def fold_binary(self, name: str, value: Any) -> bytes:
        if name.lower() == _NAME:
            return _folded(name, value, self.linesep).encode("ascii")
        folded: bytes = super().fold_binary(name, value)  # type: ignore[misc]
        return folded


def with_whole_links(mail: EmailMessage) -> EmailMessage:
    """The same message, made an instance of a subclass that writes the header whole; its copies and pickles are too."""
    mail.__class__ = _writing_whole_links(type(mail))  # type: ignore[arg-type]  # every class is hashable
    return mail


@cache
def _writing_whole_links(kind: type[EmailMessage]) -> type[EmailMessage]:
    class WholeLinks(kind):  # type: ignore[misc, valid-type]
        def message(self, *args: Any, **kwargs: Any) -> Message:
            message: Message = super().message(*args, **kwargs)
            keep_links_whole(message)
            return message

        def __reduce__(self) -> tuple[Any, ...]:
            return _rebuilt, (kind, vars(self))

    return WholeLinks


def _rebuilt(kind: type[EmailMessage], attributes: dict[str, Any]) -> EmailMessage:
    mail = kind.__new__(_writing_whole_links(kind))  # type: ignore[arg-type]  # every class is hashable
    vars(mail).update(attributes)
    return mail


def keep_links_whole(message: Message) -> None:
    """Gives the message a policy like its own that writes the header whole."""
    message.policy = _with_whole_links(message.policy)


def _with_whole_links(policy: Policy) -> Policy:
    kind = type(policy)
    whole: Policy = object.__new__(type(f"WholeLinks{kind.__name__}", (_WholeLinks, kind), {}))
    for name, value in vars(policy).items():
        object.__setattr__(whole, name, value)
    return whole


def _folded(name: str, value: Any, linesep: str) -> str:
    uris = [uri.strip() for uri in str(value).split(",")]
    return f"{name}: {f',{linesep} '.join(uris)}{linesep}"
