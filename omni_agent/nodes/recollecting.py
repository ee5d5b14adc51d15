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

MEETS = 0.7
"""What meets so much of the question is told even if the model has it before it anyway."""

SLIGHT, FULL = 0.3, 600
"""What meets less of the question is told only beside a background of so many tokens or none."""

_WORD = re.compile(r"\w+")
_QUOTED = re.compile(r'"(.*)"')


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


def beside(background: str, recollections: Sequence[Recollection]) -> list[Recollection]:
    """The recollections that the model does not have before it, and those that meet most of the question.

    What it has before it twice it recites, whether that answers the question or not; so it does with what
    meets little of the question, which is told only where the background cannot hold all that is known. But
    something lesser that stands alone it would take for the answer.
    """
    seen = _content(background)
    least = SLIGHT if 0 < estimated_tokens(background) < FULL else 0.0
    fitting = [item for item in recollections if item.score >= least or not item.score]
    new = [item for item in fitting if not _content(item.text) <= seen]
    best = max((item.score for item in new), default=1.0)
    return [item for item in fitting if item in new or item.score >= min(MEETS, best)]


def _content(text: str) -> set[str]:
    from ..grounding.words import FUNCTION_WORDS, stem

    quoted = _QUOTED.search(text) if "\n" not in text else None
    words = _WORD.findall((quoted[1] if quoted else text).casefold().replace("user", ""))
    return {stem(word) for word in words if word not in FUNCTION_WORDS}


def packed(recollections: Sequence[Recollection], tokens: int) -> list[str]:
    """The sentences of the best recollections that fit into so many tokens; those of the same words once."""
    kept: list[str] = []
    for item in recollections:
        size = estimated_tokens(item.text)
        if size <= tokens and item.text not in kept:
            kept.append(item.text)
            tokens -= size
    return kept
