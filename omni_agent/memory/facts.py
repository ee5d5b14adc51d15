"""What is known: statements about the user and the user's world, with their source and their time.

Facts are kept bi-temporally: when something held (`valid_from`, `valid_to`), and when it was noted and
replaced (`recorded_at`, `superseded_at`). A new fact supersedes an old one; nothing is overwritten.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

FactKind = Literal["fact", "preference", "relation", "event"]

USER = "user"
"""Subject of what is said about the user."""

AGENT = "agent"
"""Subject of what the user says about this persona: such facts never leave it."""


@dataclass(frozen=True, slots=True)
class Origin:
    """The turn that something was learnt from."""

    session: str
    turn: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Statement:
    """Something said to be true.

    Attributes:
        subject: `user`, `agent`, or the name of whom or what it is about: "Miezi".
        predicate: In snake_case: "dentist", "lives_in", "likes".
        object: The value: "Dr. Huber".
        text: The whole as one sentence in the third person: "The user's dentist is Dr. Huber."
        kind: What sort of statement.
        confidence: 0 to 1.
        many: Several values may hold at once ("likes", "has_child"); else a new value supersedes the old.
        ends: The statement ends what it says: "I no longer like tea", "we sold the car".
        valid_from: Since when it holds, or when it happened; None for unknown.
        valid_to: Until when; None where it holds still.
    """

    subject: str
    predicate: str
    object: str
    text: str
    kind: FactKind = "fact"
    confidence: float = 1.0
    many: bool = False
    ends: bool = False
    valid_from: datetime | None = None
    valid_to: datetime | None = None


@dataclass(frozen=True, slots=True)
class Fact:
    """A statement that was noted.

    Attributes:
        id: Its number in the store.
        said: What it says.
        recorded_at: When it was noted.
        superseded_by: Number of the fact that took its place; None while it is current.
        superseded_at: When that was.
        turns: Ids of the turns that it rests on.
        shared: It belongs to a circle of personas.
    """

    id: int
    said: Statement
    recorded_at: datetime
    superseded_by: int | None = None
    superseded_at: datetime | None = None
    turns: tuple[str, ...] = ()
    shared: bool = False

    @property
    def current(self) -> bool:
        """Whether it still counts: not superseded, and not past its time."""
        return self.superseded_at is None and self.said.valid_to is None


@dataclass(frozen=True, slots=True)
class Correction:
    """What became of "that's wrong": the facts that no longer count, and those in their place."""

    old: tuple[Fact, ...] = ()
    new: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What an erasure removed.

    Attributes:
        facts: Sentences of the facts.
        turns: How many turns.
        summaries: How many summaries.
        media: References of sounds and pictures that nothing refers to any more; their files are still to be
            deleted.
        sessions: `(persona, session)` of every conversation that lost something.
    """

    facts: tuple[str, ...] = ()
    turns: int = 0
    summaries: int = 0
    media: tuple[str, ...] = ()
    sessions: tuple[tuple[str, str], ...] = field(default=())
