"""What a persona always has before it about a user: the weightiest facts, as of a moment, and its blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import NamedTuple, TypeVar

from sqlalchemy import Connection, func, or_, select

from omni_agent.memory import Scope

from ..database import Database
from ..tables import Fact, FactSource, ProfileBlock, Session
from .rows import read_moment, written
from .scoping import known_to, of_persona

T = TypeVar("T")

_COLUMNS = ("id", "predicate", "object", "text", "recorded_at", "superseded_at", "valid_to")
MOST_FACTS = 90
"""Among how many the brief chooses."""


class Known(NamedTuple):
    """A fact as a brief tells it: `counts` is whether it still does.

    `session` and `turn` are where it was said first; empty where a program or an import noted it.
    """

    predicate: str
    object: str
    text: str
    recorded_at: datetime
    counts: bool
    session: str
    turn: str


class Profiles:
    """Profiles in a database. Every call may raise `MemoryStoreError`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self, scope: Scope, work: Callable[[Profile], T]) -> T:
        """Do `work` with a scope's profile, on one state of the file and in a thread."""
        return await self._database.read(lambda connection: work(Profile(connection, scope)))


class Profile:
    """The profile of one scope, in one transaction."""

    def __init__(self, connection: Connection, scope: Scope) -> None:
        self._connection = connection
        self._scope = scope

    def known_at(self, at: datetime) -> dict[int, Known]:
        """The weightiest facts that counted at a moment, by number, the newer first of equals."""
        moment = written(at)
        first = (
            select(func.min(FactSource.id))
            .where(FactSource.fact == Fact.id)
            .correlate(Fact)
            .scalar_subquery()
        )
        query = (
            select(*(getattr(Fact, name) for name in _COLUMNS), FactSource.session, FactSource.turn)
            .outerjoin(FactSource, FactSource.id == first)
            .where(
                known_to(Fact, self._scope),
                Fact.recorded_at <= moment,
                or_(Fact.superseded_at.is_(None), Fact.superseded_at > moment),
                or_(Fact.valid_to.is_(None), Fact.valid_to > moment),
            )
            .order_by(Fact.importance.desc(), Fact.id.desc())
            .limit(MOST_FACTS)
        )
        return {
            row.id: Known(
                row.predicate,
                row.object,
                row.text,
                read_moment(row.recorded_at),
                row.superseded_at is None and row.valid_to is None,
                row.session or "",
                row.turn or "",
            )
            for row in self._connection.execute(query)
        }

    def latest(self, ids: Iterable[int]) -> dict[int, str]:
        """What counts now in the place of some facts, by the number of each: its sentence. A fact may have
        been replaced several times; one that ended is left out."""
        columns = (Fact.id, Fact.text, Fact.superseded_by, Fact.superseded_at, Fact.valid_to)
        standing = {number: number for number in ids}
        found: dict[int, str] = {}
        while standing:
            query = select(*columns).where(known_to(Fact, self._scope), Fact.id.in_(set(standing.values())))
            rows = {row.id: row for row in self._connection.execute(query)}
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

    def since(self) -> datetime | None:
        """When this persona and the user first talked."""
        query = select(func.min(Session.started_at)).where(of_persona(Session, self._scope))
        first = self._connection.execute(query).scalar()
        return read_moment(first) if first else None

    def blocks(self) -> dict[str, str]:
        """The persona's own words about the user, by label."""
        query = (
            select(ProfileBlock.label, ProfileBlock.text)
            .where(of_persona(ProfileBlock, self._scope))
            .order_by(ProfileBlock.label)
        )
        return {row.label: row.text for row in self._connection.execute(query)}
