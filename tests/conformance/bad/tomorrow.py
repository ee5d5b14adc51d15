"""Made for a plugin interface that is not there yet."""

from __future__ import annotations

from omni_agent.tool import tool

__omni_api__ = 99


@tool(effect="read")
def foresee() -> str:
    """Tell what tomorrow brings."""
    return "Rain."
