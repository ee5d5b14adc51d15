"""A bar's agent with seven tools, for the tests of what runs of what its model calls."""

from __future__ import annotations

from contextlib import aclosing
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from omni_agent import Agent, tool
from omni_agent.events import AgentEvent, ToolStarted, TurnEnded
from omni_agent.memory import Scope, TransientMemory
from omni_agent.messages import Message
from omni_agent.models.base import Capabilities
from omni_agent.senses import Senses
from omni_agent.testing import ScriptedEars, ScriptedModel, Step, VirtualClock

INVENTS = Capabilities(invents=True)
ran: list[tuple[str, dict[str, Any]]] = []


@tool
async def order(
    drink: Literal["latte", "espresso", "black tea"],
    size: Literal["small", "medium", "large"] | None = None,
    sugar: bool = False,
) -> str:
    """Order a drink.

    Args:
        drink: Which one.
        size: How large.
    """
    ran.append(("order", {"drink": drink, "size": size, "sugar": sugar}))
    return f"One {size or 'usual'} {drink}."


@tool
async def set_timer(minutes: float) -> str:
    """Start a countdown timer.

    Args:
        minutes: How long, in minutes.
    """
    ran.append(("set_timer", {"minutes": minutes}))
    return f"The timer runs for {minutes:g} minutes."


@tool(effect="read")
async def find_number(name: str) -> str:
    """Look up somebody's telephone number.

    Args:
        name: Whose.
    """
    ran.append(("find_number", {"name": name}))
    return f"{name}: 5550142"


@tool
async def call_number(number: str) -> str:
    """Call a telephone number.

    Args:
        number: Which one.
    """
    ran.append(("call_number", {"number": number}))
    return "It rings."


@tool(effect="irreversible")
async def delete_timer(minutes: int, copies: int | None = None) -> str:
    """Delete a timer.

    Args:
        minutes: How long it was to run, in minutes.
        copies: How many copies of it.
    """
    ran.append(("delete_timer", {"minutes": minutes, "copies": copies}))
    return f"Deleted {minutes}."


@tool
async def send_message(name: str, text: Annotated[str, Field(json_schema_extra={"x-ground": False})]) -> str:
    """Send a message to somebody.

    Args:
        name: To whom.
        text: What to write, in full.
    """
    ran.append(("send_message", {"name": name, "text": text}))
    return "Sent."


@tool
async def water_garden() -> str:
    """Water the flowers in the garden."""
    ran.append(("water_garden", {}))
    return "The flowers are wet."


TOOLS = (water_garden, order, set_timer, find_number, call_number, delete_timer, send_message)


def agent(
    *steps: Step,
    memory: TransientMemory | None = None,
    capabilities: Capabilities = INVENTS,
    ears: ScriptedEars | None = None,
    grounding: bool | None = None,
) -> Agent:
    model = ScriptedModel(*steps, capabilities=capabilities, senses=Senses(ears=ears))
    return Agent(
        name="Bar",
        model=model,
        memory=memory,
        tools=TOOLS,
        grounding=grounding,
        clock=VirtualClock(datetime(2026, 11, 23, 10, tzinfo=UTC)),
    )


async def collected(stream: Any) -> list[AgentEvent]:
    async with aclosing(stream) as events:
        return [event async for event in events]


async def turn(said: str, *steps: Step, memory: TransientMemory | None = None, **made: Any) -> Any:
    """The events of one turn, whose whole script was played."""
    asked = agent(*steps, memory=memory, **made)
    events = await collected(asked.stream(said, speak=False))
    assert isinstance(asked.model, ScriptedModel)
    asked.model.finish()
    assert isinstance(events[-1], TurnEnded)
    assert events[-1].status == "done"
    return events


def started(events: list[AgentEvent]) -> list[ToolStarted]:
    return [event for event in events if isinstance(event, ToolStarted)]


async def remembered(memory: TransientMemory) -> list[Message]:
    [record] = await memory.history(Scope("local", "Bar"), "default")
    return list(record.messages)
