"""Whatever differs by channel stands in its record."""

import re
from pathlib import Path

import pytest

from unsubscribe import channels
from unsubscribe.addresses import mask, normalise
from unsubscribe.channels import Channel, Kind
from unsubscribe.errors import InvalidAddress
from unsubscribe.outbox.wording import by_channel

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = {
    Kind.MAILBOX: "ada@example.com",
    Kind.NUMBER: "+4930123456",
    Kind.TOKEN: "dGVzdA",
    Kind.PLACE: "1 Hill Road",
}


@pytest.mark.parametrize("channel", Channel)
def test_every_channel_has_a_record_by_which_its_addresses_are_read_masked_and_named(channel: Channel) -> None:
    record = channels.of(channel)
    example = EXAMPLES[record.kind]
    assert normalise(example, channel=channel).channel == channel
    assert example not in mask(example, channel=channel)
    assert by_channel(channel) == record.phrase
    with pytest.raises(InvalidAddress):
        normalise("a" * (record.longest + 1), channel=channel)


def test_a_record_is_found_by_the_stored_value() -> None:
    assert channels.of("sms") is channels.of(Channel.SMS)
    with pytest.raises(KeyError):
        channels.of("fax")


def test_nothing_but_the_records_lists_channels() -> None:
    """Two of them in one table of code would be a second list, which a new channel would have to join."""
    member = re.compile(r"^\s*(?:\*\*)?Channel\.[A-Z]+: ", re.MULTILINE)
    files = [path for package in ("unsubscribe", "prefcenter") for path in (ROOT / package).rglob("*.py")]
    lists = [path.relative_to(ROOT) for path in files if len(member.findall(path.read_text())) > 1]
    assert lists == [Path("unsubscribe/channels.py")]
