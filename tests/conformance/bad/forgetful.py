"""What is kept gets lost in company, without a word; and one that writes holds up all the others."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

from omni_agent.config import home
from omni_agent.tool import ToolContext, tool


def _beds(path: Path) -> dict[str, str]:
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}


@tool(effect="write")
def book_bed(context: ToolContext) -> str:
    """Book a bed in the garden."""
    beds, key = _beds(home() / "beds.json"), context.idempotency_key
    beds[key] = "booked"
    new = home() / f"{key}.new"
    new.write_text(json.dumps(beds), encoding="utf-8")
    new.replace(home() / "beds.json")
    return "It is booked."


@tool(effect="write")
async def enter_bed(context: ToolContext) -> str:
    """Enter a bed in the book."""
    path = home() / "entered.json"
    beds = _beds(path)
    await asyncio.sleep(0)
    beds[context.idempotency_key] = "entered"
    path.write_text(json.dumps(beds), encoding="utf-8")
    return "It is entered."


@tool(effect="write")
async def hold_up() -> str:
    """Hold everybody up for a moment."""
    time.sleep(0.3)  # noqa: ASYNC251
    return "Everybody was held up."


@tool(effect="read")
async def tell_news() -> str:
    """Tell what is new in the garden."""
    return "There is nothing new."
