"""Learning between turns: in its time, never in the way of a turn."""

from __future__ import annotations

import asyncio
from datetime import datetime

import pytest

from omni_agent import Agent
from omni_agent.errors import ModelError, OmniError
from omni_agent.memory import (
    Brief,
    Correction,
    Fact,
    Forgotten,
    KnowledgeStore,
    Origin,
    Scope,
    TransientMemory,
    Window,
)
from omni_agent.models.base import OmniModel, Request
from omni_agent.testing import ScriptedModel, Step, VirtualClock

pytestmark = pytest.mark.anyio


class Knowing(TransientMemory):
    """A memory that has `pieces` of work to do, and what `holds` one up."""

    def __init__(self, pieces: int = 0) -> None:
        super().__init__()
        self.pieces = pieces
        self.done = 0
        self.sure = self.at_once = 0
        self.cut = 0
        self.error: Exception | None = None
        self.holds: asyncio.Event | None = None

    async def window(self, scope: Scope, session: str) -> Window:
        return Window("", tuple(await self.history(scope, session)))

    async def brief(self, scope: Scope, at: datetime) -> Brief:
        return Brief(known="The user's name is Anna.")

    async def facts(
        self, scope: Scope, *, about: str = "", past: bool = False, limit: int = 50
    ) -> list[Fact]:
        return []

    async def remember(self, scope: Scope, said: str, origin: Origin) -> list[Fact]:
        return []

    async def correct(self, scope: Scope, said: str, told: str, origin: Origin) -> Correction:
        return Correction()

    async def unlearn(self, scope: Scope, session: str, turn: str, origin: Origin) -> list[Fact]:
        return []

    async def forget(self, scope: Scope, what: str = "") -> Forgotten:
        return Forgotten()

    async def study(self, model: OmniModel | None) -> bool:
        if model is None:
            if isinstance(self.error, OmniError):
                raise self.error
            self.at_once += self.sure
            self.sure = 0
            return False
        if self.error:
            raise self.error
        if self.done >= self.pieces:
            return False
        try:
            if self.holds:
                await self.holds.wait()
        except asyncio.CancelledError:
            self.cut += 1
            raise
        self.done += 1
        return True


async def soon() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_work_begins_when_it_has_been_quiet_for_a_while() -> None:
    memory, clock = Knowing(3), VirtualClock()
    assert isinstance(memory, KnowledgeStore)
    async with Agent(model=ScriptedModel(Step(says="Hi.")), memory=memory, clock=clock) as agent:
        await agent.ask("hello", speak=False)
        await soon()
        assert memory.done == 0
        clock.advance(2)
        await agent.settled()
        assert memory.done == 3


async def test_what_needs_no_model_is_learnt_at_once_or_at_the_latest_when_it_ends() -> None:
    memory = Knowing(1)
    async with Agent(model=ScriptedModel(Step(says="Hi.")), memory=memory, clock=VirtualClock()) as agent:
        memory.sure = 1
        await agent.ask("hello", speak=False)
        await soon()
        assert (memory.at_once, memory.done) == (1, 0)
        memory.sure = 1
    assert (memory.at_once, memory.done) == (2, 0)


@pytest.mark.parametrize(("pieces", "readied"), [(0, [0]), (2, [0, 2])])
async def test_the_model_is_ready_for_the_next_turn_also_after_what_was_learnt(
    pieces: int, readied: list[int]
) -> None:
    """A summary moves the window: the next turn would wait for its whole prompt."""
    memory, seen = Knowing(pieces), list[int]()

    class Readied(ScriptedModel):
        async def prewarm(self, request: Request | None = None) -> None:
            if request and request.messages:
                seen.append(memory.done)

    async with Agent(model=Readied(Step(says="Hi.")), memory=memory, clock=VirtualClock()) as agent:
        await agent.ask("hello", speak=False)
        await agent.settled()
    assert seen == readied


async def test_settled_does_not_wait_for_the_quiet() -> None:
    memory = Knowing(2)
    async with Agent(model=ScriptedModel(Step(says="Hi.")), memory=memory, clock=VirtualClock()) as agent:
        await agent.ask("hello", speak=False)
        await agent.settled()
        assert memory.done == 2
        await agent.settled()
        assert memory.done == 2


async def test_a_turn_stops_the_work_and_what_is_left_is_done_after_it() -> None:
    memory, clock = Knowing(2), VirtualClock()
    memory.holds = asyncio.Event()
    model = ScriptedModel(Step(says="Hi."), Step(says="Yes."))
    async with Agent(model=model, memory=memory, clock=clock) as agent:
        await agent.ask("hello", speak=False)
        settling = asyncio.create_task(agent.settled())
        await soon()
        reply = await agent.ask("are you there?", speak=False)
        await settling
        assert (reply.text, memory.done, memory.cut) == ("Yes.", 0, 1)
        memory.holds.set()
        await agent.settled()
        assert memory.done == 2


@pytest.mark.parametrize("error", [ModelError("gone"), ValueError("broken")])
async def test_work_that_fails_costs_no_turn(error: Exception) -> None:
    memory = Knowing(1)
    memory.error = error
    model = ScriptedModel(Step(says="Hi."), Step(says="Yes."))
    async with Agent(model=model, memory=memory, clock=VirtualClock()) as agent:
        await agent.ask("hello", speak=False)
        await agent.settled()
        assert (await agent.ask("again", speak=False)).text == "Yes."


async def test_an_agent_that_learns_nothing_leaves_the_work() -> None:
    memory = Knowing(1)
    async with Agent(model=ScriptedModel(Step(says="Hi.")), memory=memory, learns=False) as agent:
        await agent.ask("hello", speak=False)
        await agent.settled()
        assert memory.done == 0


async def test_closing_ends_the_work() -> None:
    memory = Knowing(1)
    memory.holds = asyncio.Event()
    async with Agent(model=ScriptedModel(Step(says="Hi.")), memory=memory, clock=VirtualClock()) as agent:
        await agent.ask("hello", speak=False)
        settling = asyncio.create_task(agent.settled())
        await soon()
    await settling
    assert (memory.done, memory.cut) == (0, 1)


async def test_what_is_known_stands_before_the_conversation_and_stays_the_same() -> None:
    model = ScriptedModel(Step(says="Hi."), Step(says="Yes."))
    async with Agent(model=model, memory=Knowing(), clock=VirtualClock()) as agent:
        await agent.ask("hello", speak=False)
        await agent.ask("you there?", speak=False)
    first, second = model.requests
    known = "What the user has told you, newest last:\nThe user's name is Anna."
    assert first.background == second.background == known
