"""uvicorn's protocols, with a limit on how long a request's head may take.

uvicorn waits for the first request of a connection, and for the rest of a head once it has begun, for as long
as the other side likes: a few thousand connections that send a byte now and then would hold all there are
(slow loris).
"""

from __future__ import annotations

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

_DROPPED = 4 << 20


class SocketProtocol(WebSocketsSansIOProtocol):
    """A live socket.

    Attributes:
        gone: Set when its connection is.
    """

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.gone = asyncio.Event()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.gone.set()


class HttpProtocol(H11Protocol):
    """HTTP/1.1. The same limit ends what goes on sending a body when it has its answer.

    Attributes:
        head_seconds: From the opening of a connection, or the first byte after an answer, to a head's end.
    """

    head_seconds = 10.0
    _late: asyncio.TimerHandle | None = None
    _dropped = 0

    @classmethod
    def within(cls, head_seconds: float) -> type[HttpProtocol]:
        """This protocol with a limit of its own."""
        return type("HttpProtocol", (cls,), {"head_seconds": head_seconds})

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if not self._waiting or self.transport.get_protocol() is not self:
            self._unwatch()
            return
        self._watch()
        if self.conn.their_state is h11.SEND_BODY:
            self._dropped += len(data)
            if self._dropped > _DROPPED:
                self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._unwatch()
        super().connection_lost(exc)

    @property
    def _waiting(self) -> bool:
        """No request is being answered."""
        return self.cycle is None or self.cycle.response_complete

    def _watch(self) -> None:
        if self._late is None and not self.transport.is_closing():
            self._late = self.loop.call_later(self.head_seconds, self._too_late)

    def _unwatch(self) -> None:
        if self._late:
            self._late.cancel()
            self._late = None

    def _too_late(self) -> None:
        self._late = None
        if self._waiting and not self.transport.is_closing():
            self.transport.close()


__all__ = ["HttpProtocol", "SocketProtocol"]
