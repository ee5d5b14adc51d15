"""Where something is spoken of: facts, utterances, turns, summaries and blocks that have certain words."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from omni_agent.memory import Scope

from ..mention import Term, all_within, terms_of

_FACTS = """
SELECT facts.id FROM facts_{index} JOIN facts ON facts.id = facts_{index}.rowid
WHERE facts_{index} MATCH :query AND facts.user = :user
AND (facts.persona = :persona OR (facts.circle = :circle AND :circle != ''))
"""
_UTTERANCES = """
SELECT utterances.id FROM utterances_{index} JOIN utterances ON utterances.id = utterances_{index}.rowid
WHERE utterances_{index} MATCH :query AND utterances.user = :user
AND utterances.persona IN (SELECT value FROM json_each(:personas))
"""
_OF_ENTITY = """
SELECT facts.id FROM facts JOIN entities ON entities.user = facts.user
AND entities.persona = facts.persona AND entities.circle = facts.circle AND entities.name = facts.subject
LEFT JOIN entity_aliases ON entity_aliases.entity = entities.id
WHERE facts.user = :user AND (facts.persona = :persona OR (facts.circle = :circle AND :circle != ''))
AND (lower(entities.name) IN (SELECT value FROM json_each(:names))
     OR entity_aliases.alias IN (SELECT value FROM json_each(:names)))
"""
MOSTLY = 0.6
"""Share of the words that must be there, where a name counts twice."""
RARE, RARE_SHARE = 10, 0.02
"""A fact's value is looked for elsewhere only where it is in so few utterances, or in so small a share."""


@dataclass(slots=True)
class Found:
    """Numbers of the facts and the utterances, and the words by which more is found."""

    facts: set[int]
    utterances: set[int]
    terms: list[tuple[Term, ...]]


class Mentions:
    """Looks for what a user names, in one transaction.

    Args:
        connection: Of that transaction.
        scope: Whose memory.
        personas: Those whose conversations are searched.
    """

    def __init__(self, connection: AsyncConnection, scope: Scope, personas: list[str]) -> None:
        self._connection = connection
        self._whose: dict[str, Any] = {
            "user": scope.user,
            "persona": scope.persona,
            "circle": scope.circle,
            "personas": json.dumps(personas),
        }

    async def of(self, what: str) -> Found:
        """All that `what` is about: what has its words, and what states a fact that has them."""
        terms = terms_of(what)
        facts = _by_id(terms, [await self._ids(_FACTS, term) for term in terms])
        utterances = _by_id(terms, [await self._ids(_UTTERANCES, term) for term in terms])
        best = _best([*facts.values(), *utterances.values()], terms)
        found = Found(
            {id_ for id_, having in facts.items() if having in best},
            {id_ for id_, having in utterances.items() if having in best},
            [tuple(term for term in terms if term in having) for having in best],
        )
        found.facts |= await self._of_entity(what)
        await self._add_values(found, await self._count())
        return found

    async def _add_values(self, found: Found, count: int) -> None:
        """Add the utterances that have the value of a fact found, where hardly anything has it."""
        values = "SELECT DISTINCT object FROM facts WHERE id IN (SELECT value FROM json_each(:ids))"
        rows = await self._connection.execute(text(values), {"ids": json.dumps(sorted(found.facts))})
        for (value,) in rows.all():
            terms = tuple(term for term in terms_of(value) if term.tells)
            if not terms:
                continue
            having = set.intersection(*[await self._ids(_UTTERANCES, term) for term in terms])
            if len(having) <= max(RARE, RARE_SHARE * count):
                found.utterances |= having
                found.terms.append(terms)

    async def _of_entity(self, what: str) -> set[int]:
        words = {" ".join(term.word for term in terms_of(what)), what.strip().casefold()} - {""}
        rows = await self._connection.execute(
            text(_OF_ENTITY), self._whose | {"names": json.dumps(sorted(words))}
        )
        return set(rows.scalars())

    async def _ids(self, query: str, term: Term) -> set[int]:
        statement = text(query.format(index="cjk" if term.cjk else "fts"))
        rows = await self._connection.execute(statement, self._whose | {"query": term.query})
        return set(rows.scalars())

    async def _count(self) -> int:
        query = "SELECT count(*) FROM utterances WHERE user = :user"
        query += " AND persona IN (SELECT value FROM json_each(:personas))"
        return int((await self._connection.execute(text(query), self._whose)).scalar_one())

    async def turns_having(self, terms: Iterable[tuple[Term, ...]]) -> set[int]:
        """Row numbers of turns in which one of these sets of words is, also unheard or in a tool's result."""
        return await self._having("turns", "rowid", "text || ' ' || messages", terms)

    async def summaries_having(self, terms: Iterable[tuple[Term, ...]]) -> set[int]:
        """Numbers of the summaries that have one of these sets of words."""
        return await self._having("summaries", "id", "text", terms)

    async def blocks_having(self, terms: Iterable[tuple[Term, ...]]) -> set[int]:
        """Row numbers of the profile blocks that have one of these sets of words."""
        return await self._having("profile_blocks", "rowid", "text", terms)

    async def _having(self, table: str, id_: str, words: str, terms: Iterable[tuple[Term, ...]]) -> set[int]:
        found: set[int] = set()
        for wanted in terms:
            # What LIKE lets through is looked at closely; it knows no word's other forms, nor its accents.
            likes = {f"like{n}": f"%{_beginning(term.word)}%" for n, term in enumerate(wanted)}
            query = f"SELECT {id_}, {words} FROM {table} WHERE user = :user"
            query += " AND persona IN (SELECT value FROM json_each(:personas))"
            query += "".join(f" AND {words} LIKE :{name}" for name in likes)
            rows = await self._connection.execute(text(query), self._whose | likes)
            found |= {number for number, there in rows.all() if all_within(wanted, there)}
        return found


def _beginning(word: str) -> str:
    """What all forms of a word begin with, for a rough search; an accent may stand for any sign."""
    plain = "".join(sign if sign.isascii() or ord(sign) > 0x2E80 else "_" for sign in word)
    return plain if len(plain) < 5 else plain[:4]


def _by_id(terms: tuple[Term, ...], having: list[set[int]]) -> dict[int, frozenset[Term]]:
    """Which of the terms each row has."""
    every = set[int]().union(*having)
    return {id_: frozenset(t for t, ids in zip(terms, having, strict=True) if id_ in ids) for id_ in every}


def _best(having: Iterable[frozenset[Term]], terms: tuple[Term, ...]) -> set[frozenset[Term]]:
    """The sets of terms that come closest to all of them; none where none comes close.

    "My trip to Rome" is not meant where only a trip to Spain is known, nor "my red car" where red wine is.
    """
    weights = {term: 2 if term.name else 1 for term in terms}
    shares = {one: sum(weights[term] for term in one) for one in set(having)}
    best = max(shares.values(), default=0)
    if not best or best < MOSTLY * sum(weights.values()):
        return set()
    return {one for one, share in shares.items() if share == best}
