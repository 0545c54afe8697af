"""The links stay whole under both kinds of policy, Django 5's and Django 6's."""

import email.policy
from email import message_from_bytes
from email.message import EmailMessage, Message

import pytest

from unsubscribe.backends.folding import keep_links_whole

LONG = "<https://preferences.a-rather-long-company-name.example.co.uk/u/" + "x" * 40 + ">"


@pytest.mark.parametrize("kind", [Message, EmailMessage])
@pytest.mark.parametrize("mailto", ["", ", <mailto:unsubscribe+token@example.com>"])
def test_a_long_link_is_neither_encoded_nor_broken(kind: type[Message], mailto: str) -> None:
    message = kind(policy=email.policy.SMTP) if kind is EmailMessage else kind()
    message["Subject"] = "Grüße " * 20
    message["List-Unsubscribe"] = LONG + mailto
    keep_links_whole(message)
    linesep = message.policy.linesep
    expected = f"List-Unsubscribe: {LONG}{mailto.replace(', ', f',{linesep} ')}{linesep}"
    raw = message.as_bytes()
    assert expected.encode() in raw
    assert expected in message.as_string()
    assert b"=?utf-8?" in raw
    assert message_from_bytes(raw)["List-Unsubscribe"].replace("\r", "").replace("\n", "") == LONG + mailto
