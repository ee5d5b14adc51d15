"""What is older than it may be: turns, what was shown in them, and facts, of all users."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from omni_agent.memory import Forgotten, Retention

from .erasing import Doomed, add_derived, erase, note
from .rows import read_moment, written

ERASED = "erased"
"""What a fact rests on whose turn was too old, where facts outlive turns."""

_UNBIND = """UPDATE fact_sources SET kind = :erased, session = NULL, turn = NULL
    WHERE (user, persona, session, turn) IN (SELECT user, persona, session, id FROM turns
    WHERE rowid IN (SELECT value FROM json_each(:turns)))"""
_OLD_MEDIA = """(user, persona, session, turn) IN
    (SELECT user, persona, session, id FROM turns WHERE ended_at < :before)"""


async def last_run(connection: AsyncConnection) -> datetime | None:
    """When it was last looked for what is too old."""
    query = text("SELECT max(at) FROM erasure_log WHERE what = 'retention'")
    found = (await connection.execute(query)).scalar()
    return read_moment(found) if found else None


async def erase_older(connection: AsyncConnection, retention: Retention, now: datetime) -> Forgotten:
    """Erase what is too old, and note that it was looked for.

    Args:
        connection: In a transaction that writes.
        retention: How long things are kept.
        now: The moment that they are kept until.
    """
    # The log says when this ran last; what it says of earlier days is of no use.
    await connection.execute(text("DELETE FROM erasure_log WHERE what = 'retention' AND facts + turns = 0"))
    media = await _drop_media(connection, retention.media, now)
    doomed = Doomed()
    if retention.turns:
        doomed.turns = await _older(
            connection, "SELECT rowid FROM turns WHERE ended_at < ", retention.turns, now
        )
        await add_derived(connection, doomed, facts=not retention.outlive)
    if retention.facts:
        # Of two ends of a fact the later one counts: one that was replaced yesterday was known until then.
        query = "SELECT id FROM facts WHERE max(recorded_at, coalesce(superseded_at, '')) < "
        doomed.facts |= await _older(connection, query, retention.facts, now)
    if retention.outlive:
        values = {"erased": ERASED, "turns": json.dumps(sorted(doomed.turns))}
        await connection.execute(text(_UNBIND), values)
    if not doomed:
        gone = Forgotten(media=media)
        await note(connection, gone, "retention", written(now), traces=bool(media))
        return gone
    gone = await erase(connection, doomed, "retention", written(now))
    return Forgotten(
        gone.facts, gone.turns, gone.summaries, tuple(sorted({*gone.media, *media})), gone.sessions
    )


async def _drop_media(connection: AsyncConnection, age: timedelta | None, now: datetime) -> tuple[str, ...]:
    """Let go of what old turns showed; the references that nothing younger shows."""
    if not age:
        return ()
    before = {"before": written(now - age)}
    shown = await connection.execute(text(f"SELECT DISTINCT ref FROM media WHERE {_OLD_MEDIA}"), before)
    refs = set(shown.scalars())
    await connection.execute(text(f"DELETE FROM media WHERE {_OLD_MEDIA}"), before)
    query = text("SELECT DISTINCT ref FROM media WHERE ref IN (SELECT value FROM json_each(:refs))")
    used = set((await connection.execute(query, {"refs": json.dumps(sorted(refs))})).scalars())
    return tuple(sorted(refs - used))


async def _older(connection: AsyncConnection, query: str, age: timedelta, now: datetime) -> set[int]:
    rows = await connection.execute(text(f"{query} :before"), {"before": written(now - age)})
    return set(rows.scalars())
