"""Sessions and turns: what was said, and the utterances that recall searches."""

from __future__ import annotations

from functools import cache

from sqlalchemy import Connection, delete, func, select, update
from sqlalchemy.dialects.sqlite import Insert, insert

from omni_agent.memory import Origin, Scope, SessionSummary, TurnRecord
from omni_agent.messages import Message, Text

from ..database import Database
from ..tables import MediaUse, Persona, Session, Turn, User, Utterance
from .jobs import queue_study
from .rows import to_row, to_summary, to_turn
from .scoping import of_persona
from .utterances import grams, to_media, to_utterances, write_cjk


class Conversations:
    """Sessions and turns in a database. Every call may raise `MemoryStoreError`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def history(self, scope: Scope, session: str, limit: int) -> list[TurnRecord]:
        """The session's last `limit` turns that can be read, oldest first."""
        query = (
            select(*Turn.__table__.columns)
            .where(of_persona(Turn, scope), Turn.session == session)
            .order_by(Turn.seq.desc())
            .limit(_at_least_none(limit))
        )

        def look(connection: Connection) -> list[TurnRecord]:
            rows = connection.execute(query).mappings().all()
            return [turn for row in reversed(rows) if (turn := to_turn(row))]

        return await self._database.read(look)

    async def turn(self, scope: Scope, session: str, name: str) -> tuple[TurnRecord | None, str]:
        """A turn, or None where it is gone or cannot be read, and the id of the one before it, or empty."""
        here = of_persona(Turn, scope) & (Turn.session == session)
        async with self._database.reading() as connection:
            query = select(*Turn.__table__.columns).where(here, Turn.id == name)
            row = (await connection.execute(query)).mappings().first()
            if row is None:
                return None, ""
            earlier = select(Turn.id).where(here, Turn.seq < row["seq"]).order_by(Turn.seq.desc()).limit(1)
            return to_turn(row), (await connection.execute(earlier)).scalar() or ""

    async def sessions(self, scope: Scope, limit: int) -> list[SessionSummary]:
        """The `limit` sessions whose last turns are the latest, newest first."""
        turns = (
            select(func.count()).where(of_persona(Turn, scope), Turn.session == Session.id).scalar_subquery()
        )
        query = (
            select(Session.id, turns.label("turns"), Session.started_at, Session.last_at)
            .where(of_persona(Session, scope))
            .order_by(Session.last_at.desc(), Session.id)
            .limit(_at_least_none(limit))
        )
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).mappings().all()
        return [summary for row in rows if (summary := to_summary(row))]

    async def commit(self, scope: Scope, turn: TurnRecord) -> None:
        """Write the turn as the session's last, or in the place of the one that has its id there."""
        row = to_row(scope, turn)
        await self._database.write(lambda connection: _commit(connection, scope, turn, row))


def _commit(connection: Connection, scope: Scope, turn: TurnRecord, row: dict[str, str]) -> None:
    here = of_persona(Turn, scope) & (Turn.session == turn.session)
    place = select(Turn.seq).where(here, Turn.id == turn.id).scalar_subquery()
    end = select(func.max(Turn.seq)).where(here).scalar_subquery()
    known, last = connection.execute(select(place, end)).one()
    if last is None:
        name_scope(connection, scope, row["started_at"])
    span_session(connection, row)
    seq = known or (last or 0) + 1
    connection.execute(_put_turn(), {**row, "seq": seq})
    if known:
        _measure_session(connection, scope, turn.session)
        _remove_utterances(connection, scope, turn)
    write_utterances(connection, scope, turn, seq)
    queue_study(connection, scope, turn)


def begin_turn(connection: Connection, scope: Scope, said: str, origin: Origin) -> None:
    """Make sure that the turn is there which something is learnt from: it may still be going on.

    Its words are `said` until `commit` writes it whole.
    """
    here = of_persona(Turn, scope) & (Turn.session == origin.session)
    known = select(Turn.seq).where(here, Turn.id == origin.turn)
    if connection.execute(known).first():
        return
    words = Message("user", (Text(said),))
    record = TurnRecord(origin.turn, origin.session, (words,), "", "", "interrupted", origin.at, origin.at)
    row = to_row(scope, record)
    name_scope(connection, scope, row["started_at"])
    span_session(connection, row)
    last = connection.execute(select(func.max(Turn.seq)).where(here)).scalar()
    connection.execute(insert(Turn).values(**row, seq=(last or 0) + 1))


def _at_least_none(limit: int) -> int:
    # To SQLite a negative limit means none at all.
    return max(limit, 0)


def name_scope(connection: Connection, scope: Scope, since: str) -> None:
    """Make sure that the user and the persona are there."""
    connection.execute(insert(User).values(id=scope.user, created_at=since).on_conflict_do_nothing())
    connection.execute(insert(Persona).values(id=scope.persona, created_at=since).on_conflict_do_nothing())


def span_session(connection: Connection, row: dict[str, str]) -> None:
    """Make sure that the session is there and that its times span the turn's."""
    session = {name: row[name] for name in ("user", "persona", "started_at")}
    connection.execute(_put_session(), {**session, "id": row["session"], "last_at": row["ended_at"]})


# Made once: making them takes longer than SQLite needs to run them.
@cache
def _put_session() -> Insert:
    new = insert(Session)
    spanned = {
        "started_at": func.min(Session.started_at, new.excluded.started_at),
        "last_at": func.max(Session.last_at, new.excluded.last_at),
    }
    return new.on_conflict_do_update(index_elements=["user", "persona", "id"], set_=spanned)


@cache
def _put_turn() -> Insert:
    new = insert(Turn)
    key = ["user", "persona", "session", "id"]
    names = [column.name for column in Turn.__table__.columns]
    fields = {name: new.excluded[name] for name in names if name not in {*key, "seq"}}
    return new.on_conflict_do_update(index_elements=key, set_=fields)


def _remove_utterances(connection: Connection, scope: Scope, turn: TurnRecord) -> None:
    for table in (Utterance, MediaUse):
        here = of_persona(table, scope) & (table.session == turn.session) & (table.turn == turn.id)
        connection.execute(delete(table).where(here))


def write_utterances(connection: Connection, scope: Scope, turn: TurnRecord, seq: int) -> None:
    """Write what recall searches of a turn, and what media it refers to; none of it may be there yet."""
    rows = to_utterances(scope, turn, seq)
    if spaced := [row for row in rows if not grams(row["text"])]:
        connection.execute(insert(Utterance), spaced)
    for row in rows:
        if grams(row["text"]):
            added = connection.execute(insert(Utterance), row)
            write_cjk(connection, "utterances", added.lastrowid, row["text"])
    if media := to_media(scope, turn):
        connection.execute(insert(MediaUse), media)


def _measure_session(connection: Connection, scope: Scope, session: str) -> None:
    """Set the session's times from its turns: the one replaced may have been what spanned them."""
    turns = of_persona(Turn, scope) & (Turn.session == session)
    connection.execute(
        update(Session)
        .where(of_persona(Session, scope), Session.id == session)
        .values(
            started_at=select(func.min(Turn.started_at)).where(turns).scalar_subquery(),
            last_at=select(func.max(Turn.ended_at)).where(turns).scalar_subquery(),
        )
    )
