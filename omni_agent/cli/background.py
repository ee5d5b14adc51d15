"""An event loop in a thread of its own, so that an agent lives on while the terminal reads a line."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self, TypeVar

T = TypeVar("T")


class Background:
    """Runs coroutines there; all that still run are cancelled when it is left."""

    def __init__(self) -> None:
        self._runner = asyncio.Runner()
        self._loop = self._runner.get_loop()
        self._over = asyncio.Event()
        self._thread = threading.Thread(target=self._live, name="omni-agent-loop", daemon=True)
        self._task: asyncio.Task[Any] | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()

    def start(self, work: Coroutine[Any, Any, object]) -> None:
        """Let something run on its own."""
        asyncio.run_coroutine_threadsafe(work, self._loop)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Wait for something; Ctrl-C cancels it, lets it end, and is raised then."""
        ended = asyncio.run_coroutine_threadsafe(self._ended(work), self._loop)
        try:
            return ended.result().result()
        except KeyboardInterrupt:
            if self._task:
                self._loop.call_soon_threadsafe(self._task.cancel)
            ended.result()
            raise

    async def _ended(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        self._task = task = asyncio.ensure_future(work)
        await asyncio.wait([task])
        return task

    def _live(self) -> None:
        with self._runner:
            self._runner.run(self._over.wait())
