"""What memory has for the user's words, within its budget, packed into few tokens.

A recollection that is not there in time is left out of the turn; nobody waits for it.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Sequence

from ..anticipation import LIMIT
from ..errors import MemoryStoreError
from ..memory import InView, Recollection
from ..state import Turn
from ..tokens import estimated_tokens

log = logging.getLogger(__name__)

CLOSE = 0.5
"""Beside words that ask for nothing, what meets less of them is left out: it would be recited, at a cost."""

_ASKS = re.compile(
    r"[?？]|か。?$|^\W*(?:and |so |well |please |hey |ok(?:ay)?,? )*(?:what|which|where|when|who|whose|why"
    r"|how|do|does|did|is|are|was|were|am|have|has|can|could|tell|remind|show|give|suggest|recommend|remember)\b",
    re.IGNORECASE,
)


async def recollected(turn: Turn, words: str, seen: InView) -> list[Recollection]:
    """What memory has for the user's words within the turn's budget; nothing where it fails or is late."""
    parts = turn.parts
    begun = parts.anticipation.take(turn.scope, turn.session, words)
    recall = begun or parts.memory.recall(turn.scope, words, limit=LIMIT, seen=seen)
    try:
        async with asyncio.timeout(parts.recall_budget):
            found = await recall
    except (MemoryStoreError, TimeoutError) as error:
        log.info("recall gave nothing: %s", error or "out of time")
        return []
    # A store that gives no scores is taken at its word.
    return found if _ASKS.search(words) else [item for item in found if not 0 < item.score < CLOSE]


def packed(recollections: Sequence[Recollection], tokens: int) -> list[str]:
    """The sentences of the best recollections that fit into so many tokens; those of the same words once."""
    kept: list[str] = []
    for item in recollections:
        size = estimated_tokens(item.text)
        if size <= tokens and item.text not in kept:
            kept.append(item.text)
            tokens -= size
    return kept
