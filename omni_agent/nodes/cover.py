"""No dead air: a tool that takes a while is covered by a few words, said once in a turn."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from ..events import ToolProgress
from ..messages import ToolCall
from ..state import Turn
from .saying import lend_voice

PATIENCE = 0.8


@asynccontextmanager
async def covered(turn: Turn, call: ToolCall) -> AsyncIterator[None]:
    """While the body runs: after `PATIENCE` seconds say that it takes a moment, if nothing was said yet."""
    if turn.delivery is None:
        yield
        return
    waiting = asyncio.create_task(_cover(turn, call))
    try:
        yield
    finally:
        waiting.cancel()
        with suppress(asyncio.CancelledError):
            await waiting


async def _cover(turn: Turn, call: ToolCall) -> None:
    await turn.parts.clock.sleep(PATIENCE)
    delivery = turn.delivery
    if delivery is None or not delivery.silent:
        return
    words = turn.parts.persona.filler(delivery.language, turn.id)
    turn.emit(ToolProgress(call.id, words))
    await lend_voice(turn, delivery)
    await delivery.interject(words)
