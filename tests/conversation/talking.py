"""A live conversation in virtual time, without models."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from omni_agent import Agent
from omni_agent.conversation import AgentSession
from omni_agent.events import AgentEvent, WordSpoken
from omni_agent.models.base import Capabilities, Modality
from omni_agent.senses import Senses
from omni_agent.testing import (
    FakeMicrophone,
    FakeSpeaker,
    LoopClock,
    SaidEars,
    SaidVoice,
    ScriptedActivity,
    ScriptedModel,
    ScriptedTurnEnd,
    Step,
)

E = TypeVar("E")


@dataclass
class Talk:
    """A conversation that goes on, and what was seen of it."""

    agent: Agent
    model: ScriptedModel
    session: AgentSession
    microphone: FakeMicrophone
    speaker: FakeSpeaker
    events: list[AgentEvent] = field(default_factory=list)

    def of(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]

    def words(self) -> str:
        return " ".join(event.text for event in self.of(WordSpoken))


@asynccontextmanager
async def attended(going: Talk) -> AsyncIterator[Talk]:
    """A conversation whose microphone is listened to and whose events are kept, while it lasts."""

    async def listen() -> None:
        async for frame in going.microphone.frames():
            await going.session.hear(frame)

    async def look() -> None:
        async for event in going.session.events():
            going.events.append(event)

    tasks = [asyncio.create_task(listen()), asyncio.create_task(look())]
    try:
        yield going
    finally:
        for task in tasks:
            task.cancel()


@asynccontextmanager
async def talk(
    *steps: Step,
    hands_free: bool = True,
    scores: dict[str, float] | None = None,
    idle: float | None = None,
    hears_in: float = 0.25,
    speaks_in: float = 0.1,
    voiceless: bool = False,
    inputs: Collection[Modality] = ("text",),
    **rest: Any,
) -> AsyncIterator[Talk]:
    """A conversation with a model that follows a script; what is said is heard in so many seconds."""
    clock = LoopClock()
    ears, voice = SaidEars(clock=clock, takes=hears_in), SaidVoice(clock=clock, takes=speaks_in)
    senses = Senses(ears=ears, voice=None if voiceless else voice)
    model = ScriptedModel(*steps, capabilities=Capabilities(inputs=frozenset(inputs)), senses=senses)
    agent = Agent(model=model, memory=None, clock=clock, **rest)
    microphone, speaker = FakeMicrophone(clock=clock), FakeSpeaker(clock=clock)
    async with (
        agent,
        agent.session(
            speaker=speaker,
            activity=ScriptedActivity(),
            turn_end=ScriptedTurnEnd(scores),
            hands_free=hands_free,
            idle=idle,
        ) as session,
        attended(Talk(agent, model, session, microphone, speaker)) as going,
    ):
        yield going
