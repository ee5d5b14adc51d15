"""The seam to memory: what a store must do, and the records that go in and out.

`omni_memory` is the store that comes along; any entry point in the group `omni_agent.memory` that
gives a `MemoryStore` can take its place.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, runtime_checkable

from .events import Timings, TurnStatus, Usage
from .messages import Message


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose memory: nothing crosses from one `(user, persona)` to another."""

    user: str
    persona: str


@dataclass(frozen=True, slots=True)
class TurnRecord:
    """One finished turn, as it is remembered.

    Attributes:
        id: The turn's own id; writing the same id again replaces the record.
        session: The conversation it belongs to.
        messages: All of the turn, the user's message first, calls and results included.
        text: The whole answer.
        heard_text: What the user got of it; the next turn's model sees this, not `text`.
        status: How it ended.
        started_at: When the input came.
        ended_at: When the last of the answer left.
    """

    id: str
    session: str
    messages: tuple[Message, ...]
    text: str
    heard_text: str
    status: TurnStatus
    started_at: datetime
    ended_at: datetime
    timings: Timings = field(default_factory=Timings)
    usage: Usage = field(default_factory=Usage)


@dataclass(frozen=True, slots=True)
class Recollection:
    """Something that memory found relevant: a sentence for the model, and where it comes from."""

    text: str
    source: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SessionSummary:
    """One conversation in a listing."""

    id: str
    turns: int
    started_at: datetime
    last_at: datetime


@runtime_checkable
class MemoryStore(Protocol):
    """Persistent memory of conversations. Every call may raise `MemoryStoreError`."""

    async def history(self, scope: Scope, session: str, *, limit: int = 40) -> list[TurnRecord]:
        """The session's last `limit` turns, oldest first."""
        ...

    async def recall(self, scope: Scope, query: str, *, limit: int = 8) -> list[Recollection]:
        """What is worth knowing for `query`, best first, from other sessions and from facts."""
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


class TransientMemory:
    """Memory that lasts as long as the process: for examples, tests and agents that should forget."""

    def __init__(self) -> None:
        self._turns: dict[tuple[Scope, str], dict[str, TurnRecord]] = {}

    async def history(self, scope: Scope, session: str, *, limit: int = 40) -> list[TurnRecord]:
        return list(self._turns.get((scope, session), {}).values())[-limit:]

    async def recall(self, scope: Scope, query: str, *, limit: int = 8) -> list[Recollection]:
        return []

    async def commit(self, scope: Scope, turn: TurnRecord) -> None:
        self._turns.setdefault((scope, turn.session), {})[turn.id] = turn

    async def sessions(self, scope: Scope, *, limit: int = 50) -> list[SessionSummary]:
        found = [
            (name, list(turns.values())) for (owner, name), turns in self._turns.items() if owner == scope
        ]
        made = [SessionSummary(name, len(t), t[0].started_at, t[-1].ended_at) for name, t in found]
        return sorted(made, key=lambda summary: summary.last_at, reverse=True)[:limit]

    async def close(self) -> None:
        self._turns.clear()
