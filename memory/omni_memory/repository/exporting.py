"""All that is kept of one user with one persona, read in one state of the file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import and_, func, or_, select, union
from sqlalchemy.ext.asyncio import AsyncConnection

from omni_agent.memory import Scope
from omni_agent.memory.document import (
    FORMAT,
    VERSION,
    BlockEntry,
    Document,
    EntityEntry,
    FactEntry,
    MediaEntry,
    SessionEntry,
    SourceEntry,
    SummaryEntry,
    TurnEntry,
    WorkEntry,
)

from ..tables import (
    Entity,
    EntityAlias,
    Fact,
    FactSource,
    Job,
    MediaUse,
    ProfileBlock,
    Session,
    Summary,
    Turn,
)
from .rows import to_turn
from .scoping import known_to, of_persona

Row = Mapping[Any, Any]
ELSEWHERE = "persona"
"""What a fact rests on that another persona of the circle was told: whose turns are its own."""


async def scopes(connection: AsyncConnection, user: str) -> list[Scope]:
    """The personas that keep something of a user, each with the circle that it told facts to."""
    names = union(
        select(Session.persona).where(Session.user == user),
        select(Fact.persona).where(Fact.user == user, Fact.persona != ""),
        select(FactSource.persona).where(FactSource.user == user),
        select(ProfileBlock.persona).where(ProfileBlock.user == user),
    )
    circles = (
        select(FactSource.persona, func.max(Fact.circle))
        .join(Fact, Fact.id == FactSource.fact)
        .where(FactSource.user == user, Fact.circle != "")
        .group_by(FactSource.persona)
    )
    told: dict[str, str] = {row[0]: row[1] for row in (await connection.execute(circles)).all()}
    return [
        Scope(user, name, told.get(name, "")) for name in sorted((await connection.execute(names)).scalars())
    ]


async def read_document(connection: AsyncConnection, scope: Scope) -> Document:
    """All of it but the vectors, which can be made again. Turns that cannot be read are left out."""
    sessions = await _sessions(connection, scope)
    turns = {(session.id, turn.id) for session in sessions for turn in session.turns}
    media = [
        MediaEntry(row["ref"], row["kind"], row["session"], row["turn"])
        for row in await _rows(connection, MediaUse, of_persona(MediaUse, scope))
        if (row["session"], row["turn"]) in turns
    ]
    blocks = await _rows(connection, ProfileBlock, of_persona(ProfileBlock, scope))
    return Document(
        format=FORMAT,
        version=VERSION,
        user=scope.user,
        persona=scope.persona,
        sessions=sessions,
        facts=await _facts(connection, scope, turns),
        entities=await _entities(connection, scope),
        blocks=[_entry(BlockEntry, row) for row in blocks],
        media=sorted(media, key=lambda entry: (entry.session, entry.turn, entry.ref)),
    )


async def _sessions(connection: AsyncConnection, scope: Scope) -> list[SessionEntry]:
    turns = _by_session(await _rows(connection, Turn, of_persona(Turn, scope), Turn.session, Turn.seq))
    summaries = _by_session(await _rows(connection, Summary, of_persona(Summary, scope), Summary.first_seq))
    folded = {
        row["id"]: row["folded_seq"] for row in await _rows(connection, Session, of_persona(Session, scope))
    }
    jobs = _by_session(await _rows(connection, Job, of_persona(Job, scope), Job.kind, Job.turn))
    found = [
        SessionEntry(
            session,
            [_turn(row) for row in rows if to_turn(row)],
            [_entry(SummaryEntry, row) for row in summaries.get(session, ())],
            [WorkEntry(row["kind"], row["turn"]) for row in jobs.get(session, ())],
            folded.get(session, 0),
        )
        for session, rows in turns.items()
    ]
    return [session for session in found if session.turns]


def _turn(row: Row) -> TurnEntry:
    parsed = {name: json.loads(row[name]) for name in ("messages", "timings", "usage")}
    entry: TurnEntry = _entry(TurnEntry, {**row, **parsed})
    return entry


async def _facts(connection: AsyncConnection, scope: Scope, turns: set[tuple[str, str]]) -> list[FactEntry]:
    rows = await _rows(connection, Fact, known_to(Fact, scope), Fact.id)
    numbers = {row["id"]: number for number, row in enumerate(rows, 1)}
    query = (
        select(*FactSource.__table__.columns)
        .join(Fact, Fact.id == FactSource.fact)
        .where(known_to(Fact, scope))
        .order_by(FactSource.id)
    )
    sources: dict[int, list[SourceEntry]] = {}
    for row in (await connection.execute(query)).mappings():
        place = (row["session"], row["turn"])
        if row["turn"] is not None and (row["persona"] != scope.persona or place not in turns):
            source = SourceEntry(ELSEWHERE)
        else:
            source = SourceEntry(row["kind"], *place)
        sources.setdefault(row["fact"], []).append(source)
    return [
        _entry(
            FactEntry,
            {
                **row,
                "number": numbers[row["id"]],
                "many": bool(row["many"]),
                "shared": bool(row["circle"]),
                "superseded_by": numbers.get(row["superseded_by"]),
                "sources": list(dict.fromkeys(sources.get(row["id"], [SourceEntry(ELSEWHERE)]))),
            },
        )
        for row in rows
    ]


async def _entities(connection: AsyncConnection, scope: Scope) -> list[EntityEntry]:
    query = (
        select(EntityAlias.entity, EntityAlias.alias)
        .join(Entity, Entity.id == EntityAlias.entity)
        .where(known_to(Entity, scope))
        .order_by(EntityAlias.alias)
    )
    aliases: dict[int, list[str]] = {}
    for entity, alias in (await connection.execute(query)).all():
        aliases.setdefault(entity, []).append(alias)
    return [
        EntityEntry(row["name"], row["kind"], bool(row["circle"]), aliases.get(row["id"], []))
        for row in await _rows(connection, Entity, known_to(Entity, scope), Entity.name, Entity.circle)
    ]


async def counts(connection: AsyncConnection, scope: Scope) -> dict[str, int]:
    """How many rows there are, by what they are."""
    current = and_(Fact.superseded_at.is_(None), Fact.valid_to.is_(None))
    past = or_(Fact.superseded_at.is_not(None), Fact.valid_to.is_not(None))
    queries = {
        "sessions": select(func.count()).select_from(Session).where(of_persona(Session, scope)),
        "turns": select(func.count()).select_from(Turn).where(of_persona(Turn, scope)),
        "facts": select(func.count()).select_from(Fact).where(known_to(Fact, scope), current),
        "past_facts": select(func.count()).select_from(Fact).where(known_to(Fact, scope), past),
        "summaries": select(func.count()).select_from(Summary).where(of_persona(Summary, scope)),
        "media": select(func.count(func.distinct(MediaUse.ref))).where(of_persona(MediaUse, scope)),
    }
    return {name: int((await connection.execute(query)).scalar_one()) for name, query in queries.items()}


async def blocks(connection: AsyncConnection, scope: Scope) -> Sequence[Row]:
    """The persona's own words about the user, by label."""
    return await _rows(connection, ProfileBlock, of_persona(ProfileBlock, scope), ProfileBlock.label)


async def _rows(connection: AsyncConnection, table: Any, where: Any, *order: Any) -> Sequence[Row]:
    query = select(*table.__table__.columns).where(where).order_by(*order)
    return (await connection.execute(query)).mappings().all()


def _by_session(rows: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["session"], []).append(row)
    return found


def _entry(kind: type[Any], row: Row) -> Any:
    """The entry whose fields are among the columns of a row."""
    return kind(**{name: row[name] for name in kind.__dataclass_fields__})
