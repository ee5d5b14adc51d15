"""An agent that is served."""

from __future__ import annotations

from omni_agent import Agent, ToolContext, tool
from omni_agent.testing import ScriptedModel

print("this must not get into the protocol")


@tool(effect="read")
def add(a: int, b: int, context: ToolContext) -> str:
    """Add two numbers."""
    print("nor must this")
    context.report("adding")
    return f"{a + b}"


@tool(effect="irreversible")
def burn() -> str:
    """Burn the house down."""
    return "burnt"


agent = Agent(name="Served", model=ScriptedModel(), memory=None, tools=[add, burn])
