"""A real receiver of webhooks, as a sender's system would have one: it answers as it is told and keeps what it got."""

import ssl
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from standardwebhooks.webhooks import Webhook


class Receiver:
    """`answers`: the statuses of the next answers; the last one stays. 0 hangs until the receiver ends.

    `answer` decides by the body instead. `connections`: so many were opened. With a `certificate` it speaks TLS.
    `waits_for_acknowledgements`: of the head of an answer, before it sends the body, as TCP does by itself.
    """

    def __init__(self, certificate: Path | None = None, *, waits_for_acknowledgements: bool = True) -> None:
        self._waits = waits_for_acknowledgements
        self.answers = [200]
        self.answer: Callable[[bytes], int] = self._next
        self.connections = 0
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.over = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        if certificate:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/hook"

    def verified(self, secret: str) -> list[Any]:
        """What arrived, by the convention's own library: a forged or old message raises."""
        return [Webhook(secret).verify(body, headers) for headers, body in self.got]

    def close(self) -> None:
        self.over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _next(self, body: bytes) -> int:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def _handler(receiver) -> type[BaseHTTPRequestHandler]:  # noqa: N805 - the handler has a self of its own
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = not receiver._waits

            def setup(self) -> None:
                receiver.connections += 1
                super().setup()

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
                status = receiver.answer(body)
                if status == 0:
                    receiver.over.wait()
                    self.close_connection = True
                    return
                self.send_response(status)
                self.send_header("Location", receiver.url)
                self.send_header("Content-Length", "5")
                self.end_headers()
                self.wfile.write(b"Hello")

            def log_message(self, *args: Any) -> None:
                pass

        return Handler
