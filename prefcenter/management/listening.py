"""Whether a server can listen on a port, and why not. Without Django, for manage.py demo."""

import errno
import os
import socket
from argparse import ArgumentTypeError

#: Host and port.
Address = tuple[str, int]


def port(text: str) -> int:
    """The number of a port, for argparse. Raises ArgumentTypeError."""
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise ArgumentTypeError(f"'{text}' is not a port number from 1 to 65535")
    return int(text)


def resolve(host: str, port: int) -> tuple[socket.AddressFamily, Address]:
    """The family and the address to listen on for a host's name. Raises socket.gaierror for an unknown host."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, _, _, _, address = found[0]
    return family, (str(address[0]), port)


def why_not(family: socket.AddressFamily, address: Address) -> str:
    """Why a server cannot listen there, in sentences; "" if it can."""
    try:
        socket.create_server(address, family=family).close()
    except OSError as error:
        taken = error.errno == errno.EADDRINUSE
        why = "is already in use" if taken else f"can’t be used ({os.strerror(error.errno or 0)})"
        return f"Port {address[1]} on {address[0]} {why}. Choose another port with --port."
    return ""
