"""A memory with a clock that stands still, and ways to put words into it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from omni_memory import SqliteMemory

from omni_agent.clock import SystemClock
from omni_agent.memory import Origin, Recollection, Scope, TurnRecord
from omni_agent.messages import Message, Text

ANNA = Scope("anna", "butler")
NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)


class StandingClock(SystemClock):
    """A clock that stands still."""

    def now(self) -> datetime:
        return NOW


class Talk:
    """A memory and a way to put turns into it."""

    def __init__(self, path: Path, *, vectors: bool | None = None) -> None:
        self.memory = SqliteMemory(path, clock=StandingClock(), vectors=vectors)
        self._numbers = count(100)

    async def say(
        self, said: str, answered: str = "", *, scope: Scope = ANNA, session: str = "s", days_ago: float = 30
    ) -> str:
        """Write a turn; its id comes back."""
        id_ = f"t{next(self._numbers)}"
        at = NOW - timedelta(days=days_ago)
        messages = (Message("user", (Text(said),)), Message("assistant", (Text(answered),)))
        await self.memory.commit(
            scope, TurnRecord(id_, session, messages, answered, answered, "done", at, at)
        )
        return id_

    async def ask(self, query: str, scope: Scope = ANNA, **options: Any) -> list[Recollection]:
        return await self.memory.recall(scope, query, **options)

    async def sources(self, query: str, scope: Scope = ANNA, **options: Any) -> list[str]:
        return [one.source for one in await self.ask(query, scope, **options)]

    async def note(self, *statements: str) -> None:
        """Have something remembered as a fact."""
        for said in statements:
            await self.memory.remember(ANNA, said, Origin("s", "t", NOW))


@asynccontextmanager
async def talking(path: Path, **options: Any) -> AsyncIterator[Talk]:
    talk = Talk(path, **options)
    yield talk
    await talk.memory.close()
