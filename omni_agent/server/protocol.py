"""uvicorn's protocols, with limits on how long a request's head, and the reading of an answer, may take.

uvicorn waits for the first request of a connection, and for the rest of a head once it has begun, for as long
as the other side likes: a few thousand connections that send a byte now and then would hold all there are
(slow loris).
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

_DROPPED = 4 << 20
# Messages, or bytes of one, from which a client has to wait until the application has taken them.
_MANY, _LARGE = 64, 64 << 10
# uvicorn notes the addresses of sockets with their queries, at INFO.
_log = logging.getLogger(f"{__name__}.sockets")
_log.setLevel(logging.WARNING)


def _is_told(record: logging.LogRecord) -> bool:
    """Text that is no UTF-8 is the client's doing, and told without the traceback that uvicorn gives it."""
    if record.exc_info and isinstance(record.exc_info[1], UnicodeDecodeError):
        record.exc_info = record.exc_text = None
        record.levelno, record.levelname = logging.WARNING, "WARNING"
    return True


_log.addFilter(_is_told)


class SocketProtocol(WebSocketsSansIOProtocol):
    """A live socket.

    Attributes:
        gone: Set when its connection is.
    """

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.gone = asyncio.Event()
        self.logger = _log
        # It would log the frames themselves.
        self.conn.debug = False
        self.app = self._answered(self.app)

    def _answered(self, app: Any) -> Any:
        async def answered(*asgi: Any) -> None:
            await app(*asgi)
            # uvicorn would complain of a socket that was refused by an answer.
            if self.initial_response is not None:
                self.handshake_complete = True

        return answered

    def send_receive_event_to_app(self) -> None:
        # uvicorn pauses the reading at every message until the application has taken it: two calls of the
        # system for each frame of sound.
        paused, self.read_paused = self.read_paused, True
        large = sum(map(len, self.frames)) > _LARGE
        super().send_receive_event_to_app()
        self.read_paused = paused
        if not paused and (large or self.queue.qsize() >= _MANY):
            self.read_paused = True
            self.transport.pause_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.gone.set()


class HttpProtocol(H11Protocol):
    """HTTP/1.1. The limit of a head also ends what goes on sending a body when it has its answer.

    Attributes:
        head_seconds: From the opening of a connection, or the first byte after an answer, to a head's end.
        stall_seconds: For which what was sent may wait to be read.
    """

    head_seconds = 10.0
    stall_seconds = 60.0
    _late: asyncio.TimerHandle | None = None
    _stalled: asyncio.TimerHandle | None = None
    _dropped = 0

    @classmethod
    def within(cls, head_seconds: float, stall_seconds: float) -> type[HttpProtocol]:
        """This protocol with limits of its own."""
        return type("HttpProtocol", (cls,), {"head_seconds": head_seconds, "stall_seconds": stall_seconds})

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if not self._waiting or self.transport.get_protocol() is not self:
            self._unwatch()
            self._dropped = 0
            return
        self._watch()
        if self.conn.their_state is h11.SEND_BODY:
            self._dropped += len(data)
            if self._dropped > _DROPPED:
                self.transport.close()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stalled = self.loop.call_later(self.stall_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._stalled:
            self._stalled.cancel()
            self._stalled = None

    def connection_lost(self, exc: Exception | None) -> None:
        self._unwatch()
        if self._stalled:
            self._stalled.cancel()
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
