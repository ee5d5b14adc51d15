"""What a persona always has before it about a user: the weightiest facts, as of a moment, and its blocks."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, or_, select

from omni_agent.memory import Scope

from ..database import Database
from ..tables import Fact, ProfileBlock, Session
from .rows import read_moment, written
from .scoping import known_to, of_persona

_COLUMNS = ("id", "predicate", "object", "text", "recorded_at", "superseded_at", "valid_to")
MOST_FACTS = 90
"""Among how many the brief chooses."""


class Known(NamedTuple):
    """A fact as a brief tells it: `counts` is whether it still does."""

    predicate: str
    object: str
    text: str
    recorded_at: datetime
    counts: bool


class Profiles:
    """Profiles in a database. Every call may raise `MemoryStoreError`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def known_at(self, scope: Scope, at: datetime) -> dict[int, Known]:
        """The weightiest facts that counted at a moment, by number, the newer first of equals."""
        moment = written(at)
        query = (
            select(*(getattr(Fact, name) for name in _COLUMNS))
            .where(
                known_to(Fact, scope),
                Fact.recorded_at <= moment,
                or_(Fact.superseded_at.is_(None), Fact.superseded_at > moment),
                or_(Fact.valid_to.is_(None), Fact.valid_to > moment),
            )
            .order_by(Fact.importance.desc(), Fact.id.desc())
            .limit(MOST_FACTS)
        )
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).all()
        return {
            row.id: Known(
                row.predicate,
                row.object,
                row.text,
                read_moment(row.recorded_at),
                row.superseded_at is None and row.valid_to is None,
            )
            for row in rows
        }

    async def latest(self, scope: Scope, ids: Iterable[int]) -> dict[int, str]:
        """What counts now in the place of some facts, by the number of each: its sentence. A fact may have
        been replaced several times; one that ended is left out."""
        columns = (Fact.id, Fact.text, Fact.superseded_by, Fact.superseded_at, Fact.valid_to)
        standing = {number: number for number in ids}
        found: dict[int, str] = {}
        async with self._database.reading() as connection:
            while standing:
                query = select(*columns).where(known_to(Fact, scope), Fact.id.in_(set(standing.values())))
                rows = {row.id: row for row in await connection.execute(query)}
                following: dict[int, int] = {}
                for number, reached in standing.items():
                    row = rows.get(reached)
                    if row is None:
                        continue
                    if row.superseded_by:
                        following[number] = row.superseded_by
                    elif row.superseded_at is None and row.valid_to is None:
                        found[number] = row.text
                standing = following
        return found

    async def since(self, scope: Scope) -> datetime | None:
        """When this persona and the user first talked."""
        query = select(func.min(Session.started_at)).where(of_persona(Session, scope))
        async with self._database.reading() as connection:
            first = (await connection.execute(query)).scalar()
        return read_moment(first) if first else None

    async def blocks(self, scope: Scope) -> dict[str, str]:
        """The persona's own words about the user, by label."""
        query = (
            select(ProfileBlock.label, ProfileBlock.text)
            .where(of_persona(ProfileBlock, scope))
            .order_by(ProfileBlock.label)
        )
        async with self._database.reading() as connection:
            return {row.label: row.text for row in await connection.execute(query)}
