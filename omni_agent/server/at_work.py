"""What a server is busy with: replies, for which a stop waits, and live sockets, which it closes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

Close = Callable[[int, str], Awaitable[None]]
GOING_AWAY = 1001


class AtWork:
    """Counts what runs.

    Attributes:
        stopping: Set when the server begins to stop. Streams that have no end of their own, of events for
            dashboards, end then; no new reply begins.
    """

    def __init__(self) -> None:
        self.stopping = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._replies = 0
        self._sockets: dict[object, Close] = {}

    @property
    def replies(self) -> int:
        """Replies that run."""
        return self._replies

    @property
    def sockets(self) -> int:
        """Sockets that live."""
        return len(self._sockets)

    @contextmanager
    def reply(self) -> Iterator[None]:
        """A reply, for which a stop waits: the guard enters it for a `POST`, live sessions for each reply."""
        self._replies += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._replies -= 1
            if not self._replies:
                self._idle.set()

    @contextmanager
    def socket(self, close: Close) -> Iterator[None]:
        """A live socket. The guard does this.

        Args:
            close: Closes it with a code and a reason.
        """
        key = object()
        self._sockets[key] = close
        try:
            yield
        finally:
            del self._sockets[key]

    async def stop(self, seconds: float) -> bool:
        """Let replies end within a limit, then close the sockets with 1001.

        Args:
            seconds: The limit.

        Returns:
            Whether all replies ended by themselves.
        """
        self.stopping.set()
        try:
            async with asyncio.timeout(seconds):
                await self._idle.wait()
            drained = True
        except TimeoutError:
            drained = False
        await asyncio.gather(
            *(close(GOING_AWAY, "the server stops") for close in list(self._sockets.values())),
            return_exceptions=True,
        )
        return drained
