"""Faults in what single calls give."""

from __future__ import annotations

import sys

from omni_agent.errors import ToolError
from omni_agent.tool import tool


class Rose:
    """Nothing that JSON can hold."""


@tool(effect="read")
def parse_length(length: str) -> str:
    """Read a length in centimetres.

    Args:
        length: The length, for example '12'.
    """
    return f"It is {int(length)} centimetres."


@tool(effect="read")
def name_rose(letter: str) -> str:
    """Name a rose by its letter.

    Args:
        letter: The letter, for example 'a'.
    """
    if letter != "a":
        raise ToolError("E42")
    return "It is the Alba rose."


@tool(effect="read")
def photograph_rose() -> bytes:
    """Take a picture of a rose."""
    return b"\x89PNG"


@tool(effect="read")
def fetch_rose() -> list[object]:
    """Fetch a rose from the garden."""
    return [Rose()]


@tool(effect="read")
def water_rose() -> None:
    """Say that the rose has water."""


@tool(effect="read")
def spell_rose() -> str:
    """Spell the name of the rose."""
    return "R\udcffse"


@tool(effect="read")
def ask_gardener() -> str:
    """Ask the gardener for news."""
    return {"roses": "3"}["tulips"]


@tool(effect="read")
def leave_garden() -> str:
    """Leave the garden by the gate."""
    sys.exit(4)
