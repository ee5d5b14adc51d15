"""One tool never gives the event loop back; the other is fine."""

from __future__ import annotations

from omni_agent.tool import tool


@tool(effect="read")
async def turn_round() -> str:
    """Turn round and round."""
    turns = 0
    while True:
        turns += 1


@tool(effect="read")
async def stand_still() -> str:
    """Stand still for a moment."""
    return "It stands still."
