"""Cutting work off at any step that it takes in an SQLite file."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import aiosqlite
import pytest


class Scissors:
    """Cancels a task as it asks for the n-th thing of its asynchronous connections."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        execute = aiosqlite.Connection._execute
        self._left = 0
        self._task: asyncio.Task[Any] | None = None

        async def cutting(connection: aiosqlite.Connection, *args: Any, **options: Any) -> Any:
            self._left -= 1
            if self._left == 0 and self._task:
                self._task.cancel()
            return await execute(connection, *args, **options)

        monkeypatch.setattr(aiosqlite.Connection, "_execute", cutting)

    async def cut(self, work: Coroutine[Any, Any, Any], step: int) -> asyncio.Task[Any]:
        """Do `work`, cut off at its `step`-th step; cancelled unless it had fewer."""
        self._left, self._task = step, asyncio.create_task(work)
        await asyncio.wait([self._task])
        done, self._task = self._task, None
        return done
