"""What the ears are told to expect."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Literal

import pytest

from omni_agent import Agent, tool
from omni_agent.errors import MemoryStoreError
from omni_agent.memory import MemoryStore, Scope, TransientMemory
from omni_agent.messages import Hearing
from omni_agent.senses import Senses
from omni_agent.speech.pcm import Pcm
from omni_agent.testing import ScriptedEars, ScriptedModel, Step

pytestmark = pytest.mark.anyio


@tool
async def brew(roast: Literal["light", "dark_roast"]) -> str:
    """Brew coffee.

    Args:
        roast: How dark.
    """
    return "Brewing."


class AttentiveEars(ScriptedEars):
    """Ears that remember what they were told."""

    def __init__(self, *hearings: Hearing) -> None:
        super().__init__(*hearings)
        self.hints: list[tuple[str, ...]] = []

    async def transcribe(
        self, audio: Pcm, *, language: str = "", hints: Sequence[str] = (), timed: bool = True
    ) -> Hearing:
        self.hints.append(tuple(hints))
        return await super().transcribe(audio, language=language, hints=hints, timed=timed)


async def told(memory: MemoryStore | None, *before: str, tools: Sequence[Any] = (brew,)) -> tuple[str, ...]:
    """The hints for a spoken turn that comes after written ones."""
    ears = AttentiveEars(Hearing("and now", "en", 0.9, 0.9))
    steps = [Step(says="Fine.") for _ in (*before, "spoken")]
    agent = Agent(
        name="Bar", model=ScriptedModel(*steps, senses=Senses(ears=ears)), memory=memory, tools=tools
    )
    for words in before:
        await agent.ask(words, speak=False)
    reply = await agent.ask(audio=Pcm.silence(0.5, 16_000), speak=False)
    assert (reply.text, reply.status) == ("Fine.", "done")
    [hints] = ears.hints
    return hints


async def test_the_ears_expect_what_the_tools_take() -> None:
    assert await told(None) == ("light", "dark roast", "brew")
    assert await told(None, tools=()) == ()


async def test_the_ears_expect_names_of_the_conversation() -> None:
    hints = await told(TransientMemory(), "my cat is Miezi", "call Siobhan Kelly")
    assert hints == ("light", "dark roast", "Siobhan Kelly", "Miezi", "brew")


async def test_another_conversations_names_are_not_expected() -> None:
    memory = TransientMemory()
    other = Agent(name="Bar", model=ScriptedModel(Step(says="Fine.")), memory=memory)
    await other.ask("call Siobhan Kelly", session="other", speak=False)
    assert await told(memory) == ("light", "dark roast", "brew")


class Broken(TransientMemory):
    """History fails; the rest works."""

    async def history(self, scope: Scope, session: str, *, limit: int = 40) -> Any:
        raise MemoryStoreError("the disk is gone", remedy="plug it in")


class Slow(TransientMemory):
    """A short history never comes; the long one of the turn itself does."""

    async def history(self, scope: Scope, session: str, *, limit: int = 40) -> Any:
        if limit < 40:
            await asyncio.Event().wait()
        return await super().history(scope, session, limit=limit)


@pytest.mark.parametrize("memory", [Broken, Slow])
async def test_memory_that_fails_or_is_late_costs_its_names_only(memory: type[TransientMemory]) -> None:
    assert await told(memory(), "call Siobhan Kelly") == ("light", "dark roast", "brew")


async def test_a_model_with_ears_of_its_own_needs_no_hints() -> None:
    from omni_agent.models.base import Capabilities

    ears = AttentiveEars()
    hears = Capabilities(inputs=frozenset({"text", "audio"}))
    model = ScriptedModel(Step(says="Fine."), capabilities=hears, senses=Senses(ears=ears))
    await Agent(model=model, memory=None, tools=[brew]).ask(audio=Pcm.silence(0.5, 16_000), speak=False)
    assert ears.hints == []
