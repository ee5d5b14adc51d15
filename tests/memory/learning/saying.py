"""A user who says one thing after the other, each in a turn of its own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from omni_memory.predicates import is_many, kind_of, sentence
from omni_memory.repository.repository import Repository

from omni_agent.memory import USER, Fact, Origin, Scope, Statement, TurnRecord
from omni_agent.messages import Message, Part, Text

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
ANNA = Scope("anna", "butler")


def said(predicate: str, value: str, *, subject: str = USER, **fields: Any) -> Statement:
    """A statement in the words of its predicate."""
    told = sentence(subject, predicate, value)
    return Statement(subject, predicate, value, told, kind_of(predicate), many=is_many(predicate), **fields)


class Speaker:
    """Somebody who talks to a persona, a minute after the other."""

    def __init__(self, repository: Repository, scope: Scope = ANNA) -> None:
        self._repository = repository
        self._scope = scope
        self._count = 0

    @property
    def now(self) -> datetime:
        return NOON + timedelta(minutes=self._count)

    def turn(self) -> Origin:
        """The next turn."""
        self._count += 1
        return Origin("s", f"t{self._count}", self.now)

    async def states(self, *statements: Statement) -> list[Fact]:
        """Notes statements in a turn of their own."""
        origin = self.turn()
        return await self._repository.facts.note(self._scope, statements, origin, now=self.now, said="x")

    async def says(self, words: str, *parts: Part) -> TurnRecord:
        """Has a whole turn."""
        origin = self.turn()
        message = Message("user", (Text(words), *parts))
        record = TurnRecord(origin.turn, "s", (message,), "fine", "fine", "done", self.now, self.now)
        await self._repository.conversations.commit(self._scope, record)
        return record
