"""Faults that can be seen without a call."""

from __future__ import annotations

import math
from dataclasses import dataclass

from omni_agent.tool import Tool, tool


@dataclass
class Bed:
    """A bed in the garden."""

    name: str
    rows: int


@tool(effect="read")
def CountRoses() -> str:  # noqa: N802
    """Count the roses in the garden."""
    return "There are 3 roses."


@tool(effect="read")
def calculate() -> str:
    """Calculate how many roses there are."""
    return "There are 3 roses."


@tool(effect="read")
def plan_bed(bed: Bed, unsaid: int) -> str:
    """Plan a bed of the garden.

    Args:
        bed: Which bed.
    """
    return f"The bed {bed.name} has {unsaid} rows."


@tool(effect="read")
def find_rose(colour: str = None) -> str:  # type: ignore[assignment]  # noqa: RUF013
    """Find a rose.

    Args:
        colour: Its colour.
    """
    return f"Found a {colour} rose."


@tool(effect="read")
def talk_at_length() -> str:
    """Tell of the roses. Then it tells of the beds, and of the trees. It goes on about the weather. And it
    never seems to come to an end, whatever the model does."""
    return "Well, well."


@tool(effect="read", timeout=math.inf)
def wait_for_spring() -> str:
    """Wait until spring comes."""
    return "It is spring."


async def _let_in(arguments: object, context: object) -> str:
    return "It is noted."


lax = Tool.from_schema(
    "note_bloom", "Note what is in bloom.", {"type": "object", "required": ["what"]}, _let_in
)
