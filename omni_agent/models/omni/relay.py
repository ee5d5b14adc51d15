"""From a worker's thread to the event loop; who stops listening stops the worker."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import Executor, Future
from contextlib import suppress
from typing import Generic, TypeVar

from ...errors import ModelError, OmniError
from .thinker import Stopped

T = TypeVar("T")

_FAILED = "ask again; where it happens again, load with device=cpu, or another release of transformers"
_LOOK_S = 1.0
"""How often a worker that waits looks whether there is still a loop."""
AHEAD = 64
"""How many items a worker may be ahead of its listener."""


class Relay(Generic[T]):
    """Carries items from a worker to the loop that it was made on."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._items: asyncio.Queue[T | Exception | None] = asyncio.Queue()
        self._room = threading.Semaphore(AHEAD)
        self._closed = threading.Event()

    def closed(self) -> bool:
        """Whether nobody listens any more."""
        return self._closed.is_set() or self._loop.is_closed()

    def put(self, item: T) -> None:
        """Hand over an item; waits where the listener is far behind. Called by the worker.

        Raises:
            Stopped: Nobody listens any more.
        """
        while not (self._room.acquire(timeout=_LOOK_S) or self.closed()):
            pass
        if self.closed():
            raise Stopped
        self._hand(item)

    def close(self) -> None:
        """Listen no more; the worker stops at its next token or frame."""
        self._closed.set()
        self._room.release()

    async def listen(self, workers: Executor, work: Callable[[], None]) -> AsyncGenerator[T, None]:
        """Run `work` in a thread, giving what it puts until it ends.

        Raises:
            OmniError: What `work` raised; anything else it raised is a `ModelError`.
        """
        future = workers.submit(work)
        future.add_done_callback(self._settle)
        try:
            while (item := await self._items.get()) is not None:
                if isinstance(item, Exception):
                    raise item
                yield item
                self._room.release()
        finally:
            self.close()
            future.cancel()

    def _settle(self, future: Future[None]) -> None:
        if future.cancelled() or isinstance(error := future.exception(), Stopped):
            self._hand(_closed())
        elif error is None or isinstance(error, OmniError):
            self._hand(error)
        else:
            self._hand(_failed(error))

    def _hand(self, item: T | Exception | None) -> None:
        # A closed loop has no listener.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._items.put_nowait, item)


def _closed() -> ModelError:
    return ModelError(
        "the model was closed while it answered", code="model_closed", remedy="ask again: it loads again"
    )


def _failed(error: BaseException) -> ModelError:
    reason = (str(error).strip() or type(error).__name__).splitlines()[0]
    if "out of memory" in reason.lower() or isinstance(error, MemoryError):
        return ModelError(
            "the device has no memory left for this answer",
            code="out_of_memory",
            remedy="send less at once, or load with talker=off or bits=4",
        )
    return ModelError(f"the model failed: {reason}", remedy=_FAILED)
