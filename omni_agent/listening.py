"""The socket that a server listens on."""

from __future__ import annotations

import socket

from .errors import ConfigError

_BACKLOG = 1024


def listening(host: str, port: int) -> socket.socket:
    """A socket that waits for connections; small packets leave at once on each that it takes.

    Args:
        host: Address or name.
        port: 0 takes a free one.

    Raises:
        ConfigError: The port cannot be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        bound = socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise ConfigError(
            f"{host} port {port} cannot be had: {error.strerror or error}", remedy="--port 0 takes a free one"
        ) from None
    # asyncio sets TCP_NODELAY only for sockets that name their protocol, which `create_server` does not: a
    # second small packet would wait 40 ms for the other side to acknowledge the first.
    return socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP, bound.detach())
