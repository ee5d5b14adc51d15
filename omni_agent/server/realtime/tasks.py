"""The tasks of a session: each is joined before the session is over."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

log = logging.getLogger(__name__)


class Tasks:
    """Starts tasks, and ends them all.

    A task that fails by a defect is logged and costs nothing but what it was to do.
    """

    def __init__(self) -> None:
        self._running: set[asyncio.Task[Any]] = set()

    def __len__(self) -> int:
        return len(self._running)

    def start(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Begin."""
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    async def close(self, patience: float = 0.0) -> None:
        """End them all, and wait until they have.

        Args:
            patience: Seconds that they may go on by themselves first.
        """
        if patience and self._running:
            await asyncio.wait(self._running, timeout=patience)
        while self._running:
            for task in self._running:
                task.cancel()
            await asyncio.wait(self._running)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()):
            from ...errors import OmniError

            # Ours is told by whoever waits for it.
            if not isinstance(error, OmniError):
                log.error("a task of a realtime session failed", exc_info=error)
