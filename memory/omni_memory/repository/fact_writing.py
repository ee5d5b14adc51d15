"""Facts written as rows, each with what it rests on."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from omni_agent.memory import AGENT, Statement

from .. import tables
from ..predicates import importance
from .fact_rows import alike
from .rows import read_moment, written
from .scoping import known_to, owner
from .utterances import write_cjk

if TYPE_CHECKING:
    from .noting import Source


async def said_at(connection: AsyncConnection, fact: int) -> datetime:
    """When a fact was last said: the time of its latest turn, or when it was noted without one."""
    turns = tables.Turn
    query = (
        select(func.max(turns.started_at))
        .join(
            tables.FactSource,
            (tables.FactSource.user == turns.user)
            & (tables.FactSource.persona == turns.persona)
            & (tables.FactSource.session == turns.session)
            & (tables.FactSource.turn == turns.id),
        )
        .where(tables.FactSource.fact == fact)
    )
    latest = (await connection.execute(query)).scalar()
    if latest is None:
        noted = select(tables.Fact.recorded_at).where(tables.Fact.id == fact)
        latest = (await connection.execute(noted)).scalar_one()
    return read_moment(latest)


async def insert_fact(connection: AsyncConnection, source: Source, said: Statement) -> int:
    """Write a fact with its source; its number."""
    row = {
        **owner(source.scope, private=said.subject == AGENT),
        "subject": said.subject,
        "predicate": said.predicate,
        "object": said.object,
        "text": said.text,
        "kind": said.kind,
        "confidence": said.confidence,
        "importance": importance(said),
        "many": int(said.many),
        "valid_from": said.valid_from and written(said.valid_from),
        "valid_to": said.valid_to and written(said.valid_to),
        "recorded_at": written(source.now),
    }
    made = int((await connection.execute(insert(tables.Fact).values(**row))).lastrowid)
    await connection.run_sync(
        write_cjk, "facts", made, f"{said.text} {said.predicate} {said.object} {said.subject}"
    )
    await connection.execute(insert(tables.FactSource).values(**_source_row(source, made)))
    return made


async def insert_past(connection: AsyncConnection, source: Source, said: Statement) -> int:
    """Note what is over; said again, it only rests on one turn more."""
    query = select(tables.Fact.id, tables.Fact.object).where(
        known_to(tables.Fact, source.scope),
        tables.Fact.subject == said.subject,
        tables.Fact.predicate == said.predicate,
        tables.Fact.valid_to.is_not(None),
        tables.Fact.superseded_at.is_(None),
    )
    for number, value in (await connection.execute(query)).all():
        if alike(value, said.object):
            await add_source(connection, source, number)
            return int(number)
    return await insert_fact(connection, source, said)


async def add_source(connection: AsyncConnection, source: Source, fact: int) -> None:
    """Have a fact rest on a source too, once."""
    row = _source_row(source, fact)
    known = select(tables.FactSource.id).where(
        *(getattr(tables.FactSource, name).is_not_distinct_from(value) for name, value in row.items())
    )
    if not (await connection.execute(known)).first():
        await connection.execute(insert(tables.FactSource).values(**row))


def _source_row(source: Source, fact: int) -> dict[str, Any]:
    return {
        "fact": fact,
        "kind": "turn" if source.origin else source.kind,
        "user": source.scope.user,
        "persona": source.scope.persona,
        "session": source.origin.session if source.origin else None,
        "turn": source.origin.turn if source.origin else None,
    }
