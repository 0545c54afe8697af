"""The same digests as everybody else's HMAC-SHA256, whatever the key and the message."""

import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unsubscribe.keyed import Keyed


@given(key=st.binary(max_size=200), messages=st.lists(st.binary(max_size=200), max_size=4))
def test_one_key_for_many_is_the_key_anew_for_each(key: bytes, messages: list[bytes]) -> None:
    keyed = Keyed(key)
    assert [keyed.digest(one) for one in messages] == [hmac.digest(key, one, "sha256") for one in messages]


@pytest.mark.parametrize("length", [0, 1, 63, 64, 65, 128, 131])
def test_keys_of_every_length_around_a_block(length: int) -> None:
    key = bytes(range(256))[:length]
    assert Keyed(key).digest(b"message") == hmac.digest(key, b"message", "sha256")


@pytest.mark.parametrize(
    ("key", "message", "expected"),
    [
        (b"\x0b" * 20, b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
        (b"Jefe", b"what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
        (
            b"\xaa" * 131,
            b"Test Using Larger Than Block-Size Key - Hash Key First",
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
        ),
    ],
)
def test_the_examples_of_rfc_4231(key: bytes, message: bytes, expected: str) -> None:
    assert Keyed(key).digest(message).hex() == expected
