"""A server of one scripted agent, in virtual time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette

from omni_agent import Agent, Persona
from omni_agent.memory import MemoryStore, TransientMemory
from omni_agent.models.base import Capabilities
from omni_agent.senses import Senses
from omni_agent.server.app import create_app
from omni_agent.server.hosting import Hosting
from omni_agent.server.realtime import Realtime
from omni_agent.testing import (
    LoopClock,
    SaidEars,
    SaidVoice,
    ScriptedActivity,
    ScriptedEyes,
    ScriptedModel,
    ScriptedTurnEnd,
    Step,
)


@dataclass
class Serving:
    """What is served, and what tests look at."""

    app: Starlette
    agent: Agent
    model: ScriptedModel
    ears: SaidEars
    voice: SaidVoice
    turn_end: ScriptedTurnEnd
    hosting: Hosting


@asynccontextmanager
async def serving(
    *steps: Step,
    model: ScriptedModel | None = None,
    memory: MemoryStore | None = None,
    tools: Sequence[Any] = (),
    capabilities: Capabilities | None = None,
    hears_in: float = 0.0,
    speaks_in: float = 0.0,
    otherwise: Any = None,
    scores: dict[str, float] | None = None,
    persona: Persona | None = None,
    **hosted: Any,
) -> AsyncIterator[Serving]:
    """An agent called "test", whose model follows a script."""
    clock = LoopClock()
    ears, voice = SaidEars(clock=clock, takes=hears_in), SaidVoice(clock=clock, takes=speaks_in, rate=24_000)
    senses = Senses(ears=ears, eyes=ScriptedEyes("EXIT"), voice=voice)
    made = model or ScriptedModel(*steps, senses=senses, capabilities=capabilities, otherwise=otherwise)
    agent = Agent(
        name="test",
        model=made,
        memory=memory or TransientMemory(),
        tools=tools,
        clock=clock,
        persona=persona,
        learns=False,
    )
    hosting = Hosting({"test": agent}, clock=clock, **hosted)
    turn_end = ScriptedTurnEnd(scores)
    realtime = Realtime(hosting, activity=ScriptedActivity, turn_end=turn_end)
    async with agent:
        # Here and not in a thread: what a busy machine takes for the imports is nobody's fault.
        assert agent.graph
        yield Serving(create_app(hosting, realtime.routes), agent, made, ears, voice, turn_end, hosting)
