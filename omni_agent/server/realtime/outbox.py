"""What goes to a client: one writer, a bounded queue, and numbers on every event."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Awaitable, Callable

from ...messages import JsonObject

FULL = 512 << 10
"""Characters that wait for a slow client before replies and reading pause."""

TOO_MUCH = 16 << 20
"""Characters that are more than anybody waits for: the client does not read."""


class Outbox:
    """Sends events in order.

    Args:
        send: Sends one frame; may wait while the client is slow.
        name: Of the session: events are numbered under it.

    Attributes:
        overflow: Set when far too much waits; what comes then is dropped.
    """

    def __init__(self, send: Callable[[str], Awaitable[None]], name: str) -> None:
        self._send = send
        self._name = name
        self._frames: deque[str] = deque()
        self._size = 0
        self._count = 0
        self._news = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._closed = False
        self.overflow = asyncio.Event()

    def put(self, event: JsonObject) -> None:
        """Queue an event."""
        if self._closed or self.overflow.is_set():
            return
        self._count += 1
        frame = json.dumps(
            {"event_id": f"event_{self._name}_{self._count}", **event},
            separators=(",", ":"),
        )
        self._frames.append(frame)
        self._size += len(frame)
        self._news.set()
        if self._size > FULL:
            self._room.clear()
        if self._size > TOO_MUCH:
            self.overflow.set()

    async def room(self) -> None:
        """Wait while the client is far behind."""
        await self._room.wait()

    def close(self) -> None:
        """Nothing more will be queued; `run` ends when all is sent."""
        self._closed = True
        self._news.set()

    async def run(self) -> None:
        """Send, until it is closed and empty."""
        try:
            while True:
                while self._frames:
                    frame = self._frames.popleft()
                    await self._send(frame)
                    self._size -= len(frame)
                    if self._size <= FULL:
                        self._room.set()
                if self._closed:
                    return
                self._news.clear()
                await self._news.wait()
        finally:
            # Nobody may wait for a writer that is gone.
            self._closed = True
            self._room.set()
