"""What the user wants remembered: facts where the rules know them, else the words themselves."""

from __future__ import annotations

import asyncio
import re

from omni_agent.memory import USER, Fact, Origin, Scope, Statement

from ..predicates import NOTE
from ..repository import entities
from ..repository.repository import Repository
from .reading import read
from .telling import third_person

_LEADING = re.compile(r"^(?:that|dass|que|che|:|,|-)\s+", re.IGNORECASE)


async def remember(repository: Repository, scope: Scope, said: str, origin: Origin) -> list[Fact]:
    """Note what the user wants to be remembered; there is always at least one fact, for words at all.

    Args:
        repository: Where.
        scope: Whose.
        said: What is to be remembered, without the wish itself: "my dentist is Dr. Huber".
        origin: The turn of the wish, which may still be going on.

    Raises:
        MemoryStoreError: The database cannot be written.
    """
    words = _LEADING.sub("", said.strip()).strip()
    if not words:
        return []
    async with repository.database.reading() as connection:
        names = await entities.names(connection, scope)
    reading = await asyncio.to_thread(read, words, origin.at, names=names, asked=True)
    statements = list(reading.statements)
    if not statements or not reading.whole:
        statements.append(as_note(words))
    return await repository.facts.note(scope, statements, origin, now=origin.at, said=said)


def as_note(words: str) -> Statement:
    """The words themselves as a statement."""
    return Statement(USER, NOTE, words.rstrip(".! "), third_person(words), many=True)
