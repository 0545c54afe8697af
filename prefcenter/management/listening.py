"""Whether a server can listen on a port, and why not. It knows nothing of Django."""

import errno
import os
import socket

Address = tuple[str, int]


def resolve(host: str, port: int) -> tuple[socket.AddressFamily, Address]:
    """Raises socket.gaierror for a host that is not there."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, _, _, _, address = found[0]
    return family, (str(address[0]), port)


def why_not(family: socket.AddressFamily, address: Address) -> str:
    """A sentence that says why nobody can listen there; "" if somebody can."""
    try:
        socket.create_server(address, family=family).close()
    except OSError as error:
        taken = error.errno == errno.EADDRINUSE
        why = "is already in use" if taken else f"can’t be used ({os.strerror(error.errno or 0)})"
        return f"Port {address[1]} on {address[0]} {why}. Choose another port with --port."
    return ""
