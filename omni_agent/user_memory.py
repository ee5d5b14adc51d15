"""One user's memory in the hands of a program: to look into it, add to it, take it along and erase it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .clock import Clock, SystemClock
from .erasure import Places, forget
from .errors import MemoryStoreError
from .ids import random_id
from .memory import (
    Contents,
    Fact,
    Forgotten,
    KnowledgeStore,
    Origin,
    Recollection,
    Restored,
    Scope,
    SessionSummary,
)
from .messages import JsonObject

if TYPE_CHECKING:
    from .state import Parts


class UserMemory:
    """What one persona keeps of one user. Every call may raise `MemoryStoreError`.

    Args:
        places: Where it is kept.
        scope: Whose it is.
        clock: Tells when something is noted.
    """

    def __init__(self, places: Places, scope: Scope, clock: Clock | None = None) -> None:
        self.scope = scope
        self._places = places
        self._clock = clock or SystemClock()

    @classmethod
    def of(cls, parts: Parts, user: str) -> UserMemory:
        """What an agent keeps of a user."""
        return cls(Places.of(parts), parts.scope(user), parts.clock)

    async def facts(self, about: str = "", *, past: bool = False, limit: int = 50) -> list[Fact]:
        """What is known, the most important first; with `about`, what fits these words best."""
        return await self._knowledge.facts(self.scope, about=about, past=past, limit=limit)

    async def search(self, query: str, *, limit: int = 8) -> list[Recollection]:
        """What was said and is known that fits, best first."""
        return await self._places.memory.recall(self.scope, query, limit=limit)

    async def sessions(self, *, limit: int = 50) -> list[SessionSummary]:
        """The latest conversations, newest first."""
        return await self._places.memory.sessions(self.scope, limit=limit)

    async def remember(self, said: str, *, session: str = "notes") -> list[Fact]:
        """Note what is so, as if the user had said it now: "I am allergic to nuts".

        Args:
            said: A sentence of the user's.
            session: The conversation that it is put in, as a turn of its own.
        """
        origin = Origin(session, f"note-{random_id()}", self._clock.now())
        return await self._knowledge.remember(self.scope, said, origin)

    async def forget(self, what: str = "", *, session: str = "") -> Forgotten:
        """Erase what is known about `what`, or one session, or where neither is given, all that there is."""
        return await forget(self._places, self.scope, what, session=session)

    async def preview(self, what: str = "", *, session: str = "") -> Forgotten:
        """What `forget` would erase."""
        return await self._places.archive.preview(self.scope, what, session=session)

    async def contents(self) -> Contents:
        """How much is kept, and where."""
        return await self._places.archive.contents(self.scope)

    async def export(self) -> JsonObject:
        """All that is kept, as one document."""
        return await self._places.archive.export(self.scope)

    async def restore(self, document: JsonObject) -> Restored:
        """Add what an exported document holds; all of it or nothing."""
        return await self._places.archive.restore(self.scope, document)

    @property
    def _knowledge(self) -> KnowledgeStore:
        memory = self._places.memory
        if not isinstance(memory, KnowledgeStore):
            raise MemoryStoreError(
                f"{type(memory).__name__} knows no facts", code="memory_uncontrolled", remedy="use `sqlite`"
            )
        return memory
