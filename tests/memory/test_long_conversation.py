"""A long conversation: what a turn adds to the model's prompt stays as little as it was at first."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from datetime import timedelta
from pathlib import Path

import pytest
from omni_memory import SqliteMemory

from benchmarks.long_conversation import TOPICS, lines
from omni_agent import Agent
from omni_agent.agent import LOCAL_USER
from omni_agent.memory import Scope, TurnRecord
from omni_agent.messages import Message, Text
from omni_agent.models.base import ModelEvent, Request
from omni_agent.models.prompt import render
from omni_agent.testing import ScriptedModel, Step, VirtualClock
from omni_agent.tokens import estimated_tokens

pytestmark = pytest.mark.anyio

FRAME = 10
"""Tokens that a message needs beside its words, as `written` frames it."""

NAME = "Omni"
EARLIER = "Earlier in this conversation"
SAID = list(lines(200))


def bare(number: int) -> int:
    """Tokens that a turn adds at least."""
    return estimated_tokens(SAID[number - 1]) + FRAME


def answered(said: str) -> str:
    """Answers that are as much alike as the lines are."""
    matter = next((topic for topic in TOPICS if topic in said), "that")
    if said.endswith("?") or said.startswith("Tell"):
        return f"People like {matter} because they are beautiful and can be a source of wonder."
    return f"That's interesting! What do you think about {matter}?"


def written(request: Request) -> str:
    return "".join(f"<{message['role']}>{message['content']}" for message in render(request))


class Reader(ScriptedModel):
    """A model that counts the tokens which it has to read: those after what it has read before.

    What it is asked beside the conversation does not cost it the conversation's cache. Where it is `slow` it
    never comes to the end of a window that has moved.
    """

    def __init__(self) -> None:
        super().__init__(otherwise=self._answer)
        self.cached = ""
        self.new: list[int] = []
        self.slow = False
        self.begun = asyncio.Event()

    def _answer(self, request: Request) -> Step:
        said = request.messages[-1].text
        if NAME in request.system:
            return Step(says=answered(said))
        told = [line[6:].rstrip(".?!") for line in said.splitlines() if line.startswith("User: ")]
        return Step(says=" ".join(f"The user said: {line}." for line in told[:3]))

    def _read(self, request: Request) -> int:
        prompt = written(request)
        pairs = enumerate(zip(prompt, self.cached, strict=False))
        known = next((place for place, (new, old) in pairs if new != old), len(self.cached))
        self.cached = prompt
        return estimated_tokens(prompt[known:])

    async def stream(self, request: Request) -> AsyncGenerator[ModelEvent, None]:
        if NAME in request.system:
            self.new.append(self._read(request))
        async for event in super().stream(request):
            yield event

    async def prewarm(self, request: Request | None = None) -> None:
        if request and request.messages:
            if self.slow and EARLIER in request.background:
                self.begun.set()
                await asyncio.Event().wait()
            self._read(request)


async def remembered(memory: SqliteMemory, scope: Scope, clock: VirtualClock, first: int, last: int) -> None:
    """Turns from `first` up to `last`, as if they had been talked."""
    for number in range(first, last):
        said, reply = SAID[number - 1], answered(SAID[number - 1])
        at = clock.now() - timedelta(seconds=10 * (len(SAID) - number))
        messages = (Message("user", (Text(said),)), Message("assistant", (Text(reply),)))
        await memory.commit(scope, TurnRecord(f"t{number}", "long", messages, reply, reply, "done", at, at))


async def test_a_turn_adds_no_more_to_the_prompt_after_two_hundred_than_after_ten(tmp_path: Path) -> None:
    model, clock, added = Reader(), VirtualClock(), dict[int, int]()
    memory = SqliteMemory(tmp_path / "memory.db", clock=clock, vectors=False)
    async with Agent(name=NAME, model=model, memory=memory, clock=clock) as agent:
        scope, begun = agent.parts.scope(LOCAL_USER), 1
        for end in (10, 50, 100, 150, 200):
            await remembered(memory, scope, clock, begun, end - 4)
            begun = end + 1
            for number in range(end - 4, end + 1):
                await agent.ask(SAID[number - 1], session="long", speak=False)
                await agent.settled()
                added[number] = model.new[-1]
            # The model did not see what came before it.
            del added[end - 4]
    too_much = {number: tokens for number, tokens in added.items() if tokens > bare(number)}
    assert not too_much
    assert EARLIER in next(one.background for one in reversed(model.requests) if NAME in one.system)


async def test_a_turn_that_comes_before_the_moved_window_is_read_sees_the_old_one_once_more(
    tmp_path: Path,
) -> None:
    model, clock = Reader(), VirtualClock()
    memory = SqliteMemory(tmp_path / "memory.db", clock=clock, vectors=False)
    async with Agent(name=NAME, model=model, memory=memory, clock=clock) as agent:

        async def ask(number: int) -> str:
            await agent.ask(SAID[number - 1], session="long", speak=False)
            return next(one.background for one in reversed(model.requests) if NAME in one.system)

        await ask(1)
        await agent.settled()
        await remembered(memory, agent.parts.scope(LOCAL_USER), clock, 2, 80)
        await ask(80)
        model.slow = True
        settling = asyncio.create_task(agent.settled())
        await model.begun.wait()
        assert EARLIER not in await ask(81)
        assert model.new[-1] <= bare(81)
        await settling
        model.slow = False
        await agent.settled()
        assert EARLIER in await ask(82)
        assert model.new[-1] <= bare(82)
