"""Nothing goes to private hosts or in the clear, and nobody holds a worker for longer than the deadline."""

import itertools
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import certifi
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from prefcenter.webhooks import http
from prefcenter.webhooks.hosts import NoAnswer, NotPublic, is_global
from prefcenter.webhooks.http import HostConnection, NotSafe
from tests.services import PATIENCE

from .receiver import Receiver

#: Seconds that Linux takes to acknowledge, and the first answers on a connection, which it acknowledges at once.
DELAY, SPARED = 0.04, 30


def post(url: str) -> int:
    with closing(HostConnection()) as way:
        return way.post(url, b"{}", {})


@contextmanager
def listening(speak: Callable[[socket.socket, threading.Event], None]) -> Iterator[int]:
    """A server that speaks as it likes, until it is hung up on or the test is over."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            conn, _ = server.accept()
            with conn:
                try:
                    conn.recv(65536)
                    speak(conn, over)
                except OSError:
                    return

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            over.set()
            thread.join()


def drip(conn: socket.socket, over: threading.Event) -> None:
    conn.sendall(b"HTTP/1.1 200 OK\r\nX-A: ")
    while not over.wait(0.01):
        conn.sendall(b"a")


def go_on(conn: socket.socket, over: threading.Event) -> None:
    while not over.wait(0.01):
        conn.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")


def greet_with_tls_for_ever(conn: socket.socket, over: threading.Event) -> None:
    conn.sendall(b"\x16\x03\x03\x3f\xff")
    while not over.wait(0.01):
        conn.sendall(b"\x02")


@pytest.mark.parametrize(("scheme", "speak"), [("http", drip), ("http", go_on), ("https", greet_with_tls_for_ever)])
def test_whoever_answers_byte_by_byte_is_hung_up_on(
    scheme: str, speak: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.WEBHOOKS_ALLOW_PRIVATE = True
    monkeypatch.setattr(http, "DEADLINE", 1)
    with listening(speak) as port, pytest.raises(NoAnswer, match="it took too long"):
        post(f"{scheme}://127.0.0.1:{port}/")


def test_an_answer_whose_body_never_ends_is_one(settings: Any) -> None:
    def pour(conn: socket.socket, over: threading.Event) -> None:
        conn.sendall(b"HTTP/1.1 202 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in itertools.takewhile(lambda _: not over.is_set(), itertools.count()):
            conn.sendall(b"400\r\n" + b"a" * 0x400 + b"\r\n")

    settings.WEBHOOKS_ALLOW_PRIVATE = True
    with listening(pour) as port:
        assert post(f"http://127.0.0.1:{port}/") == 202


def stop_in_the_body(conn: socket.socket, over: threading.Event) -> None:
    conn.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nHe")
    over.wait()


def test_a_status_is_the_answer_even_if_the_body_hangs(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.WEBHOOKS_ALLOW_PRIVATE = True
    monkeypatch.setattr(http, "DEADLINE", PATIENCE)
    begun = time.monotonic()
    with listening(stop_in_the_body) as port:
        assert post(f"http://127.0.0.1:{port}/") == 200
    assert time.monotonic() - begun < PATIENCE


def quickest(receiver: Receiver) -> float:
    """Seconds that the quickest of many answers took, one right after another, once the kernel spares them no delay."""

    def seconds(way: HostConnection) -> float:
        begun = time.monotonic()
        way.post(receiver.url, b"{}", {})
        return time.monotonic() - begun

    with closing(HostConnection()) as way:
        return min([seconds(way) for _ in range(2 * SPARED)][SPARED:])


def test_a_receiver_that_sends_its_answer_in_two_parts_is_not_kept_waiting_for_its_acknowledgement(
    receiver: Receiver,
) -> None:
    with closing(Receiver(waits_for_acknowledgements=False)) as other:
        # With the kernel's delay no answer comes sooner than that after the quickest without, however slow the machine.
        assert any(quickest(receiver) < quickest(other) + DELAY / 2 for _ in range(10))


def test_one_connection_serves_for_all(receiver: Receiver) -> None:
    with closing(HostConnection()) as way:
        assert [way.post(receiver.url, b"{}", {}) for _ in range(5)] == [200] * 5
    assert receiver.connections == 1


def test_after_an_answer_that_did_not_come_the_next_one_counts_from_the_start(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver.answers = [0, 200]
    with closing(HostConnection()) as way:
        with monkeypatch.context() as patch:
            patch.setattr(http, "DEADLINE", 0.2)
            with pytest.raises(NoAnswer):
                way.post(receiver.url, b"{}", {})
        assert way.post(receiver.url, b"{}", {}) == 200


def test_another_url_is_another_connection(receiver: Receiver) -> None:
    other = Receiver()
    with closing(HostConnection()) as way, closing(other):
        for url in (receiver.url, other.url, receiver.url):
            way.post(url, b"{}", {})
    assert (receiver.connections, other.connections) == (2, 1)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "localhost.",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "0.0.0.0",  # noqa: S104 - somewhere to send to; nothing listens there
        "2130706433",
        "10.0.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "224.0.0.1",
        "[::]",
        "[::127.0.0.1]",
        "[64:ff9b::a9fe:a9fe]",
        "[64:ff9b:1::a00:1]",
        "[2002:7f00:1::]",
        "[2001:0:7f00:1::]",
        "[fec0::1]",
        "[fd00::1]",
        "[fe80::1]",
        "[ff02::1]",
        "[5f00::1]",
    ],
)
def test_nothing_is_sent_to_this_machine_or_its_neighbours(host: str, receiver: Receiver, settings: Any) -> None:
    settings.WEBHOOKS_ALLOW_PRIVATE = False
    port = receiver.url.split(":")[2].split("/")[0]
    with pytest.raises(NotPublic):
        post(f"https://{host}:{port}/")
    assert receiver.connections == 0


@pytest.mark.parametrize(
    "address", ["93.184.215.14", "2606:2800:21f:cb07::1", "::ffff:93.184.215.14", "2002:5db8:d70e::"]
)
def test_what_is_on_the_internet_is_public(address: str) -> None:
    assert is_global(address)


@pytest.mark.parametrize(
    "address",
    [
        *("0.1.2.3", "10.255.255.255", "100.64.0.0", "100.127.255.255", "127.255.255.254", "169.254.0.1", "172.16.0.1"),
        *("172.31.255.255", "192.0.0.0", "192.0.0.8", "192.0.0.9", "192.0.0.170", "192.0.0.255", "192.0.2.1"),
        *("192.88.99.1", "192.168.0.1", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1"),
        *("239.255.255.255", "240.0.0.1", "255.255.255.255", "::", "::1", "::10.0.0.1", "::ffff:192.0.0.8"),
        *(
            "::ffff:0:10.0.0.1",
            "64:ff9b::8.8.8.8",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:0:808:808::1",
            "2001:2::1",
        ),
        *(
            "2001:10::1",
            "2001:20::1",
            "2001:db8::1",
            "2002:c000:8::1",
            "2002:a00:1::1",
            "3fff::1",
            "5f00::1",
            "fc00::1",
        ),
        *("fd00::1", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1"),
    ],
)
def test_what_is_for_something_else_is_not_public_on_any_version_of_python(address: str) -> None:
    assert not is_global(address)


@pytest.mark.parametrize(
    "address",
    ["1.1.1.1", "100.63.255.255", "100.128.0.0", "172.32.0.1", "192.0.1.1", "198.17.0.1", "198.20.0.1", "223.1.1.1"],
)
def test_what_lies_beside_those_is_public(address: str) -> None:
    assert is_global(address)


ODD_URLS = [
    *(
        "https://10.0.0.1\\@shop.example/",
        "https://shop.example\\@10.0.0.1/",
        "https:\\\\10.0.0.1/",
        "https:/\\10.0.0.1/",
    ),
    *("https://shop.example\\.evil.example/", "https://\\shop.example/", "https://shop.example/\\10.0.0.1"),
    *("https://shop.example\t/", "https://shop\n.example/", "https:// shop.example/", "https://shop.example /"),
    *("https://a@10.0.0.1/", "https://shop.example@10.0.0.1/", "https://a:b@shop.example/", "https://@/", "https:///x"),
    *("https://0177.0.0.1/", "https://0x7f.0.0.1/", "https://0x7f000001/", "https://2130706433/", "https://127.1/"),
    *("https://017700000001/", "https://127.0.0.1./", "https://08.8.8.8/", "https://1.1.1.1.1/", "https://shop.0x7f/"),
    *(
        "https://１２７.0.0.1/",
        "https://127。0。0。1/",
        "https://①②⑦.0.0.1/",
        "https://ⓛocalhost/",
        "https://localhost../",
    ),
    *("https://%31%32%37.0.0.1/", "https://127.0.0.1%2f@shop.example/", "https://[::1]/", "https://[fe80::1%25eth0]/"),
    *(
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:7f00:1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://[2002:7f00:1::]/",
    ),
    *("https://shop.example:0/", "https://shop.example:00/", "https://@shop.example/"),
    *("https://shop.example:99999/", "https://shop.example:x/", "https://shop.example:-1/", "https://192.0.0.8/"),
    *(
        "https://192.0.0.8:8443/",
        "https://",
        "https",
        "",
        "//10.0.0.1/",
        "javascript:alert(1)",
        "https://\x00/",
        "https://[/",
    ),
]


@pytest.mark.parametrize("url", ODD_URLS)
def test_what_could_be_read_as_a_private_host_is_neither_taken_nor_sent_to(url: str, settings: Any) -> None:
    settings.WEBHOOKS_ALLOW_PRIVATE = False
    assert http.why_not(url)
    if "shop" not in url:
        with pytest.raises(NoAnswer):
            post(url)


@pytest.mark.parametrize(
    "url",
    [
        *("https://shop.example", "https://shop.example/", "https://SHOP.example:8443/hook?a=b#c", "https://8.8.8.8/"),
        *(
            "https://[2606:2800:21f:cb07::1]/",
            "https://xn--strae-oqa.example/",
            "https://straße.example/",
            "https://shop.example./",
        ),
        *("https://a-b_c.example/%20", "https://shop.example/ä", "https://1.shop.example/", "https://4chan.example/@x"),
    ],
)
def test_what_is_on_the_internet_is_taken(url: str, settings: Any) -> None:
    settings.WEBHOOKS_ALLOW_PRIVATE = False
    assert http.why_not(url) == ""


def test_nothing_is_sent_in_the_clear_even_if_it_once_was_allowed(receiver: Receiver, settings: Any) -> None:
    settings.WEBHOOKS_ALLOW_PRIVATE = False
    with pytest.raises(NotSafe):
        post(receiver.url)
    assert receiver.connections == 0


class Names:
    """Answers for the name one after the other; the last one stays. Everything else is asked as ever."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *answers: list[str], name: str = "hook.example") -> None:
        self.answers, self.name = list(answers), name
        self.lookup = socket.getaddrinfo
        monkeypatch.setattr(socket, "getaddrinfo", self._asked)

    def _asked(self, host: Any, port: Any, *args: Any, **options: Any) -> Any:
        if host != self.name:
            return self.lookup(host, port, *args, **options)
        found = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [line for one in found for line in self.lookup(one, port, type=socket.SOCK_STREAM)]


@pytest.fixture
def connections(monkeypatch: pytest.MonkeyPatch, receiver: Receiver) -> list[Any]:
    return led_to(monkeypatch, receiver)


def led_to(monkeypatch: pytest.MonkeyPatch, receiver: Receiver) -> list[Any]:
    """Where connections were asked for; none leads out of this machine: all go to the receiver."""
    asked: list[Any] = []
    connect = socket.socket.connect

    def connected(self: socket.socket, address: Any) -> None:
        asked.append(address[0])
        connect(self, ("127.0.0.1", int(receiver.url.split(":")[2].split("/")[0])))

    monkeypatch.setattr(socket.socket, "connect", connected)
    return asked


PUBLIC = "93.184.215.14"


def test_a_name_that_means_something_else_a_moment_later_leads_to_what_was_checked(
    settings: Any, monkeypatch: pytest.MonkeyPatch, connections: list[Any]
) -> None:
    settings.WEBHOOKS_ALLOW_PRIVATE = False
    names = Names(monkeypatch, [PUBLIC], ["127.0.0.1"])
    with pytest.raises(NoAnswer):  # the receiver speaks no TLS
        post("https://hook.example/")
    assert connections == [PUBLIC]
    assert names.answers == [["127.0.0.1"]], "it was looked up once"


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """For `hook.example`, with its key; signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hook.example")])
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(datetime(2020, 1, 1)).not_valid_after(datetime(2120, 1, 1))  # noqa: DTZ001 - as it asks
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName("hook.example")]), critical=False)
    file = tmp_path / "hook.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(made.sign(key, SHA256()).public_bytes(Encoding.PEM) + private)
    return file


@pytest.mark.parametrize(("name", "is_answered"), [("hook.example", True), ("hook2.example", False)])
def test_what_was_checked_must_also_have_a_certificate_for_the_name(
    name: str, is_answered: bool, settings: Any, monkeypatch: pytest.MonkeyPatch, certificate: Path
) -> None:
    settings.WEBHOOKS_ALLOW_PRIVATE = False
    Names(monkeypatch, [PUBLIC], ["127.0.0.1"], name=name)
    monkeypatch.setattr(certifi, "where", lambda: str(certificate))
    receiver = Receiver(certificate)
    asked = led_to(monkeypatch, receiver)
    with closing(receiver), closing(HostConnection()) as way:
        for _ in range(3):
            if is_answered:
                assert way.post(f"https://{name}/", b"{}", {}) == 200
            else:
                with pytest.raises(NoAnswer, match="SSLError"):
                    way.post(f"https://{name}/", b"{}", {})
                break
    assert asked == [PUBLIC], "one connection serves for all"
    assert len(receiver.got) == (3 if is_answered else 0)


@pytest.mark.parametrize("found", [[PUBLIC, "10.0.0.1"], ["10.0.0.1", PUBLIC], [PUBLIC, "::1"]])
def test_a_name_with_one_private_address_is_refused_as_a_whole(
    found: list[str], settings: Any, monkeypatch: pytest.MonkeyPatch, connections: list[Any]
) -> None:
    settings.WEBHOOKS_ALLOW_PRIVATE = False
    Names(monkeypatch, found)
    with pytest.raises(NotPublic):
        post("https://hook.example/")
    assert connections == []


def test_each_address_of_a_name_is_tried(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    Names(monkeypatch, ["::1", "127.0.0.2", "127.0.0.1"])
    assert post(receiver.url.replace("127.0.0.1", "hook.example")) == 200


def test_all_addresses_together_have_the_one_deadline(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The queue of the listener is full: whoever knocks is not answered."""
    settings.WEBHOOKS_ALLOW_PRIVATE = True
    monkeypatch.setattr(http, "DEADLINE", 0.6)
    Names(monkeypatch, ["127.0.0.1"] * 60)
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, socket.create_connection(full.getsockname()):
        begun = time.monotonic()
        with pytest.raises(NoAnswer):
            post(f"http://hook.example:{full.getsockname()[1]}/")
    assert 0.3 < time.monotonic() - begun < 60 * 0.6


def test_a_name_server_that_hangs_costs_no_more_than_the_deadline(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.WEBHOOKS_ALLOW_PRIVATE = True
    monkeypatch.setattr(http, "DEADLINE", 0.3)
    over = threading.Event()

    def hang(*args: Any, **options: Any) -> Any:
        over.wait(PATIENCE)
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    begun = time.monotonic()
    try:
        with pytest.raises(NoAnswer, match="No response"):
            post("http://hook.example/")
        assert time.monotonic() - begun < PATIENCE
    finally:
        over.set()
