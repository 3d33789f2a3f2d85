"""The socket that the gateway listens on. The supervisor of workers opens it, too, so it needs nothing else."""

from __future__ import annotations

import errno
import socket

LISTEN_BACKLOG_CONNECTIONS = 2048


def listen(host: str, port: int) -> socket.socket:
    """
    Open a listening socket, before anything else starts, so that a port in use is reported first.

    Raises:
        SettingsError: the port is in use, or the address is not one of this machine.
    """
    try:
        return _open_socket(host, port)
    except OSError as exc:
        from student_graph.adapters.registry import SettingsError  # noqa: PLC0415 - a supervisor stays small

        if exc.errno == errno.EADDRINUSE:
            raise SettingsError(f"port {port} is in use; choose another one") from None
        raise SettingsError(f"cannot listen on {host} port {port}: {exc.strerror}") from None


def graph_url(listener: socket.socket) -> str:
    """The URL of the graph behind a listening socket."""
    host, port = listener.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/graphql"


def _open_socket(host: str, port: int) -> socket.socket:
    family, kind, proto, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listener = socket.socket(family, kind, proto)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(LISTEN_BACKLOG_CONNECTIONS)
    except OSError:
        listener.close()
        raise
    return listener
