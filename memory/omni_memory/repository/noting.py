"""How facts are noted: with their source, a new one in the place of an old one, nothing overwritten.

Everything here works in the caller's transaction, so that a fact, its source and the end of the work that
found it are written together.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, insert, literal, select, update
from sqlalchemy.dialects.sqlite import insert as insert_or
from sqlalchemy.ext.asyncio import AsyncConnection

from omni_agent.memory import Fact, Origin, Scope, Statement

from .. import tables
from ..predicates import OPPOSITES, RELATIONS, sentence
from . import entities
from .fact_rows import alike, covers, load, telling, to_fact
from .fact_writing import add_source, insert_fact, insert_past, said_at
from .rows import sound, written
from .scoping import known_to, of_persona
from .told import CURRENT, take_along

PROGRAM = "program"
"""What facts rest on that a program notes without a turn."""


@dataclass(frozen=True, slots=True)
class Source:
    """What facts rest on.

    Attributes:
        scope: Who said it, and to whom.
        origin: The turn; None where there is none, and `kind` says what there is.
        now: When it is noted.
        kind: `turn`, `program` or `import`.
    """

    scope: Scope
    origin: Origin | None
    now: datetime
    kind: str = PROGRAM

    @property
    def at(self) -> datetime:
        """When it was said."""
        return self.origin.at if self.origin else self.now


async def note(
    connection: AsyncConnection,
    source: Source,
    statements: Iterable[Statement],
    *,
    replaced: Collection[int] = (),
) -> list[Fact]:
    """Note the statements and return the facts that they made, ended or confirmed.

    Args:
        connection: In a transaction that writes; the turn of the source must be there.
        source: What they rest on.
        statements: In the order in which they were said.
        replaced: Numbers of facts that the first of them is in the place of, whatever they say.
    """
    # Facts need their user, whom an import or a program may be the first to name.
    user = {"id": source.scope.user, "created_at": written(source.now)}
    await connection.execute(insert_or(tables.User).values(**user).on_conflict_do_nothing())
    ids: list[int] = []
    for said in statements:
        ids += await _note_one(connection, source, _sound(said), replaced if not ids else ())
    return await load(connection, dict.fromkeys(ids))


async def resting_on(connection: AsyncConnection, scope: Scope, session: str, turn: str) -> list[Fact]:
    """The current facts that rest on this turn and on nothing else."""
    sources = tables.FactSource
    here = of_persona(sources, scope) & (sources.session == session) & (sources.turn == turn)
    others = select(sources.fact).where(sources.turn.is_distinct_from(turn))
    query = select(tables.Fact.id).where(
        known_to(tables.Fact, scope),
        *CURRENT,
        tables.Fact.id.in_(select(sources.fact).where(here)),
        tables.Fact.id.not_in(others),
    )
    return await load(connection, (await connection.execute(query)).scalars().all())


async def current(
    connection: AsyncConnection, scope: Scope, subject: str, predicates: Collection[str]
) -> list[Fact]:
    """The facts about a subject, by whatever name, that count now."""
    name = await entities.resolve(connection, scope, subject)
    return [to_fact(row) for row in await _current(connection, scope, name, predicates)]


async def with_object(connection: AsyncConnection, scope: Scope, value: str) -> list[Fact]:
    """The facts with this value that count now, whoever they are about."""
    query = select(*tables.Fact.__table__.columns).where(
        known_to(tables.Fact, scope), *CURRENT, func.lower(tables.Fact.object) == func.lower(value)
    )
    return [to_fact(row) for row in (await connection.execute(query)).mappings()]


async def holding(connection: AsyncConnection, scope: Scope, words: str) -> list[Fact]:
    """The facts that count now and have these words in their value, or told in words of their own."""
    pattern = telling(words)
    has = tables.Fact.object.like(pattern) | tables.Fact.text.like(pattern)
    query = select(*tables.Fact.__table__.columns).where(known_to(tables.Fact, scope), *CURRENT, has)
    found = [to_fact(row) for row in (await connection.execute(query)).mappings()]
    exact = [fact for fact in found if alike(fact.said.object, words)]
    return exact or [fact for fact in found if covers(fact.said.text, words)]


async def retire(
    connection: AsyncConnection, source: Source, ids: Collection[int], *, restoring: bool = False
) -> None:
    """Take back facts that were never true; `restoring` notes again what they had taken the place of."""
    for number in ids:
        await _supersede(connection, source, [number], None)
        if restoring:
            await _restore(connection, source, number)


async def end(connection: AsyncConnection, source: Source, ids: Collection[int]) -> None:
    """Set the end of facts that are over by what is said now; those that were said later go on."""
    for fact in await load(connection, ids):
        if await said_at(connection, fact.id) < source.at:
            await _set_end(connection, source, fact, source.at)


def _sound(said: Statement) -> Statement:
    return replace(
        said,
        subject=sound(said.subject),
        predicate=sound(said.predicate),
        object=sound(said.object),
        text=sound(said.text),
    )


async def _note_one(
    connection: AsyncConnection, source: Source, said: Statement, replaced: Collection[int]
) -> list[int]:
    """Note one statement; the numbers of the facts that it made, ended or confirmed."""
    said = _named(said, await entities.resolve(connection, source.scope, said.subject))
    rivals = await _current(connection, source.scope, said.subject, (said.predicate,), said.object)
    same = [row for row in rivals if alike(row["object"], said.object)]
    if said.ends:
        return await _end(connection, source, said, rivals)
    if said.valid_to is not None:
        return [await insert_past(connection, source, said)]
    gone = [number for number in replaced if number not in {row["id"] for row in same}]
    if same:
        await add_source(connection, source, same[-1]["id"])
        await _supersede(connection, source, gone, same[-1]["id"])
        return [same[-1]["id"]]
    others = OPPOSITES.get(said.predicate, ())
    opposite = await _current(connection, source.scope, said.subject, others, said.object)
    taken = [row for row in opposite if alike(row["object"], said.object)]
    taken += [row for row in rivals if not (said.many and row["many"])]
    later = [row for row in taken if await said_at(connection, row["id"]) > source.at]
    made = await insert_fact(connection, source, said)
    if later:
        # Studied late: the user has said something newer meanwhile.
        await _supersede(connection, source, [made], later[-1]["id"])
    else:
        await entities.introduce(connection, source.scope, said)
        await _supersede(connection, source, [*gone, *(row["id"] for row in taken)], made)
        for wrong in await load(connection, gone):
            if wrong.said.predicate == said.predicate and said.predicate in RELATIONS:
                await _rename(connection, source, wrong.said.object, said.object)
    return [made]


def _named(said: Statement, subject: str) -> Statement:
    """The statement about its subject by name, in its sentence too unless that is in words of its own."""
    if subject == said.subject:
        return said
    canonical = said.text == sentence(said.subject, said.predicate, said.object)
    told = sentence(subject, said.predicate, said.object) if canonical else said.text
    return replace(said, subject=subject, text=told)


async def _end(
    connection: AsyncConnection, source: Source, said: Statement, rivals: Sequence[Mapping[Any, Any]]
) -> list[int]:
    """Set the end of what `said` says is over; without an object that is all, unless it could be several."""
    over = [row for row in rivals if not said.object or covers(row["object"], said.object)]
    if not said.object and not over:
        over = await _called_so(connection, source.scope, said)
    if not said.object and len(over) > 1 and any(row["many"] for row in over):
        return []
    over = [row for row in over if await said_at(connection, row["id"]) <= source.at]
    if not over and said.object and said.valid_to:
        return [await insert_past(connection, source, said)]
    for row in over:
        await _set_end(connection, source, to_fact(row), said.valid_to or source.at)
        await add_source(connection, source, row["id"])
    return [row["id"] for row in over]


async def _set_end(connection: AsyncConnection, source: Source, fact: Fact, until: datetime) -> None:
    values = {"valid_to": written(until)}
    await take_along(connection, source.scope, fact, values)
    await connection.execute(update(tables.Fact).where(tables.Fact.id == fact.id).values(**values))
    await entities.part(connection, source.scope, fact.said)


async def _called_so(connection: AsyncConnection, scope: Scope, said: Statement) -> list[Mapping[Any, Any]]:
    """The thing whose value holds the name: "we sold the Fiesta", which was known as the car."""
    name = said.predicate.replace("_", " ")
    things = await _current(connection, scope, said.subject, None)
    found = [row for row in things if row["kind"] == "fact" and covers(row["object"], name)]
    return found if len(found) == 1 else []


async def _current(
    connection: AsyncConnection,
    scope: Scope,
    subject: str,
    predicates: Collection[str] | None,
    value: str = "",
) -> Sequence[Mapping[Any, Any]]:
    """The facts about a subject that count now, oldest first, those about its other names too.

    Of all predicates for None. Of those that may be many only what could be alike to a `value`: there may be
    thousands.
    """
    if predicates is not None and not predicates:
        return []
    names = [subject, *await entities.other_names(connection, scope, subject)]
    wanted: list[ColumnElement[bool]] = []
    if predicates:
        wanted.append(tables.Fact.predicate.in_(predicates))
    if value:
        wanted.append((tables.Fact.many == 0) | tables.Fact.object.like(telling(value)))
    query = (
        select(*tables.Fact.__table__.columns)
        .where(known_to(tables.Fact, scope), *CURRENT)
        .where(tables.Fact.subject.in_(names), *wanted)
        .order_by(tables.Fact.id)
    )
    return (await connection.execute(query)).mappings().all()


async def _supersede(
    connection: AsyncConnection, source: Source, ids: Collection[int], by: int | None
) -> None:
    for fact in await load(connection, ids):
        here = (tables.Fact.id == fact.id) & known_to(tables.Fact, source.scope)
        values = {"superseded_at": written(source.now), "superseded_by": by}
        await take_along(connection, source.scope, fact, values)
        await connection.execute(update(tables.Fact).where(here, CURRENT[0]).values(**values))
        await entities.part(connection, source.scope, fact.said)


async def _restore(connection: AsyncConnection, source: Source, retired: int) -> None:
    """Note again, with their sources, the facts that a retired one had taken the place of."""
    query = select(tables.Fact.id).where(
        known_to(tables.Fact, source.scope), tables.Fact.superseded_by == retired
    )
    for fact in await load(connection, (await connection.execute(query)).scalars().all()):
        rivals = await _current(connection, source.scope, fact.said.subject, (fact.said.predicate,))
        if any(not (fact.said.many and row["many"]) for row in rivals):
            continue
        await _copy(connection, source, fact, fact.said)
        await entities.introduce(connection, source.scope, fact.said)


async def _rename(connection: AsyncConnection, source: Source, old: str, new: str) -> None:
    """Note again what was noted about somebody whose name was wrong, by the right one."""
    for row in await _current(connection, source.scope, old, None):
        fact = to_fact(row)
        made = await _copy(connection, source, fact, _named(fact.said, new))
        await _supersede(connection, source, [fact.id], made)


async def _copy(connection: AsyncConnection, source: Source, fact: Fact, said: Statement) -> int:
    """Note `said` with the sources of a fact."""
    made = await insert_fact(connection, source, said)
    columns = ("kind", "user", "persona", "session", "turn")
    taken: list[Any] = [getattr(tables.FactSource, name) for name in columns]
    old = select(*taken, literal(made)).where(tables.FactSource.fact == fact.id)
    await connection.execute(insert(tables.FactSource).from_select([*columns, "fact"], old))
    return made
