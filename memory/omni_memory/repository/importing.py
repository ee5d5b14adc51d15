"""Adding what an exported document holds, in one transaction; what is there already stays as it is."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from omni_agent.errors import MemoryStoreError
from omni_agent.memory import AGENT, Restored, Scope, TurnRecord
from omni_agent.memory.document import Document, EntityEntry, FactEntry, SessionEntry, SourceEntry, TurnEntry

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
    Utterance,
)
from .conversations import name_scope, span_session
from .rows import check_names, read_moment, sound, to_row, to_turn, written
from .scoping import of_persona, owner
from .utterances import grams, to_media, to_utterances, write_cjk

_LARGEST = 2**62
_SAME = ("subject", "predicate", "object", "text", "recorded_at")


async def write_document(connection: AsyncConnection, scope: Scope, document: Document, now: str) -> Restored:
    """Write what is not there yet.

    Args:
        connection: In a transaction that writes.
        scope: Whose it is from now on.
        document: Of any user.
        now: The moment, for a user or a persona that is new.

    Raises:
        MemoryStoreError: A name or a turn in it is not valid.
    """
    check_names(*(name for session in document.sessions for name in _names(session)))
    starts = [turn.started_at for session in document.sessions for turn in session.turns]
    await connection.run_sync(name_scope, scope, _moment(min(starts, key=read_moment)) if starts else now)
    turns = summaries = 0
    for session in document.sessions:
        added, in_place = await _add_turns(connection, scope, session)
        turns += len(added)
        await _add_work(connection, scope, session, added)
        if in_place:
            summaries += await _add_summaries(connection, scope, session)
        if len(added) == len(session.turns):
            here = of_persona(Session, scope) & (Session.id == session.id)
            folded = max(0, min(session.folded_seq, _LARGEST))
            await connection.execute(update(Session).where(here).values(folded_seq=folded))
    facts = await _add_facts(connection, scope, document.facts)
    for entity in document.entities:
        await _add_entity(connection, scope, entity)
    await _add_blocks(connection, scope, document)
    return Restored(turns, facts, summaries)


def _names(session: SessionEntry) -> list[str]:
    return [session.id, *(turn.id for turn in session.turns)]


async def _add_turns(
    connection: AsyncConnection, scope: Scope, session: SessionEntry
) -> tuple[set[str], bool]:
    """The ids of the turns that were added, and whether all are in the places that the document gives."""
    here = of_persona(Turn, scope) & (Turn.session == session.id)
    there: dict[str, int] = {
        row[0]: row[1] for row in (await connection.execute(select(Turn.id, Turn.seq).where(here))).all()
    }
    last, fresh = max(there.values(), default=0), not there
    new: dict[int, TurnRecord] = {}
    for entry in sorted(session.turns, key=lambda turn: turn.seq):
        if entry.id not in there:
            last = entry.seq if fresh else last + 1
            there[entry.id], new[last] = last, _record(session.id, entry)
    if new:
        await _write_turns(connection, scope, new)
    return {turn.id for turn in new.values()}, all(there[entry.id] == entry.seq for entry in session.turns)


async def _write_turns(connection: AsyncConnection, scope: Scope, turns: dict[int, TurnRecord]) -> None:
    """Write new turns of a session, by their places, many at a time: one by one takes ten times as long."""
    rows = [to_row(scope, turn) for turn in turns.values()]
    first, last = min(row["started_at"] for row in rows), max(row["ended_at"] for row in rows)
    await connection.run_sync(span_session, {**rows[0], "started_at": first, "ended_at": last})
    places: list[dict[str, Any]] = [{**row, "seq": seq} for row, seq in zip(rows, turns, strict=True)]
    await connection.execute(insert(Turn), places)
    said = [row for seq, turn in turns.items() for row in to_utterances(scope, turn, seq)]
    if plain := [row for row in said if not grams(row["text"])]:
        await connection.execute(insert(Utterance), plain)
    for row in said:
        if grams(row["text"]):
            added = await connection.execute(insert(Utterance).values(**row))
            await connection.run_sync(write_cjk, "utterances", added.lastrowid, row["text"])
    if shown := [row for turn in turns.values() for row in to_media(scope, turn)]:
        await connection.execute(insert(MediaUse), shown)


def _record(session: str, entry: TurnEntry) -> TurnRecord:
    row: dict[str, Any] = {**asdict(entry), "session": session}
    row |= {name: json.dumps(row[name]) for name in ("messages", "timings", "usage")}
    turn = to_turn(row)
    if turn is None:
        raise MemoryStoreError(
            f"turn {entry.id} of session {session} cannot be read",
            code="memory_document_invalid",
            remedy="use a file that `omni-agent memory export` wrote; nothing was imported",
        )
    return turn


async def _add_work(
    connection: AsyncConnection, scope: Scope, session: SessionEntry, added: set[str]
) -> None:
    ended = {turn.id: turn.ended_at for turn in session.turns}
    for work in session.waiting:
        if not added or (work.turn and work.turn not in added):
            continue
        row = {
            "user": scope.user,
            "persona": scope.persona,
            "circle": scope.circle,
            "session": session.id,
            "turn": work.turn,
            "kind": sound(work.kind),
            "attempts": 0,
            "created_at": _moment(ended.get(work.turn, session.turns[-1].ended_at)),
        }
        await connection.execute(upsert(Job).values(**row).on_conflict_do_nothing())


async def _add_summaries(connection: AsyncConnection, scope: Scope, session: SessionEntry) -> int:
    added = 0
    for entry in session.summaries:
        row = {
            **asdict(entry),
            "text": sound(entry.text),
            "model": sound(entry.model),
            "made_at": _moment(entry.made_at),
            "user": scope.user,
            "persona": scope.persona,
            "session": session.id,
        }
        added += (await connection.execute(upsert(Summary).values(**row).on_conflict_do_nothing())).rowcount
    return added


async def _add_facts(connection: AsyncConnection, scope: Scope, facts: list[FactEntry]) -> int:
    """Add them with their sources; how many are new."""
    numbers: dict[int, int] = {}
    added: list[FactEntry] = []
    for entry in facts:
        row = _fact_row(scope, entry)
        known = await _same(connection, row)
        if known is None:
            known = int((await connection.execute(insert(Fact).values(**row))).lastrowid)
            words = f"{row['text']} {row['predicate']} {row['object']} {row['subject']}"
            await connection.run_sync(write_cjk, "facts", known, words)
            added.append(entry)
        numbers[entry.number] = known
        for source in entry.sources:
            await _add_source(connection, scope, known, source)
    for entry in added:
        if entry.superseded_by is not None:
            later = numbers[entry.superseded_by]
            here = Fact.id == numbers[entry.number]
            await connection.execute(update(Fact).where(here).values(superseded_by=later))
    return len(added)


def _fact_row(scope: Scope, entry: FactEntry) -> dict[str, Any]:
    texts = {name: sound(getattr(entry, name)) for name in ("subject", "predicate", "object", "text")}
    times = ("valid_from", "valid_to", "recorded_at", "superseded_at")
    return {
        **owner(scope, private=not entry.shared or entry.subject == AGENT),
        **texts,
        "kind": entry.kind,
        "confidence": entry.confidence,
        "importance": entry.importance,
        "many": int(entry.many),
        **{name: _moment(text) if (text := getattr(entry, name)) else None for name in times},
    }


async def _same(connection: AsyncConnection, row: dict[str, Any]) -> int | None:
    """The number of the same fact, noted at the same moment."""
    columns = Fact.__table__.columns
    where = [columns[name] == row[name] for name in ("user", "persona", "circle", *_SAME)]
    return (await connection.execute(select(Fact.id).where(*where))).scalar()


async def _add_source(connection: AsyncConnection, scope: Scope, fact: int, source: SourceEntry) -> None:
    row = {
        "fact": fact,
        "kind": sound(source.kind),
        "user": scope.user,
        "persona": scope.persona,
        "session": source.session,
        "turn": source.turn,
    }
    columns = FactSource.__table__.columns
    known = select(FactSource.id).where(
        *(columns[name].is_not_distinct_from(value) for name, value in row.items())
    )
    if not (await connection.execute(known)).first():
        await connection.execute(insert(FactSource).values(**row))


async def _add_entity(connection: AsyncConnection, scope: Scope, entity: EntityEntry) -> None:
    row = {**owner(scope, private=not entity.shared), "name": sound(entity.name), "kind": sound(entity.kind)}
    await connection.execute(upsert(Entity).values(**row).on_conflict_do_nothing())
    columns = Entity.__table__.columns
    where = [columns[name] == row[name] for name in ("user", "persona", "circle", "name")]
    number = (await connection.execute(select(Entity.id).where(*where))).scalar_one()
    for alias in entity.aliases:
        values = {"entity": number, "alias": sound(alias)}
        await connection.execute(upsert(EntityAlias).values(**values).on_conflict_do_nothing())


async def _add_blocks(connection: AsyncConnection, scope: Scope, document: Document) -> None:
    """Blocks of a label that is there already take its place if they are newer."""
    for entry in document.blocks:
        row = {
            **asdict(entry),
            "label": sound(entry.label),
            "text": sound(entry.text),
            "updated_at": _moment(entry.updated_at),
        }
        made = upsert(ProfileBlock).values(**row, user=scope.user, persona=scope.persona)
        await connection.execute(
            made.on_conflict_do_update(
                index_elements=["user", "persona", "label"],
                set_=row,
                where=func.coalesce(ProfileBlock.updated_at, "") < made.excluded.updated_at,
            )
        )


def _moment(text: str) -> str:
    return written(read_moment(text))
