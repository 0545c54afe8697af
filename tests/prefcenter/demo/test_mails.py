"""The demo's mails: raw as sent, with working headers, and good enough for one-click once they are signed."""

from pathlib import Path
from typing import Any

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.utils import timezone

from prefcenter.demo import seed
from prefcenter.mail_check import check, must_fails
from unsubscribe import actions
from unsubscribe.actions import Origin
from unsubscribe.choices import Source
from unsubscribe.links import Target
from unsubscribe.models import Address

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_only]
SIGNED = [b"from", b"to", b"subject", b"date", b"list-unsubscribe", b"list-unsubscribe-post", b"list-id"]


@pytest.fixture
def mails(tmp_path: Path, settings: Any) -> Path:
    settings.DATA_DIR = tmp_path
    settings.UNSUBSCRIBE_EMAIL_BACKEND = "prefcenter.demo.backends.EmlBackend"
    seed.fill()
    seed.send_first()
    return tmp_path / "mail"


@pytest.fixture(scope="module")
def key() -> bytes:
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return made.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())


def test_a_dozen_arrive_and_pass_the_checker_once_they_are_signed(mails: Path, key: bytes) -> None:
    raws = [path.read_bytes() for path in mails.glob("*.eml")]
    assert len(raws) == 12
    for raw in raws:
        assert {point.id for point in must_fails(check(raw))} == {"H4"}
        signature = dkim.sign(raw, b"demo", b"example.com", key, include_headers=SIGNED)
        assert must_fails(check(signature + raw)) == []


def test_filling_it_twice_is_the_same_as_once(mails: Path) -> None:
    seed.fill()
    assert seed.send_first() == 0
    assert len(list(mails.glob("*.eml"))) == 12


def test_the_next_mailing_leaves_out_who_said_no(mails: Path, settings: Any) -> None:
    goran = Address.objects.get(value="goran@example.net")
    actions.opt_out([Target(goran.pk)], Origin(Source.ONE_CLICK, timezone.now()))
    entries = seed.send_next()
    assert [one.verdict.address_id for one in entries if not one.verdict.may_send] == [goran.pk]
    assert len(list(mails.glob("*.eml"))) == 23
