"""The one place where memory is queried: each statement names the user and the persona it is for."""

from __future__ import annotations

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from omni_agent.memory import Scope, SessionSummary, TurnRecord

from .database import Database
from .rows import to_row, to_summary, to_turn
from .tables import Persona, Session, Turn, User


class Conversations:
    """Sessions and turns in a database. Every call may raise `MemoryStoreError`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def history(self, scope: Scope, session: str, limit: int) -> list[TurnRecord]:
        """The session's last `limit` turns that can be read, oldest first."""
        query = (
            select(*Turn.__table__.columns)
            .where(_of(Turn, scope), Turn.session == session)
            .order_by(Turn.seq.desc())
            .limit(_at_least_none(limit))
        )
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).mappings().all()
        return [turn for row in reversed(rows) if (turn := to_turn(row))]

    async def sessions(self, scope: Scope, limit: int) -> list[SessionSummary]:
        """The `limit` sessions whose last turns are the latest, newest first."""
        turns = select(func.count()).where(_of(Turn, scope), Turn.session == Session.id).scalar_subquery()
        query = (
            select(Session.id, turns.label("turns"), Session.started_at, Session.last_at)
            .where(_of(Session, scope))
            .order_by(Session.last_at.desc(), Session.id)
            .limit(_at_least_none(limit))
        )
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).mappings().all()
        return [summary for row in rows if (summary := to_summary(row))]

    async def commit(self, scope: Scope, turn: TurnRecord) -> None:
        """Write the turn as the session's last, or in the place of the one that has its id there."""
        row = to_row(scope, turn)
        here = _of(Turn, scope) & (Turn.session == turn.session)
        place = select(Turn.seq).where(here, Turn.id == turn.id).scalar_subquery()
        end = select(func.max(Turn.seq)).where(here).scalar_subquery()
        async with self._database.writing() as connection:
            known, last = (await connection.execute(select(place, end))).one()
            if last is None:
                await _name_scope(connection, scope, row["started_at"])
            await _span_session(connection, row)
            await connection.execute(
                insert(Turn)
                .values(**row, seq=known or (last or 0) + 1)
                .on_conflict_do_update(index_elements=["user", "persona", "session", "id"], set_=row)
            )
            if known:
                await _measure_session(connection, scope, turn.session)

    async def close(self) -> None:
        """Release the database."""
        await self._database.close()


def _of(table: type[Session | Turn], scope: Scope) -> ColumnElement[bool]:
    return (table.user == scope.user) & (table.persona == scope.persona)


def _at_least_none(limit: int) -> int:
    # To SQLite a negative limit means none at all.
    return max(limit, 0)


async def _name_scope(connection: AsyncConnection, scope: Scope, since: str) -> None:
    await connection.execute(insert(User).values(id=scope.user, created_at=since).on_conflict_do_nothing())
    await connection.execute(
        insert(Persona).values(id=scope.persona, created_at=since).on_conflict_do_nothing()
    )


async def _span_session(connection: AsyncConnection, row: dict[str, str]) -> None:
    """Make sure that the session is there and that its times span the turn's."""
    new = insert(Session).values(
        user=row["user"],
        persona=row["persona"],
        id=row["session"],
        started_at=row["started_at"],
        last_at=row["ended_at"],
    )
    spanned = {
        "started_at": func.min(Session.started_at, new.excluded.started_at),
        "last_at": func.max(Session.last_at, new.excluded.last_at),
    }
    await connection.execute(
        new.on_conflict_do_update(index_elements=["user", "persona", "id"], set_=spanned)
    )


async def _measure_session(connection: AsyncConnection, scope: Scope, session: str) -> None:
    """Set the session's times from its turns: the one replaced may have been what spanned them."""
    turns = _of(Turn, scope) & (Turn.session == session)
    await connection.execute(
        update(Session)
        .where(_of(Session, scope), Session.id == session)
        .values(
            started_at=select(func.min(Turn.started_at)).where(turns).scalar_subquery(),
            last_at=select(func.max(Turn.ended_at)).where(turns).scalar_subquery(),
        )
    )
