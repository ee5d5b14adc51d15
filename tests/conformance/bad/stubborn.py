"""Tools that do not end, hold others up, or do not bear company."""

from __future__ import annotations

import time

from omni_agent.config import home
from omni_agent.tool import ToolContext, tool

_roses = 0


def _one_more(count: int) -> int:
    return count + 1


@tool(effect="write")
def count_on() -> str:
    """Count one rose more."""
    global _roses
    seen = _roses
    more = _one_more(seen)
    _roses = more
    return f"There are {more} roses."


@tool(effect="read")
def watch_grass() -> str:
    """Watch the grass grow."""
    for _ in range(300):
        time.sleep(0.02)
    return "It grew."


@tool(effect="read")
def watch_clouds(context: ToolContext) -> str:
    """Watch the clouds go by."""
    for _ in range(300):
        context.raise_if_cancelled()
        time.sleep(0.02)
    return "They went by."


@tool(effect="read", timeout=0.05)
def hurry() -> str:
    """Hurry through the garden."""
    time.sleep(0.2)
    return "Done in a hurry."


@tool(effect="read")
async def stand_in_the_way() -> str:
    """Stand in the way for a moment."""
    time.sleep(0.3)  # noqa: ASYNC251
    return "It is out of the way."


@tool(effect="write")
def label_rose(name: str) -> str:
    """Write a label for a rose.

    Args:
        name: What the rose is called.
    """
    with (home() / "label.txt").open("w") as file:
        file.write(name)
    return f"The label says {name}."


@tool(effect="read")
def shout_name(name: str) -> str:
    """Shout the name of a rose.

    Args:
        name: What the rose is called.
    """
    return name.encode("ascii", "replace").decode() + "!"
