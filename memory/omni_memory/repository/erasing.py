"""Erasing: what belongs to something that is to be forgotten, and taking it out of every table.

What is to go is found first and named by row numbers, which hold for the one transaction. The triggers
and foreign keys of the tables take along what hangs on it: utterances, media uses, sources, vectors, index.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from omni_agent.memory import Forgotten, Scope, Statement

from . import entities
from .mentions import Mentions

Kind = Literal["all", "session", "words", "retention"]

_IN = "IN (SELECT value FROM json_each(:{}))"
_TURNS, _FACTS = _IN.format("turns"), _IN.format("facts")
_HERE = "user = :user AND persona = :persona"
# Personas that share what they know share what is forgotten of it.
_COMPANIONS = """
SELECT DISTINCT fact_sources.persona FROM fact_sources JOIN facts ON facts.id = fact_sources.fact
WHERE facts.user = :user AND facts.circle = :circle AND :circle != ''
"""
_TURNS_OF_UTTERANCES = f"""
SELECT DISTINCT turns.rowid FROM utterances JOIN turns ON turns.user = utterances.user
AND turns.persona = utterances.persona AND turns.session = utterances.session AND turns.id = utterances.turn
WHERE utterances.id {_IN.format("utterances")}
"""
_SOURCE_OF = """turns.user = fact_sources.user AND turns.persona = fact_sources.persona
AND turns.session = fact_sources.session AND turns.id = fact_sources.turn"""
_TURNS_OF_FACTS = f"""
SELECT DISTINCT turns.rowid FROM fact_sources JOIN turns ON {_SOURCE_OF} WHERE fact_sources.fact {_FACTS}
"""
# A source that is no turn stands for itself.
_RESTING = f"""
SELECT fact FROM fact_sources LEFT JOIN turns ON {_SOURCE_OF}
GROUP BY fact HAVING sum(turns.rowid {_TURNS}) > 0 AND sum(coalesce(turns.rowid {_TURNS}, 0)) = count(*)
"""
_OWN_FACTS = """
SELECT id FROM facts WHERE user = :user AND (persona = :persona OR NOT EXISTS (
    SELECT 1 FROM fact_sources WHERE fact = facts.id AND fact_sources.persona != :persona))
"""
_TOUCHED = f"""
SELECT DISTINCT summaries.id FROM summaries JOIN turns
ON turns.user = summaries.user AND turns.persona = summaries.persona
AND turns.session = summaries.session AND turns.seq BETWEEN summaries.first_seq AND summaries.last_seq
WHERE turns.rowid {_TURNS}
"""
_FREED = f"""
SELECT DISTINCT ref FROM media JOIN turns ON turns.user = media.user AND turns.persona = media.persona
AND turns.session = media.session AND turns.id = media.turn WHERE turns.rowid {_TURNS}
"""
_LOSING = f"""
SELECT DISTINCT user, persona, session FROM turns WHERE rowid {_TURNS}
UNION SELECT user, persona, session FROM summaries WHERE id {_IN.format("summaries")}
"""
_OWNERS = f"""
SELECT user FROM turns WHERE rowid {_TURNS} UNION SELECT user FROM facts WHERE id {_FACTS}
UNION SELECT user FROM summaries WHERE id {_IN.format("summaries")}
UNION SELECT user FROM profile_blocks WHERE rowid {_IN.format("blocks")}
"""
_DELETE = (
    f"DELETE FROM facts WHERE id {_FACTS}",
    f"""DELETE FROM jobs WHERE (user, persona, session, turn) IN
        (SELECT user, persona, session, id FROM turns WHERE rowid {_TURNS})""",
    f"DELETE FROM turns WHERE rowid {_TURNS}",
    f"DELETE FROM summaries WHERE id {_IN.format('summaries')}",
    f"DELETE FROM profile_blocks WHERE rowid {_IN.format('blocks')}",
)
# What is left of a session is summed up anew; its times are those of the turns that are left.
_SETTLE = (
    """DELETE FROM sessions WHERE user = :user AND persona = :persona AND id = :session AND NOT EXISTS
        (SELECT 1 FROM turns WHERE user = :user AND persona = :persona AND session = :session)""",
    """UPDATE sessions SET (started_at, last_at) = (SELECT min(started_at), max(ended_at) FROM turns
        WHERE user = :user AND persona = :persona AND session = :session)
        WHERE user = :user AND persona = :persona AND id = :session""",
    """INSERT INTO jobs (user, persona, circle, session, turn, kind, attempts, created_at)
        SELECT user, persona, '', id, '', 'summary', 0, :now FROM sessions
        WHERE user = :user AND persona = :persona AND id = :session
        ON CONFLICT DO NOTHING""",
)
# An entity that no fact speaks of any more was somebody's name, and nothing else.
_TIDY = (
    """DELETE FROM entities WHERE user = :user
        AND NOT EXISTS (SELECT 1 FROM facts WHERE facts.user = entities.user
        AND facts.persona = entities.persona AND facts.circle = entities.circle
        AND (instr(facts.subject, entities.name) OR instr(facts.object, entities.name)
             OR instr(facts.text, entities.name)))""",
    """DELETE FROM users WHERE id = :user
        AND NOT EXISTS (SELECT 1 FROM sessions WHERE sessions.user = users.id)
        AND NOT EXISTS (SELECT 1 FROM facts WHERE facts.user = users.id)
        AND NOT EXISTS (SELECT 1 FROM profile_blocks WHERE profile_blocks.user = users.id)""",
    """DELETE FROM personas WHERE NOT EXISTS (SELECT 1 FROM sessions WHERE sessions.persona = personas.id)
        AND NOT EXISTS (SELECT 1 FROM facts WHERE facts.persona = personas.id)
        AND NOT EXISTS (SELECT 1 FROM profile_blocks WHERE profile_blocks.persona = personas.id)""",
)
_LOG = """INSERT INTO erasure_log (at, what, facts, turns, summaries, media)
    VALUES (:at, :what, :facts, :turns, :summaries, :media)"""


@dataclass(slots=True)
class Doomed:
    """What is to go, by row numbers."""

    turns: set[int] = field(default_factory=set)
    facts: set[int] = field(default_factory=set)
    summaries: set[int] = field(default_factory=set)
    blocks: set[int] = field(default_factory=set)

    def values(self) -> dict[str, str]:
        """As parameters: a list in JSON each, for there may be more than SQLite takes one by one."""
        lists = {"turns": self.turns, "facts": self.facts, "summaries": self.summaries, "blocks": self.blocks}
        return {name: json.dumps(sorted(ids)) for name, ids in lists.items()}

    def __bool__(self) -> bool:
        return bool(self.turns or self.facts or self.summaries or self.blocks)


async def find_all(connection: AsyncConnection, scope: Scope) -> Doomed:
    """All that this user and this persona have; of a circle's facts those that rest on nothing else."""
    whose = {"user": scope.user, "persona": scope.persona}
    return Doomed(
        turns=await _ids(connection, f"SELECT rowid FROM turns WHERE {_HERE}", whose),
        facts=await _ids(connection, _OWN_FACTS, whose),
        summaries=await _ids(connection, f"SELECT id FROM summaries WHERE {_HERE}", whose),
        blocks=await _ids(connection, f"SELECT rowid FROM profile_blocks WHERE {_HERE}", whose),
    )


async def find_session(connection: AsyncConnection, scope: Scope, session: str) -> Doomed:
    """One conversation, and what rests on nothing else."""
    whose = {"user": scope.user, "persona": scope.persona, "session": session}
    query = f"SELECT rowid FROM turns WHERE {_HERE} AND session = :session"
    doomed = Doomed(turns=await _ids(connection, query, whose))
    await add_derived(connection, doomed)
    return doomed


async def find_words(connection: AsyncConnection, scope: Scope, what: str) -> Doomed:
    """What is about `what`: facts, past ones too, the turns that they rest on or that say the same, and what
    was made of those."""
    whose = {"user": scope.user, "circle": scope.circle}
    companions = (await connection.execute(text(_COMPANIONS), whose)).scalars()
    mentions = Mentions(connection, scope, sorted({scope.persona, *companions}))
    found = await mentions.of(what)
    doomed = Doomed(facts=found.facts)
    doomed.turns |= await _ids(connection, _TURNS_OF_FACTS, {"facts": json.dumps(sorted(found.facts))})
    said = {"utterances": json.dumps(sorted(found.utterances))}
    doomed.turns |= await _ids(connection, _TURNS_OF_UTTERANCES, said)
    doomed.turns |= await mentions.turns_having(found.terms)
    doomed.summaries |= await mentions.summaries_having(found.terms)
    doomed.blocks |= await mentions.blocks_having(found.terms)
    await add_derived(connection, doomed)
    return doomed


async def add_derived(connection: AsyncConnection, doomed: Doomed, *, facts: bool = True) -> None:
    """Add what was made of the turns that are to go: facts that rest on nothing else, and summaries."""
    turns = {"turns": json.dumps(sorted(doomed.turns))}
    if facts:
        doomed.facts |= await _ids(connection, _RESTING, turns)
    doomed.summaries |= await _ids(connection, _TOUCHED, turns)


async def describe(connection: AsyncConnection, doomed: Doomed) -> Forgotten:
    """What would go, while it is still there; `media` are those that would still have to be looked after."""
    values = doomed.values()
    sentences = await _rows(connection, f"SELECT text FROM facts WHERE id {_FACTS} ORDER BY id", values)
    freed = await _rows(connection, f"{_FREED} ORDER BY ref", values)
    losing = await _rows(connection, _LOSING, values)
    return Forgotten(
        facts=tuple(row[0] for row in sentences),
        turns=len(doomed.turns),
        summaries=len(doomed.summaries),
        media=tuple(row[0] for row in freed),
        sessions=tuple((row[1], row[2]) for row in losing),
    )


async def erase(connection: AsyncConnection, doomed: Doomed, kind: Kind, now: str) -> Forgotten:
    """Take it out of the tables, and note that, but not what; its bytes are left to `scrubbing.scrub`.

    Args:
        connection: In a transaction that writes.
        doomed: Found in the same transaction.
        kind: For the log.
        now: The moment, as the tables hold it.
    """
    gone = await describe(connection, doomed)
    await _part_aliases(connection, doomed)
    losing = await _rows(connection, _LOSING, doomed.values())
    owners = await _rows(connection, _OWNERS, doomed.values())
    await _run(connection, _DELETE, [doomed.values()])
    places = [{"user": row[0], "persona": row[1], "session": row[2], "now": now} for row in losing]
    await _run(connection, _SETTLE, places)
    await _run(connection, _TIDY, [{"user": row[0]} for row in owners])
    still = await _rows(
        connection, f"SELECT ref FROM media WHERE ref {_IN.format('refs')}", {"refs": json.dumps(gone.media)}
    )
    used = {row[0] for row in still}
    gone = Forgotten(
        gone.facts, gone.turns, gone.summaries, tuple(r for r in gone.media if r not in used), gone.sessions
    )
    await note(connection, gone, kind, now)
    return gone


async def _part_aliases(connection: AsyncConnection, doomed: Doomed) -> None:
    """Take away the other names that facts gave: "my sister" for Eva."""
    columns = "user, persona, circle, subject, predicate, object, text"
    for row in await _rows(connection, f"SELECT {columns} FROM facts WHERE id {_FACTS}", doomed.values()):
        said = Statement(row.subject, row.predicate, row.object, row.text)
        await entities.part(connection, Scope(row.user, row.persona, row.circle), said)


async def note(
    connection: AsyncConnection, gone: Forgotten, kind: Kind, now: str, *, traces: bool = True
) -> None:
    """Write in the log how much was erased, and in the file that `traces` are to be scrubbed."""
    counts = {
        "facts": len(gone.facts),
        "turns": gone.turns,
        "summaries": gone.summaries,
        "media": len(gone.media),
    }
    await connection.execute(text(_LOG), {"at": now, "what": kind, **counts})
    if not traces:
        return
    # The process may end before the bytes are gone: whoever opens the file next then sees to it.
    unscrubbed = (await connection.exec_driver_sql("PRAGMA user_version")).scalar_one()
    await connection.exec_driver_sql(f"PRAGMA user_version = {(int(unscrubbed) + 1) % 2**31}")


async def _ids(connection: AsyncConnection, query: str, values: dict[str, Any]) -> set[int]:
    return set((await connection.execute(text(query), values)).scalars())


async def _rows(connection: AsyncConnection, query: str, values: dict[str, Any]) -> Sequence[Any]:
    return (await connection.execute(text(query), values)).all()


async def _run(
    connection: AsyncConnection, statements: Iterable[str], values: Sequence[dict[str, Any]]
) -> None:
    for statement in statements:
        wanted = text(statement)
        names = set(wanted.compile().params)
        for given in values:
            await connection.execute(wanted, {name: given[name] for name in names})
