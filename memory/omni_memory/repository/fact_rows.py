"""Facts as rows, read back with the turns that they rest on, and when two values are the same."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from omni_agent.memory import Fact, Statement

from .. import tables
from .rows import read_moment

# Letters that SQLite and Python write small in the same way.
_PLAIN = re.compile(r"(?<![^\W_])[a-z0-9]+(?![^\W_])", re.ASCII)
_ARTICLE = re.compile(r"^(?:a|an|the|some|my|our|his|her|their)\s+")


async def load(connection: AsyncConnection, ids: Iterable[int]) -> list[Fact]:
    """The facts of these numbers, in their order."""
    wanted = list(ids)
    if not wanted:
        return []
    query = select(*tables.Fact.__table__.columns).where(tables.Fact.id.in_(wanted))
    rows = {row["id"]: row for row in (await connection.execute(query)).mappings()}
    turns: dict[int, list[str]] = {}
    sources = (
        select(tables.FactSource.fact, tables.FactSource.turn)
        .where(tables.FactSource.fact.in_(wanted))
        .order_by(tables.FactSource.id)
    )
    for fact, turn in (await connection.execute(sources)).all():
        if turn is not None:
            turns.setdefault(fact, []).append(turn)
    return [to_fact(rows[id_], turns.get(id_, ())) for id_ in wanted if id_ in rows]


def to_fact(row: Mapping[Any, Any], turns: Sequence[str] = ()) -> Fact:
    """The fact of a row of `facts`."""
    said = Statement(
        subject=row["subject"],
        predicate=row["predicate"],
        object=row["object"],
        text=row["text"],
        kind=row["kind"],
        confidence=row["confidence"],
        many=bool(row["many"]),
        valid_from=_moment(row["valid_from"]),
        valid_to=_moment(row["valid_to"]),
    )
    return Fact(
        id=row["id"],
        said=said,
        recorded_at=read_moment(row["recorded_at"]),
        superseded_by=row["superseded_by"],
        superseded_at=_moment(row["superseded_at"]),
        turns=tuple(dict.fromkeys(turns)),
        shared=bool(row["circle"]),
    )


def alike(one: str, other: str) -> bool:
    """Whether two values are the same but for case, accents' spelling, articles and punctuation."""
    return _folded(one) == _folded(other)


def _folded(value: str) -> str:
    plain = unicodedata.normalize("NFKC", value).casefold()
    plain = " ".join("".join(c if c.isalnum() else " " for c in plain).split())
    return _ARTICLE.sub("", plain) or plain or value


def telling(value: str) -> str:
    """A pattern for LIKE that every value alike to this one, or that covers it, fits; `%` fits any."""
    longest = max(_PLAIN.findall(_folded(value)), key=len, default="")
    return f"%{longest}%"


def covers(value: str, named: str) -> bool:
    """Whether `named` means `value`: the same, or its words ("the Golf" for "a red Golf")."""
    have, want = _folded(value).split(), _folded(named).split()
    return have == want or (bool(want) and set(want) <= set(have))


def _moment(text: str | None) -> datetime | None:
    return read_moment(text) if text else None
