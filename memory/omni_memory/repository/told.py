"""Notes in the user's own words: those that count, and those that what a fact said goes with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Select, func, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from omni_agent.memory import Fact, Scope

from ..predicates import TOLD
from ..tables import Fact as FactRow
from ..tables import FactSource
from .fact_rows import load
from .scoping import known_to

CURRENT = (FactRow.superseded_at.is_(None), FactRow.valid_to.is_(None))


async def told(connection: AsyncConnection, scope: Scope, limit: int) -> list[Fact]:
    """The newest notes that count now, oldest first."""
    query = (
        select(FactRow.id)
        .where(known_to(FactRow, scope), *CURRENT, FactRow.predicate == TOLD)
        .order_by(FactRow.id.desc())
        .limit(limit)
    )
    ids = (await connection.execute(query)).scalars().all()
    return await load(connection, reversed(ids))


async def beside(connection: AsyncConnection, scope: Scope, note: int) -> list[Fact]:
    """The other facts that count now and rest on a turn of this note, to whichever persona it was told."""
    query = select(FactRow.id).where(
        known_to(FactRow, scope), *CURRENT, FactRow.id != note, FactRow.id.in_(_of_same_turns(note))
    )
    return await load(connection, (await connection.execute(query)).scalars().all())


def _of_same_turns(fact: int) -> Select[Any]:
    turns = select(FactSource.session, FactSource.turn)
    turns = turns.where(FactSource.fact == fact, FactSource.turn.is_not(None))
    return select(FactSource.fact).where(tuple_(FactSource.session, FactSource.turn).in_(turns))


async def take_along(
    connection: AsyncConnection, scope: Scope, fact: Fact, values: Mapping[str, Any]
) -> None:
    """Have notes of a fact's turns that say what it says end as it does, by the same columns."""
    if fact.said.predicate == TOLD or not fact.said.object:
        return
    which = (
        known_to(FactRow, scope),
        *CURRENT,
        FactRow.predicate == TOLD,
        FactRow.id.in_(_of_same_turns(fact.id)),
        func.instr(func.lower(FactRow.text), fact.said.object.lower()) > 0,
    )
    await connection.execute(update(FactRow).where(*which).values(**values))
