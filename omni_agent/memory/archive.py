"""What lies in the user's hands: to see what is kept, take it along, bring it back, and have it erased."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol, runtime_checkable

from ..messages import JsonObject
from .facts import Forgotten
from .records import Scope


@dataclass(frozen=True, slots=True)
class Block:
    """Words that a persona always has before it about a user, under a label: "relationship"."""

    label: str
    text: str
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Contents:
    """How much is kept of one user with one persona, and where.

    Attributes:
        sessions, turns, facts, past_facts, summaries, media: How many; `facts` are those that count now.
        blocks: The persona's own words about the user.
        path: The file, which others may share.
        bytes: Its size on disk, its write-ahead log included.
    """

    sessions: int
    turns: int
    facts: int
    past_facts: int
    summaries: int
    media: int
    blocks: tuple[Block, ...]
    path: Path
    bytes: int


@dataclass(frozen=True, slots=True)
class Restored:
    """How much an import added; what was there already is not counted."""

    turns: int
    facts: int
    summaries: int


@dataclass(frozen=True, slots=True)
class Retention:
    """How long things are kept; None for ever.

    Attributes:
        turns: Conversations, counted from a turn's end.
        media: Sounds and pictures; their turns stay, with what was heard and read in them.
        facts: What is known, counted from when it was noted.
        outlive: Facts stay when the turns go that they rest on; else they go with the last of those.
    """

    turns: timedelta | None = None
    media: timedelta | None = None
    facts: timedelta | None = None
    outlive: bool = False

    def __bool__(self) -> bool:
        return bool(self.turns or self.media or self.facts)


class Archive(Protocol):
    """Control over a memory. Every call may raise `MemoryStoreError`."""

    async def scopes(self, user: str) -> list[Scope]:
        """The personas that keep something of a user, each with its circle."""
        ...

    async def contents(self, scope: Scope) -> Contents:
        """How much is kept."""
        ...

    async def export(self, scope: Scope) -> JsonObject:
        """All that is kept, as one document (`docs/privacy.md` describes it)."""
        ...

    async def restore(self, scope: Scope, document: JsonObject) -> Restored:
        """Add what an exported document holds, whoever it was of; what is there already stays as it is.

        All of it is added or nothing.
        """
        ...

    async def preview(self, scope: Scope, what: str = "", *, session: str = "") -> Forgotten:
        """What `forget` would remove."""
        ...

    async def forget(self, scope: Scope, what: str = "", *, session: str = "") -> Forgotten:
        """Erase what is known about `what`, or one session, or where neither is given, all of this scope."""
        ...

    async def retain(self, retention: Retention) -> Forgotten:
        """Erase what is older than it may be, of all users; does so at most once a day."""
        ...


@runtime_checkable
class Archived(Protocol):
    """A memory that can be controlled."""

    @property
    def archive(self) -> Archive:
        """What the user may do with it."""
        ...
