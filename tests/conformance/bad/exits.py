"""One tool ends the interpreter; the other is fine."""

from __future__ import annotations

import os

from omni_agent.tool import tool


@tool(effect="read")
def pull_plug() -> str:
    """Pull the plug of the pump."""
    os._exit(3)


@tool(effect="read")
def look_at_pump() -> str:
    """Look whether the pump runs."""
    return "It runs."
