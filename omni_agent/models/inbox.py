"""Carries what an engine says from a worker's thread to the event loop."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from contextlib import suppress

from ..errors import ModelError, OmniError
from .engine import Chunk

_LOOK_S = 1.0
"""How often an engine that waits looks whether there is still a loop."""


class Inbox:
    """Carries chunks from a worker's thread to the loop that it was made on.

    The engine is one chunk ahead at most: whoever holds on to a chunk, as a voice does that needs the
    processor, holds the engine.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.items: asyncio.Queue[Chunk | Exception | None] = asyncio.Queue()
        self.room = threading.Semaphore()
        self.closed = threading.Event()

    def take(self, chunk: Chunk) -> bool:
        """Hand over a chunk, when the one before was dealt with; true ends the generation."""
        while not (self.room.acquire(timeout=_LOOK_S) or self.closed.is_set()):
            if self._loop.is_closed():
                self.closed.set()
        if not self.closed.is_set():
            self._put(chunk)
        return self.closed.is_set()

    def close(self) -> None:
        """Nobody listens any more."""
        self.closed.set()
        self.room.release()

    def settle(self, future: Future[None]) -> None:
        """Hand over how the generation ended: None when it came to its end."""
        if future.cancelled() or self.closed.is_set():
            self._put(ModelError("the model was closed while it answered", code="model_closed"))
        elif (error := future.exception()) is None or isinstance(error, OmniError):
            self._put(error)
        else:
            self._put(ModelError(f"the language model failed: {error}"))

    def _put(self, item: Chunk | Exception | None) -> None:
        # A closed loop has no listener.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self.items.put_nowait, item)
