"""A connection to the server under check: text out, text or bytes in."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Protocol, TypeAlias
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from ...errors import ConfigError, ModelUnavailable

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

# The reference asks for frames within 1 MiB; a larger one is to be seen and told, not to end the connection.
_LARGEST = 64 * 1024 * 1024
_WITHOUT_PATH = frozenset({"", "/", "/v1", "/v1/", "/openai", "/openai/v1"})

# At its finest level the library writes down headers, and so the key.
_unheard = logging.Logger("omni_agent.testing.realtime_conformance", level=logging.CRITICAL)
_unheard.addHandler(logging.NullHandler())


class Closed(Exception):
    """The server has closed the connection.

    Args:
        code: As in RFC 6455, section 7.4.
        why: What it gave as its reason.
    """

    def __init__(self, code: int, why: str = "") -> None:
        super().__init__(f"it closed the connection: {code} {why}".strip())
        self.code = code


class Wire(Protocol):
    """An open connection."""

    @property
    def subprotocol(self) -> str | None:
        """Which of the offered ones the server took."""
        ...

    async def send(self, text: str) -> None:
        """Send a text frame.

        Raises:
            Closed: The connection is gone.
        """
        ...

    async def receive(self) -> str | bytes:
        """The next frame; may be cancelled without loss.

        Raises:
            Closed: The connection is gone.
        """
        ...

    async def close(self) -> None:
        """Close it; well if it is closed."""
        ...


Dial: TypeAlias = Callable[[Sequence[str]], Awaitable[Wire]]
"""Opens a connection and offers these subprotocols."""


def address(url: str, model: str = "") -> str:
    """Where the socket is: `http` becomes `ws`, and a path that names no socket gets `/realtime`.

    Args:
        url: Of the server, as in `http://127.0.0.1:8000/v1`, or of the socket itself.
        model: What to ask for; empty for what the address says.

    Raises:
        ConfigError: It is no such address.
    """
    parts = urlsplit(url)
    schemes = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}
    if parts.scheme not in schemes or not parts.hostname:
        raise ConfigError(f"'{url}' is no address of a server", remedy="such as http://127.0.0.1:8000/v1")
    path = parts.path.rstrip("/")
    if parts.path in _WITHOUT_PATH:
        path = f"{path or '/v1'}/realtime"
    asked = dict(parse_qsl(parts.query)) | ({"model": model} if model else {})
    return urlunsplit((schemes[parts.scheme], parts.netloc, path, urlencode(asked), ""))


def dialler(url: str, key: str = "", *, limit: float = 10.0) -> Dial:
    """Opens WebSockets.

    Args:
        url: Of the socket.
        key: Sent as the bearer's; empty for a server that wants none.
        limit: Seconds that opening may take.
    """

    async def dial(subprotocols: Sequence[str]) -> Wire:
        from websockets.asyncio.client import connect
        from websockets.exceptions import InvalidHandshake, InvalidStatus, InvalidURI
        from websockets.typing import Subprotocol

        try:
            connection = await connect(
                url,
                additional_headers={"Authorization": f"Bearer {key}"} if key else None,
                subprotocols=[Subprotocol(name) for name in subprotocols] or None,
                open_timeout=limit,
                max_size=_LARGEST,
                max_queue=None,
                logger=_unheard,
                proxy=None,
            )
        except InvalidStatus as refused:
            status = refused.response.status_code
            wanted = "--key, or what the server calls a key" if status in (401, 403) else "check the address"
            raise ModelUnavailable(f"the server refuses the socket: HTTP {status}", remedy=wanted) from None
        except (OSError, TimeoutError, InvalidHandshake, InvalidURI) as error:
            why = type(error).__name__
            raise ModelUnavailable(f"the socket cannot be opened: {why}", remedy="is it running?") from None
        return _Socket(connection)

    return dial


class _Socket:
    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    @property
    def subprotocol(self) -> str | None:
        return self._connection.subprotocol

    async def send(self, text: str) -> None:
        from websockets.exceptions import ConnectionClosed

        try:
            await self._connection.send(text)
        except ConnectionClosed as closed:
            raise _closed(closed) from None

    async def receive(self) -> str | bytes:
        from websockets.exceptions import ConnectionClosed

        try:
            return await self._connection.recv()
        except ConnectionClosed as closed:
            raise _closed(closed) from None

    async def close(self) -> None:
        await self._connection.close()


def _closed(closed: Exception) -> Closed:
    frame = getattr(closed, "rcvd", None)
    return Closed(frame.code, frame.reason) if frame else Closed(1006)
