"""A server on loopback for unmodified clients of the realtime protocol."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from omni_agent import Agent
from omni_agent.memory import TransientMemory
from omni_agent.messages import Text, ToolResult
from omni_agent.models.base import Request
from omni_agent.senses import Senses
from omni_agent.server import Hosting
from omni_agent.server.realtime import Realtime
from omni_agent.server.running import Place, running
from omni_agent.testing import SaidEars, SaidVoice, ScriptedActivity, ScriptedModel, ScriptedTurnEnd, Step

COUNT = "One, two, three. Four, five, six. Seven, eight, nine. Ten, eleven, twelve."


def answer(request: Request) -> Step:
    """What the model says: it counts when asked to, calls for the weather, and tells what came of it."""
    last = request.messages[-1]
    results = [part.content for part in last.parts if isinstance(part, ToolResult)]
    words = " ".join(part.text for part in last.parts if isinstance(part, Text)) or last.text
    tool = next((spec.name for spec in request.tools if "weather" in spec.name), None)
    if results:
        return Step(says=f"It is {results[0]}.")
    if "weather" in words and tool:
        return Step(says="Let me see.", calls={tool: {"city": "Oslo"}})
    if "count" in words:
        return Step(says=COUNT, pace=0.05)
    return Step(says=f"You said {words}.")


@asynccontextmanager
async def realtime_server() -> AsyncIterator[str]:
    """Its address, such as `http://127.0.0.1:40123`."""
    senses = Senses(ears=SaidEars(), voice=SaidVoice(rate=24_000))
    model = ScriptedModel(senses=senses, otherwise=answer)
    async with Agent(name="local-omni", model=model, memory=TransientMemory(), learns=False) as agent:
        # Clients have limits of their own, within which a busy machine imports nothing.
        assert agent.graph
        hosting = Hosting({"local-omni": agent})
        realtime = Realtime(hosting, activity=ScriptedActivity, turn_end=ScriptedTurnEnd())
        async with running(hosting, Place(), realtime.routes) as address:
            yield address
