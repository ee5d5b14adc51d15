"""What memory has for the user's words, within its budget, packed into few tokens.

A recollection that is not there in time is left out of the turn; nobody waits for it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from ..anticipation import LIMIT
from ..errors import MemoryStoreError
from ..memory import InView, Recollection
from ..state import Turn
from ..tokens import estimated_tokens

log = logging.getLogger(__name__)


async def recollected(turn: Turn, words: str, seen: InView) -> list[Recollection]:
    """What memory has for the user's words within the turn's budget; nothing where it fails or is late."""
    parts = turn.parts
    begun = parts.anticipation.take(turn.scope, turn.session, words)
    recall = begun or parts.memory.recall(turn.scope, words, limit=LIMIT, seen=seen)
    try:
        async with asyncio.timeout(parts.recall_budget):
            return await recall
    except (MemoryStoreError, TimeoutError) as error:
        log.info("recall gave nothing: %s", error or "out of time")
        return []


def packed(recollections: Sequence[Recollection], tokens: int) -> list[str]:
    """The sentences of the best recollections that fit into so many tokens; those of the same words once."""
    kept: list[str] = []
    for item in recollections:
        size = estimated_tokens(item.text)
        if size <= tokens and item.text not in kept:
            kept.append(item.text)
            tokens -= size
    return kept
