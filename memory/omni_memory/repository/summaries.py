"""Long conversations in short: summaries by segment beside the turns, and the window that a model sees."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, func, select, update
from sqlalchemy.dialects.sqlite import insert

from omni_agent.memory import Scope, TurnRecord, Window

from ..database import Database
from ..tables import Session, Summary, Turn
from .jobs import Work, done
from .rows import sound, to_turn, written
from .scoping import of_persona

IN_VIEW = 4
"""How many summaries a model sees: those of the latest segments."""

MOST_TURNS = 200
"""How many turns a window holds at most, where nobody had the time to sum up."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Turns in a row, by their places in the session, and what they say in short."""

    first_seq: int
    last_seq: int
    text: str


class Summaries:
    """The summaries in a database. Every call may raise `MemoryStoreError`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def window(self, scope: Scope, session: str, *, held: int | None = None) -> Window:
        """The summaries in view, oldest first, and the turns after the last that is folded.

        Args:
            scope: Whose.
            session: Which.
            held: The place after which the window still begins, where that is before what is folded.
        """
        here = of_persona(Turn, scope) & (Turn.session == session)
        folded = _folded(scope, session)
        begins = folded if held is None else func.min(folded, held)
        turns = (
            select(*Turn.__table__.columns)
            .where(here, Turn.seq > begins)
            .order_by(Turn.seq.desc())
            .limit(MOST_TURNS)
        )
        texts = (
            select(Summary.text)
            .where(_of_session(scope, session), Summary.last_seq <= begins)
            .order_by(Summary.first_seq.desc())
            .limit(IN_VIEW)
        )

        def look(connection: Connection) -> Window:
            rows = connection.execute(turns).mappings().all()
            said = connection.execute(texts).scalars().all()
            records = tuple(turn for row in reversed(rows) if (turn := to_turn(row)))
            return Window(" ".join(text for text in reversed(said) if text), records)

        return await self._database.read(look)

    async def unsummed(self, scope: Scope, session: str) -> list[tuple[int, TurnRecord]]:
        """The oldest turns that no summary covers, with their places."""
        covered = (
            select(Summary.id)
            .where(_of_session(scope, session), Summary.first_seq <= Turn.seq, Summary.last_seq >= Turn.seq)
            .exists()
        )
        query = (
            select(*Turn.__table__.columns)
            .where(of_persona(Turn, scope), Turn.session == session, ~covered)
            .order_by(Turn.seq)
            .limit(2 * MOST_TURNS)
        )
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).mappings().all()
        return [(row["seq"], turn) for row in rows if (turn := to_turn(row))]

    async def folded(self, scope: Scope, session: str) -> int:
        """The place of the last turn that the window leaves to the summaries; 0 for none."""
        async with self._database.reading() as connection:
            return (await connection.execute(select(_folded(scope, session)))).scalar_one()

    async def keep(self, work: Work, segment: Segment, *, model: str, version: int, at: datetime) -> None:
        """Write a segment's summary. The window stays where it is until `fold`."""
        row = {
            "user": work.scope.user,
            "persona": work.scope.persona,
            "session": work.session,
            "first_seq": segment.first_seq,
            "last_seq": segment.last_seq,
            "text": sound(segment.text),
            "model": model,
            "version": version,
            "made_at": written(at),
        }
        async with self._database.writing() as connection:
            await connection.execute(
                insert(Summary)
                .values(**row)
                .on_conflict_do_update(index_elements=["user", "persona", "session", "first_seq"], set_=row)
            )

    async def fold(self, work: Work, *, move: bool) -> None:
        """End the work; with `move` the window begins after the last turn that is summed up."""
        scope, session = work.scope, work.session
        last = select(func.max(Summary.last_seq)).where(_of_session(scope, session)).scalar_subquery()
        async with self._database.writing() as connection:
            if move:
                await connection.execute(
                    update(Session)
                    .where(of_persona(Session, scope), Session.id == session)
                    .values(folded_seq=func.coalesce(last, Session.folded_seq))
                )
            await done(connection, work)


def _of_session(scope: Scope, session: str) -> ColumnElement[bool]:
    return of_persona(Summary, scope) & (Summary.session == session)


def _folded(scope: Scope, session: str) -> ColumnElement[int]:
    query = select(Session.folded_seq).where(of_persona(Session, scope), Session.id == session)
    return func.coalesce(query.scalar_subquery(), 0)
