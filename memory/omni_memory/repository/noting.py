"""How facts are noted: with their source, a new one in the place of an old one, nothing overwritten.

Everything here works in the caller's transaction, so that a fact, its source and the end of the work that
found it are written together.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, literal, select, update
from sqlalchemy.dialects.sqlite import insert as insert_or
from sqlalchemy.ext.asyncio import AsyncConnection

from omni_agent.memory import AGENT, Fact, Origin, Scope, Statement

from .. import tables
from ..predicates import OPPOSITES, importance, sentence
from . import entities
from .fact_rows import alike, covers, load, to_fact
from .rows import read_moment, sound, written
from .scoping import known_to, of_persona, owner
from .utterances import write_cjk

TURN, PROGRAM = "turn", "program"
_CURRENT = (tables.Fact.superseded_at.is_(None), tables.Fact.valid_to.is_(None))


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
        *_CURRENT,
        tables.Fact.id.in_(select(sources.fact).where(here)),
        tables.Fact.id.not_in(others),
    )
    return await load(connection, (await connection.execute(query)).scalars().all())


async def current(
    connection: AsyncConnection, scope: Scope, subject: str, predicates: Collection[str]
) -> list[Fact]:
    """The facts about a subject, by whatever name, that count now; without predicates all of them."""
    name = await entities.resolve(connection, scope, subject)
    rows = await _current(connection, scope, name, predicates or None)
    return [to_fact(row) for row in rows]


async def retire(
    connection: AsyncConnection, source: Source, ids: Collection[int], *, restoring: bool = False
) -> None:
    """Take back facts that were never true; `restoring` notes again what they had taken the place of."""
    for number in ids:
        await _supersede(connection, source, [number], None)
        if restoring:
            await _restore(connection, source, number)


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
    rivals = await _current(connection, source.scope, said.subject, (said.predicate,))
    same = [row for row in rivals if alike(row["object"], said.object)]
    if said.ends:
        return await _end(connection, source, said, rivals)
    if said.valid_to is not None:
        return [await _insert_past(connection, source, said)]
    gone = [number for number in replaced if number not in {row["id"] for row in same}]
    if same:
        await _add_source(connection, source, same[-1]["id"])
        await _supersede(connection, source, gone, same[-1]["id"])
        return [same[-1]["id"]]
    opposite = await _current(connection, source.scope, said.subject, OPPOSITES.get(said.predicate, ()))
    taken = [row for row in opposite if alike(row["object"], said.object)]
    taken += [row for row in rivals if not (said.many and row["many"])]
    later = [row for row in taken if await _said_at(connection, row["id"]) > source.at]
    made = await _insert(connection, source, said)
    if later:
        # Studied late: the user has said something newer meanwhile.
        await _supersede(connection, source, [made], later[-1]["id"])
    else:
        await entities.introduce(connection, source.scope, said)
        await _supersede(connection, source, [*gone, *(row["id"] for row in taken)], made)
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
    if not said.object and len(over) > 1 and any(row["many"] for row in over):
        return []
    over = [row for row in over if await _said_at(connection, row["id"]) <= source.at]
    if not over and said.object and said.valid_to:
        return [await _insert_past(connection, source, said)]
    until = written(said.valid_to or source.at)
    for row in over:
        here = tables.Fact.id == row["id"]
        await connection.execute(update(tables.Fact).where(here).values(valid_to=until))
        await _add_source(connection, source, row["id"])
        await entities.part(connection, source.scope, to_fact(row).said)
    return [row["id"] for row in over]


async def _current(
    connection: AsyncConnection, scope: Scope, subject: str, predicates: Collection[str] | None
) -> Sequence[Mapping[Any, Any]]:
    """The facts about a subject that count now, oldest first; those about its other names too."""
    if predicates is not None and not predicates:
        return []
    wanted = [tables.Fact.predicate.in_(predicates)] if predicates else []
    names = [subject, *await entities.other_names(connection, scope, subject)]
    query = (
        select(*tables.Fact.__table__.columns)
        .where(known_to(tables.Fact, scope), *_CURRENT)
        .where(tables.Fact.subject.in_(names), *wanted)
        .order_by(tables.Fact.id)
    )
    return (await connection.execute(query)).mappings().all()


async def _said_at(connection: AsyncConnection, fact: int) -> datetime:
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


async def _insert(connection: AsyncConnection, source: Source, said: Statement) -> int:
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
    await write_cjk(connection, "facts", made, f"{said.text} {said.predicate} {said.object} {said.subject}")
    await _add_source(connection, source, made)
    return made


async def _insert_past(connection: AsyncConnection, source: Source, said: Statement) -> int:
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
            await _add_source(connection, source, number)
            return int(number)
    return await _insert(connection, source, said)


async def _add_source(connection: AsyncConnection, source: Source, fact: int) -> None:
    row = {
        "fact": fact,
        "kind": TURN if source.origin else source.kind,
        "user": source.scope.user,
        "persona": source.scope.persona,
        "session": source.origin.session if source.origin else None,
        "turn": source.origin.turn if source.origin else None,
    }
    known = select(tables.FactSource.id).where(
        *(getattr(tables.FactSource, name).is_not_distinct_from(value) for name, value in row.items())
    )
    if not (await connection.execute(known)).first():
        await connection.execute(insert(tables.FactSource).values(**row))


async def _supersede(
    connection: AsyncConnection, source: Source, ids: Collection[int], by: int | None
) -> None:
    for fact in await load(connection, ids):
        here = (tables.Fact.id == fact.id) & known_to(tables.Fact, source.scope)
        values = {"superseded_at": written(source.now), "superseded_by": by}
        await connection.execute(update(tables.Fact).where(here, _CURRENT[0]).values(**values))
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
        made = await _insert(connection, source, fact.said)
        await entities.introduce(connection, source.scope, fact.said)
        columns = ("kind", "user", "persona", "session", "turn")
        taken: list[Any] = [getattr(tables.FactSource, name) for name in columns]
        old = select(*taken, literal(made)).where(tables.FactSource.fact == fact.id)
        copied = insert(tables.FactSource).from_select([*columns, "fact"], old)
        await connection.execute(copied)
