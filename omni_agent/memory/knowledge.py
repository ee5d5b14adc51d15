"""A memory that also knows: facts, summaries of long conversations, and how to learn between turns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from .facts import Correction, Fact, Forgotten, Origin
from .records import Scope, TurnRecord
from .store import MemoryStore

if TYPE_CHECKING:
    from ..models.base import OmniModel


MOST_TURNS = 200
"""How many turns of a conversation that is never summed up a model is to see."""


@dataclass(frozen=True, slots=True)
class Window:
    """A conversation as a model is to see it: a summary of what is long ago, and the turns after that."""

    summary: str = ""
    turns: tuple[TurnRecord, ...] = ()

    def since(self, now: datetime) -> datetime:
        """When it begins: with its first turn, or now."""
        return self.turns[0].started_at if self.turns else now


@dataclass(frozen=True, slots=True)
class Brief:
    """What a persona should always know of a user, in words for the system prompt.

    Attributes:
        known: As it was at the asked moment, so that the words stay the same while a conversation goes on.
        blocks: What this persona is to the user, in words of its own, by label.
        changed: What no longer fits since then: sentences of the facts that took the place of others.
    """

    known: str = ""
    blocks: Mapping[str, str] = field(default_factory=dict)
    changed: tuple[str, ...] = ()


@runtime_checkable
class KnowledgeStore(MemoryStore, Protocol):
    """Memory with knowledge. Every call may raise `MemoryStoreError`."""

    async def window(self, scope: Scope, session: str) -> Window:
        """The conversation so far: its summary, and every turn that the summary does not cover."""
        ...

    async def brief(self, scope: Scope, at: datetime) -> Brief:
        """What is known of the user and of what this persona is to the user, as of `at`."""
        ...

    async def facts(
        self, scope: Scope, *, about: str = "", past: bool = False, limit: int = 50
    ) -> list[Fact]:
        """What is known, the most important first.

        Args:
            scope: Whose.
            about: Words to search by; empty for everything.
            past: Superseded facts too.
            limit: How many at most.
        """
        ...

    async def remember(self, scope: Scope, said: str, origin: Origin) -> list[Fact]:
        """Note what the user wants to be remembered ("my dentist is Dr. Huber"), as one fact or several."""
        ...

    async def correct(self, scope: Scope, said: str, told: str, origin: Origin) -> Correction:
        """Put right what the user says is wrong.

        Args:
            scope: Whose.
            said: The user's words: "no, it's Dr. Maier", "that's wrong".
            told: What the agent had said before, which names what is wrong.
            origin: The turn of the correction.
        """
        ...

    async def unlearn(self, scope: Scope, session: str, turn: str, origin: Origin) -> list[Fact]:
        """Take back what one turn taught; what that had taken the place of counts again.

        Args:
            scope: Whose.
            session: The conversation of the turn.
            turn: Its id.
            origin: The turn in which it is taken back.

        Returns:
            The facts that no longer count; none where the turn taught nothing that still does.
        """
        ...

    async def forget(self, scope: Scope, what: str = "") -> Forgotten:
        """Erase what is known about `what`: facts, the turns that they rest on and that speak of it,
        summaries made of those, and every trace of them in the file. Empty erases all of this scope."""
        ...

    async def study(self, model: OmniModel | None) -> bool:
        """Do one piece of the work that turns left behind; false where none is left.

        It may be cancelled at any moment, and is then done later.

        Args:
            model: Helps with it; None for only what can be done at once, without one.
        """
        ...


@runtime_checkable
class MovingWindow(Protocol):
    """Memory whose windows wait to move until a model has read what it will see then."""

    async def upcoming(self, scope: Scope, session: str) -> Window:
        """The conversation as `window` will give it when it has moved."""
        ...

    def move(self, scope: Scope, session: str) -> None:
        """From now on `window` gives what `upcoming` gave last."""
        ...


async def window_of(memory: MemoryStore, scope: Scope, session: str) -> Window:
    """The conversation so far, whether the memory sums up or not.

    Raises:
        MemoryStoreError: It cannot be read.
    """
    if isinstance(memory, KnowledgeStore):
        return await memory.window(scope, session)
    return Window(turns=tuple(await memory.history(scope, session, limit=MOST_TURNS)))
