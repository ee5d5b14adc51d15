"""What an agent needs of a memory: turns are written, read and found again."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from .records import InView, Recollection, Scope, SessionSummary, TurnRecord


@runtime_checkable
class MemoryStore(Protocol):
    """Persistent memory of conversations. Every call may raise `MemoryStoreError`."""

    async def history(self, scope: Scope, session: str, *, limit: int = 40) -> list[TurnRecord]:
        """The session's last `limit` turns, oldest first."""
        ...

    async def recall(
        self, scope: Scope, query: str, *, limit: int = 8, seen: InView | None = None
    ) -> list[Recollection]:
        """What is worth knowing for `query`, best first; nothing where nothing fits.

        Args:
            scope: Whose memory.
            query: The user's words, or a part of them.
            limit: How many at most.
            seen: What the model sees anyway. With it the words are those of a conversation, and what is found
                is what is worth the time that a model takes to read it; without it, all that fits.
        """
        ...

    async def commit(self, scope: Scope, turn: TurnRecord) -> None:
        """Write a turn; when this returns it survives a power cut of the process."""
        ...

    async def sessions(self, scope: Scope, *, limit: int = 50) -> list[SessionSummary]:
        """The latest conversations, newest first."""
        ...

    async def close(self) -> None:
        """Release the database."""
        ...
