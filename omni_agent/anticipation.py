"""Recalls that begin before the user has ended: half a sentence is often enough to know what is meant."""

from __future__ import annotations

import asyncio
import logging
import re
from dataclasses import dataclass, field
from datetime import datetime

from .memory import InView, MemoryStore, Recollection, Scope, window_of

log = logging.getLogger(__name__)

LIMIT = 8
"""How many recollections a turn asks for."""

_WORD = re.compile(r"[^\W_]+")


@dataclass(slots=True)
class Anticipation:
    """Recalls that began before the user had ended, one for each conversation."""

    _begun: dict[tuple[Scope, str], tuple[frozenset[str], asyncio.Task[list[Recollection]]]] = field(
        default_factory=dict
    )

    def begin(self, memory: MemoryStore, scope: Scope, session: str, words: str, now: datetime) -> None:
        """Recall for the words so far; what was begun for fewer is given up."""
        self.take(scope, session, "")
        task = asyncio.create_task(_recalled(memory, scope, session, words, now))
        task.add_done_callback(_look_at)
        self._begun[scope, session] = (_content(words), task)

    def take(self, scope: Scope, session: str, words: str) -> asyncio.Task[list[Recollection]] | None:
        """What was begun, if it was for just these words; else it is given up."""
        asked, task = self._begun.pop((scope, session), (frozenset[str](), None))
        if task and asked == _content(words):
            return task
        if task:
            task.cancel()
        return None

    def close(self) -> None:
        """Give up whatever was begun."""
        for _, task in self._begun.values():
            task.cancel()
        self._begun.clear()


async def _recalled(
    memory: MemoryStore, scope: Scope, session: str, words: str, now: datetime
) -> list[Recollection]:
    window = await window_of(memory, scope, session)
    return await memory.recall(scope, words, limit=LIMIT, seen=InView(session, window.since(now)))


def _content(words: str) -> frozenset[str]:
    return frozenset(word.casefold() for word in _WORD.findall(words))


def _look_at(task: asyncio.Task[list[Recollection]]) -> None:
    # Nobody may ever come for it; an error that is not looked at would be reported by the loop.
    if not task.cancelled() and (error := task.exception()):
        log.info("an early recall failed: %s", error)
