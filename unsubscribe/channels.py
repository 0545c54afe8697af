"""The channels: one record each. Adding one is a member, its record, a migration and translations.

Nothing else lists channels; what differs by channel asks `of(channel)` (tests/unsubscribe/test_channels.py).
"""

import re
from enum import Enum, auto
from typing import NamedTuple

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Channel(TextChoices):
    """How a message reaches a contact. The labels are for pages too, so they are translated."""

    EMAIL = "email", _("Email")
    SMS = "sms", _("Text message")
    WHATSAPP = "whatsapp", _("WhatsApp")
    PUSH = "push", _("Push notification")
    PHONE = "phone", _("Phone call")
    POST = "post", _("Post")


class Kind(Enum):
    """What an address of a channel is, and so how `addresses` normalises and masks it."""

    #: An email address.
    MAILBOX = auto()
    #: A telephone number, in E.164 form.
    NUMBER = auto()
    #: A device token.
    TOKEN = auto()
    #: A postal address.
    PLACE = auto()


class ChannelRecord(NamedTuple):
    """What differs from channel to channel."""

    #: What its addresses are.
    kind: Kind
    #: In characters: a longer text is not an address of this channel.
    longest: int
    #: How a message comes, in the middle of a sentence.
    phrase: str | Promise
    #: Finds the channel in the heading of an imported column, in words of lower case.
    heading: re.Pattern[str]
    #: What an imported file may call it besides its value, case-folded and without accents.
    also_called: tuple[str, ...] = ()


_RECORDS: dict[str, ChannelRecord] = {
    Channel.EMAIL: ChannelRecord(
        Kind.MAILBOX,
        1000,
        _("by email"),
        re.compile(r"mail|courriel|correo"),
        ("e-mail", "mail", "courriel", "correo", "correo electronico", "メール"),
    ),
    Channel.SMS: ChannelRecord(
        Kind.NUMBER,
        100,
        _("by text message"),
        re.compile(r"\b(?:sms|mms|text messages?)"),
        ("text message", "text messages"),
    ),
    Channel.WHATSAPP: ChannelRecord(Kind.NUMBER, 100, _("by WhatsApp"), re.compile(r"\bwhats ?app")),
    Channel.PUSH: ChannelRecord(Kind.TOKEN, 4096, _("as a push notification"), re.compile(r"\bpush")),
    Channel.PHONE: ChannelRecord(
        Kind.NUMBER,
        100,
        _("by phone"),
        re.compile(r"\b(?:tele)?phone|\btelefon|\bdo not call|\bcalls?\b"),
        ("telefon", "telephone", "telefono", "telefone", "電話"),
    ),
    Channel.POST: ChannelRecord(
        Kind.PLACE,
        4000,
        _("by post"),
        re.compile(r"(?:direct|postal|snail)[ ]?mails?\b|\bpost(?:al|weg|werbung)?\b"),
    ),
}


def of(channel: Channel | str) -> ChannelRecord:
    """The record of a channel, given as a member or its value. Raises KeyError for any other text."""
    return _RECORDS[channel]
