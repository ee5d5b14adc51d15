"""What is known, noted with its source; a new fact takes the place of an old one, nothing is overwritten."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, column, literal_column, select, table, union_all
from sqlalchemy.sql.selectable import Select

from omni_agent.memory import Fact, Origin, Scope, Statement

from .. import tables
from ..database import Database
from . import entities, noting
from .conversations import begin_turn
from .fact_rows import load
from .scoping import known_to
from .utterances import CJK, grams

_WORD = re.compile(rf"[^\W_{CJK}]+")
# They stand in questions about facts and in no fact that is meant by them.
_EMPTY = frozenset({
    "a", "an", "and", "about", "am", "are", "at", "be", "did", "do", "does", "for", "from", "had", "has",
    "have", "how", "i", "in", "is", "it", "know", "me", "mine", "my", "of", "on", "or", "our", "please",
    "tell", "that", "the", "their", "there", "these", "they", "this", "to", "user", "was", "we", "were",
    "what", "when", "where", "which", "who", "whom", "whose", "with", "you", "your",
})  # fmt: skip
# Of a fact's sentence only what sets it apart from the others: each begins with "The user".
_SEARCHED = "{predicate object subject}"


class Facts:
    """The facts in a database. Every call may raise `MemoryStoreError`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def known(
        self, scope: Scope, *, about: str = "", past: bool = False, limit: int = 50
    ) -> list[Fact]:
        """What is known, the most important first.

        Args:
            scope: Whose.
            about: Words to search by: of the facts, or names of whom they are about; empty for everything.
            past: Also what was superseded or is over.
            limit: How many at most.
        """
        where = [known_to(tables.Fact, scope)]
        if not past:
            where += [tables.Fact.superseded_at.is_(None), tables.Fact.valid_to.is_(None)]
        async with self._database.reading() as connection:
            if about.strip():
                people = await entities.called(connection, scope, _phrases(about))
                where.append(_about(about, people))
            query = (
                select(tables.Fact.id)
                .where(*where)
                .order_by(tables.Fact.importance.desc(), tables.Fact.id.desc())
                .limit(max(limit, 0))
            )
            return await load(connection, (await connection.execute(query)).scalars().all())

    async def note(
        self,
        scope: Scope,
        statements: Sequence[Statement],
        origin: Origin | None,
        *,
        now: datetime,
        said: str = "",
        kind: str = noting.PROGRAM,
    ) -> list[Fact]:
        """Note what was stated; the facts that it made, ended or confirmed.

        Args:
            scope: Whose.
            statements: In the order in which they were made.
            origin: The turn that they rest on; None for none.
            now: When they are noted.
            said: The user's words, for a turn that is not written yet.
            kind: What they rest on without a turn: `program` or `import`.
        """
        source = noting.Source(scope, origin, now, kind)
        async with self._database.writing() as connection:
            if origin:
                await connection.run_sync(begin_turn, scope, said, origin)
            return await noting.note(connection, source, statements)

    async def replace(
        self,
        scope: Scope,
        old: Collection[int],
        statements: Sequence[Statement],
        origin: Origin,
        *,
        now: datetime,
        said: str,
    ) -> tuple[list[Fact], list[Fact]]:
        """Take back facts that are wrong, for statements in their place or for none.

        Returns:
            What became of the old facts, and the new ones.
        """
        source = noting.Source(scope, origin, now)
        async with self._database.writing() as connection:
            await connection.run_sync(begin_turn, scope, said, origin)
            made = await noting.note(connection, source, statements, replaced=old)
            if not made:
                await noting.retire(connection, source, old)
            taken = tables.Fact.superseded_by.in_([fact.id for fact in made])
            gone = select(tables.Fact.id).where(
                known_to(tables.Fact, scope),
                tables.Fact.superseded_at.is_not(None),
                tables.Fact.id.in_(old) | taken,
            )
            ids = (await connection.execute(gone.order_by(tables.Fact.id))).scalars().all()
            return await load(connection, ids), made


def _about(about: str, people: Sequence[str]) -> ColumnElement[bool]:
    """Facts whose words are among those of `about`, or which are about these people."""
    found: list[Select[tuple[int]]] = []
    if words := [word for word in _WORD.findall(about.lower()) if word not in _EMPTY]:
        quoted = " OR ".join(f'"{word}"' for word in words)
        found.append(_matches("facts_fts", f"{_SEARCHED} : ({quoted})"))
    if signs := grams(about):
        found.append(_matches("facts_cjk", " OR ".join(f'"{sign}"' for sign in signs)))
    wanted = tables.Fact.subject.in_(people) | tables.Fact.object.in_(people)
    return wanted | tables.Fact.id.in_(union_all(*found)) if found else wanted


def _matches(index: str, query: str) -> Select[tuple[int]]:
    searched = table(index, column("rowid"))
    matched = literal_column(index).op("MATCH")(query)
    return select(literal_column("rowid")).select_from(searched).where(matched)


def _phrases(about: str) -> list[str]:
    """The words of `about` in lower case, alone and in twos and threes: names of people may be several."""
    words = re.findall(r"[\w'-]+", about.lower())
    runs = [" ".join(words[i : i + n]) for n in (1, 2, 3) for i in range(len(words) - n + 1)]
    return [*runs, *grams(about), about.strip().lower()]
