import logging
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import dkim
import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.resolver
import dns.rrset
import pytest

from prefcenter.mail_check import Point, PointStatus, check, fetch_key
from tests.prefcenter.mail_check.messages import KEY_NAME, SIGNED, key_record, message, signed
from tests.services import PATIENCE

pytestmark = pytest.mark.sqlite_only

# RFC 6376, section 3.6.1: an empty p= means that the key was revoked.
REVOKED = b"v=DKIM1; k=rsa; p="


def holding(record: bytes | None) -> Callable[..., bytes | None]:
    """A DNS that answers this for the key of the tests, and has nothing else."""
    return lambda name, timeout=5.0: record if name == KEY_NAME else None


def validity(raw: bytes, dnsfunc: Callable[..., bytes | None]) -> Point:
    return [point for point in check(raw, dnsfunc=dnsfunc) if point.id == "H4"][1]


def failing(error: Exception) -> Callable[..., bytes | None]:
    def dnsfunc(name: bytes, timeout: float = 5.0) -> bytes | None:
        raise error

    return dnsfunc


def expired(raw: bytes) -> bytes:
    # b= is not verified here, so that the tag can be added after signing.
    return raw.replace(b"; q=dns/txt", b"; q=dns/txt; x=1000000000")


@pytest.mark.parametrize("line_end", [b"\r\n", b"\n"])
def test_a_real_signature_is_valid_with_the_key_in_dns(line_end: bytes) -> None:
    point = validity(signed(message()).replace(b"\r\n", line_end), holding(key_record()))

    assert point.outcome is PointStatus.PASS


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ((b"Hello.", b"Hello!"), "the body was changed"),
        ((b"Subject: What is new", b"Subject: What is old"), "a signed header was changed"),
        ((b"List-Unsubscribe=One-Click", b"List-Unsubscribe=One-Clock"), "a signed header was changed"),
    ],
)
def test_a_message_changed_after_signing_fails(change: tuple[bytes, bytes], said: str) -> None:
    point = validity(signed(message()).replace(*change), holding(key_record()))

    assert point.outcome is PointStatus.FAIL
    assert said in point.text


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (None, "DNS has no key at s1._domainkey.example.com"),
        (b"", "DNS has no key at s1._domainkey.example.com"),
        (REVOKED, "revoked or unreadable"),
        (b"v=spf1 -all", "revoked or unreadable"),
        (b"v=DKIM1; k=rsa; p=AAAA", "revoked or unreadable"),
        (b"v=DKIM1; k=rsa; p=!", "revoked or unreadable"),
        (b"v=DKIM1; k=ed25519; p=AAAA", "revoked or unreadable"),
        (b"v=DKIM1; k=rot13; p=AAAA", "revoked or unreadable"),
        (key_record().replace(b"k=rsa", b"k=rsa; s=tlsrpt"), "revoked or unreadable"),
        (key_record(bits=1024), "DNS holds another key"),
    ],
)
def test_a_key_that_is_missing_or_useless_fails_in_its_own_words(record: bytes | None, said: str) -> None:
    point = validity(signed(message()), holding(record))

    assert point.outcome is PointStatus.FAIL
    assert said in point.text


def test_a_key_shorter_than_verifiers_accept_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    # The cryptography package makes no key under 1024 bits, so that the bound is raised instead.
    class Demanding(dkim.DKIM):  # type: ignore[misc]  # dkimpy has no types
        def __init__(self, raw: bytes, **options: object) -> None:
            super().__init__(raw, minkey=4096, **options)

    monkeypatch.setattr(dkim, "DKIM", Demanding)

    assert "the key is too weak" in validity(signed(message()), holding(key_record())).text


@pytest.mark.parametrize(
    "error",
    [
        dkim.DnsTimeoutError("slow"),
        dns.exception.Timeout(),
        dns.resolver.NoResolverConfiguration(),
        OSError("unreachable"),
    ],
)
def test_a_dns_that_does_not_answer_is_not_taken_for_a_bad_signature(error: Exception) -> None:
    point = validity(signed(message()), failing(error))

    assert point.outcome is PointStatus.WARN
    assert "says nothing about the signature" in point.text


def test_one_valid_signature_of_several_is_enough() -> None:
    raw = signed(signed(message()), domain=b"mailer.example.net")

    assert validity(raw, holding(key_record())).outcome is PointStatus.PASS


def test_a_signature_over_other_headers_does_not_make_up_for_one_that_is_bad() -> None:
    changed = signed(message()).replace(b"List-Unsubscribe=One-Click", b"List-Unsubscribe=One-Clock")
    raw = signed(changed, names=(b"From",), domain=b"mailer.example.net")

    assert validity(raw, lambda name, timeout=5.0: key_record()).outcome is PointStatus.FAIL


def test_without_a_signature_over_both_headers_dns_is_not_asked() -> None:
    raw = signed(message(), names=SIGNED[:-1])

    assert validity(raw, failing(AssertionError("asked"))).outcome is PointStatus.SKIPPED


def test_a_header_line_that_is_none_makes_the_signature_unreadable() -> None:
    raw = signed(message()).replace(b"Subject:", b"not a header\r\nSubject:")

    assert "can’t be read" in validity(raw, holding(key_record())).text


def test_an_expired_signature_is_judged_by_its_octets_and_not_by_todays_date() -> None:
    raw = expired(signed(message()))

    assert b"x=1000000000" in raw
    assert "a signed header was changed" in validity(raw, holding(key_record())).text


def test_nothing_is_logged_about_a_message(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        for record in (key_record(), REVOKED, None):
            check(signed(message()), dnsfunc=holding(record))

    assert not caplog.records


# --- fetch_key, against a name server on this machine ---------------------------------------------------


@contextmanager
def name_server(answer: Callable[[dns.message.Message], dns.message.Message | None]) -> Iterator[dns.resolver.Resolver]:
    """A real name server over UDP that gives this answer to one question; None: silence."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(PATIENCE)

        def serve() -> None:
            wire, sender = server.recvfrom(4096)
            response = answer(dns.message.from_wire(wire))
            if response:
                server.sendto(response.to_wire(), sender)

        thread = threading.Thread(target=serve)
        thread.start()
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers, resolver.port = ["127.0.0.1"], server.getsockname()[1]
        yield resolver
        thread.join()


def respond(query: dns.message.Message, *texts: str, code: dns.rcode.Rcode = dns.rcode.NOERROR) -> dns.message.Message:
    response = dns.message.make_response(query)
    response.flags |= dns.flags.RA
    response.set_rcode(code)
    if texts:
        response.answer.append(dns.rrset.from_text(query.question[0].name, 60, "IN", "TXT", *texts))
    return response


def test_the_key_is_put_together_from_the_strings_of_its_txt_record() -> None:
    with name_server(lambda query: respond(query, '"v=DKIM1; k=rsa; p=AB" "CD"')) as resolver:
        assert fetch_key(KEY_NAME, resolver=resolver) == b"v=DKIM1; k=rsa; p=ABCD"


@pytest.mark.parametrize("code", [dns.rcode.NXDOMAIN, dns.rcode.NOERROR])
def test_a_name_without_a_txt_record_has_no_key(code: dns.rcode.Rcode) -> None:
    with name_server(lambda query: respond(query, code=code)) as resolver:
        assert fetch_key(KEY_NAME, resolver=resolver) is None


@pytest.mark.parametrize(
    "answer", [lambda query: respond(query, code=dns.rcode.SERVFAIL), lambda query: None], ids=["failure", "silence"]
)
def test_a_name_server_that_fails_or_is_silent_raises(
    answer: Callable[[dns.message.Message], dns.message.Message | None],
) -> None:
    with name_server(answer) as resolver, pytest.raises(dns.exception.DNSException):
        fetch_key(KEY_NAME, 0.3, resolver=resolver)


def test_a_real_signature_is_verified_over_a_real_name_server() -> None:
    text = " ".join(f'"{part.decode()}"' for part in re.findall(rb".{1,255}", key_record()))
    with name_server(lambda query: respond(query, text)) as resolver:
        point = validity(signed(message()), lambda name, timeout=5.0: fetch_key(name, timeout, resolver=resolver))

    assert point.outcome is PointStatus.PASS
