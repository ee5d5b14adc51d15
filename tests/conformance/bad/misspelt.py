"""Its `__all__` names what is not there."""

from __future__ import annotations

from omni_agent.tool import tool

__all__ = ["tel_news", "tell_time"]  # noqa: F822  # pyright: ignore[reportUnsupportedDunderAll]


@tool(effect="read")
def tell_time() -> str:
    """Tell what the time is."""
    return "It is late."
