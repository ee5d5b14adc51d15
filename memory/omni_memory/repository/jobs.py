"""Work that turns leave behind, kept until it is done: an outbox in the same transaction as the turn."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from omni_agent.memory import Scope, TurnRecord

from ..database import Database
from ..tables import Job
from .rows import written

FACTS, READING, SUMMARY = "facts", "reading", "summary"
"""In this order: what rules can do, what a model reads, and what is summed up."""

MOST_ATTEMPTS = 3
"""How often a piece of work may fail before it is given up."""


@dataclass(frozen=True, slots=True)
class Work:
    """One piece: `kind` is `facts` or `reading` (of a turn) or `summary` (of a session; `turn` is empty)."""

    id: int
    scope: Scope
    session: str
    turn: str
    kind: str


def queue_study(connection: Connection, scope: Scope, turn: TurnRecord) -> None:
    """Have a turn that came to an end studied, and its session summed up if that has become long.

    What another agent asked says nothing about the user.
    """
    if turn.asked_by == "agent":
        return
    rows = [
        {
            "user": scope.user,
            "persona": scope.persona,
            "circle": scope.circle,
            "session": turn.session,
            "turn": name,
            "kind": kind,
            "attempts": 0,
            "created_at": written(turn.ended_at),
        }
        for kind, name in ((FACTS, turn.id), (SUMMARY, ""))
    ]
    connection.execute(insert(Job).on_conflict_do_nothing(), rows)


class Jobs:
    """The outbox. Every call may raise `MemoryStoreError`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def next(self, *, plain: bool = False) -> Work | None:
        """The oldest piece of work that is left, by kinds in their order; a `plain` one needs no model."""
        query = select(*Job.__table__.columns).order_by(Job.kind, Job.id).limit(1)
        if plain:
            query = query.where(Job.kind == FACTS)
        async with self._database.reading() as connection:
            row = (await connection.execute(query)).mappings().first()
        if row is None:
            return None
        scope = Scope(row["user"], row["persona"], row["circle"])
        return Work(row["id"], scope, row["session"], row["turn"], row["kind"])

    async def failed(self, work: Work) -> None:
        """Try it again later, but not for ever."""
        async with self._database.writing() as connection:
            await connection.execute(update(Job).where(Job.id == work.id).values(attempts=Job.attempts + 1))
            await connection.execute(delete(Job).where(Job.id == work.id, Job.attempts >= MOST_ATTEMPTS))


async def waits(connection: AsyncConnection, work: Work) -> bool:
    """Whether a piece of work is still left: it goes with the turn that it is of."""
    return (await connection.execute(select(Job.id).where(Job.id == work.id))).first() is not None


async def leave_to_model(connection: AsyncConnection, work: Work) -> None:
    """Have the rest of a turn read by a model, in the transaction that writes what the rules found."""
    await connection.execute(update(Job).where(Job.id == work.id).values(kind=READING))


async def done(connection: AsyncConnection, work: Work) -> None:
    """Take a piece of work off, in the transaction that writes what came of it."""
    await connection.execute(delete(Job).where(Job.id == work.id))
