"""A recall that begins before the user has ended."""

from __future__ import annotations

import asyncio

import pytest

from omni_agent import Agent
from omni_agent.errors import MemoryStoreError
from omni_agent.memory import InView, Recollection, Scope, TransientMemory
from omni_agent.testing import ScriptedModel, Step

pytestmark = pytest.mark.anyio


class Recalling(TransientMemory):
    """A memory that counts what it is asked and may be slow or broken."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.seen: list[InView | None] = []
        self.holds: asyncio.Event | None = None
        self.error: Exception | None = None

    async def recall(
        self, scope: Scope, query: str, *, limit: int = 8, seen: InView | None = None
    ) -> list[Recollection]:
        self.asked.append(query)
        self.seen.append(seen)
        if self.holds:
            await self.holds.wait()
        if self.error:
            raise self.error
        return [Recollection(f"Found for {query}.", "fact:1")]


async def context(memory: Recalling, said: str, *partial: str) -> str:
    model = ScriptedModel(Step(says="Yes."))
    async with Agent(model=model, memory=memory) as agent:
        for words in partial:
            agent.anticipate(words)
            await asyncio.sleep(0)
        await agent.ask(said, speak=False)
    return model.requests[0].context


async def test_what_was_begun_for_the_same_words_is_taken_up() -> None:
    memory = Recalling()
    assert "Found for who is my dentist." in await context(memory, "Who is my dentist?", "who is my dentist")
    assert memory.asked == ["who is my dentist"]
    assert [view.session for view in memory.seen if view] == ["default"]


async def test_other_words_are_asked_for_anew() -> None:
    memory = Recalling()
    assert "Found for Who is Eva?." in await context(memory, "Who is Eva?", "who is", "who is my")
    assert memory.asked[-1] == "Who is Eva?"


async def test_a_memory_that_is_late_or_fails_adds_nothing() -> None:
    late, broken = Recalling(), Recalling()
    late.holds, broken.error = asyncio.Event(), MemoryStoreError("gone")
    assert await context(late, "Who is Eva?") == ""
    assert await context(broken, "Who is Eva?", "who is eva") == ""
    assert await context(late, "Who is Eva?", "who is eva") == ""
