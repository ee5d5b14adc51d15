"""One tool does not hear that it is cut off, ever; the other is fine."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from omni_agent.tool import tool


@tool(effect="read")
async def never_leave() -> str:
    """Never leave the garden again."""
    while True:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(1)


@tool(effect="read")
async def be_innocent() -> str:
    """Be innocent of all that."""
    return "It is innocent."
