"""Work that turns leave behind: what the user said becomes facts, when nobody talks.

The rules come first and their facts are written at once; then the model reads what they left open. Whatever
is cut off in between is done again, which changes nothing: a fact that is noted twice is noted once.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from omni_agent.errors import ModelError
from omni_agent.memory import Fact, Origin, Statement, TurnRecord
from omni_agent.models.base import OmniModel

from ..predicates import RELATIONS
from ..repository import entities, noting
from ..repository.fact_rows import alike
from ..repository.jobs import SUMMARY, Work, done
from ..repository.repository import Repository
from .asking import extract
from .reading import Reading, read
from .rules import SURE

logger = logging.getLogger(__name__)


async def study(repository: Repository, model: OmniModel, *, now: datetime) -> bool:
    """Do the oldest piece of work; false where none is left.

    May be cancelled at any moment: the work is then left as it was.

    Raises:
        MemoryStoreError: The database cannot be used.
    """
    work = await repository.jobs.next()
    if work is None:
        return False
    try:
        if work.kind == SUMMARY:
            from ..summarising import summarise

            await summarise(repository, work, model, now=now)
        else:
            await _learn(repository, work, model, now)
    except ModelError as error:
        logger.warning("work on turn %s of %s waits: %s", work.turn, work.session, error)
        await repository.jobs.failed(work)
    return True


async def _learn(repository: Repository, work: Work, model: OmniModel, now: datetime) -> None:
    turn, before = await repository.conversations.turn(work.scope, work.session, work.turn)
    words = _own_words(turn) if turn else ""
    if turn is None or not words:
        async with repository.database.writing() as connection:
            await done(connection, work)
        return
    source = noting.Source(work.scope, Origin(work.session, work.turn, turn.started_at), now)
    async with repository.database.reading() as connection:
        names = await entities.names(connection, work.scope)
    reading = read(words, turn.started_at, language=turn.messages[0].language, names=names)
    async with repository.database.writing() as connection:
        await _note_sure(connection, source, reading, before)
        if not reading.open:
            await done(connection, work)
            return
    found = await extract(model, reading.open, at=turn.started_at)
    async with repository.database.writing() as connection:
        await noting.note(connection, source, await _news(connection, source, found))
        await done(connection, work)


def _own_words(turn: TurnRecord) -> str:
    """What the user typed or said in a turn; nothing that a picture shows or a tool found."""
    first = turn.messages[0] if turn.messages else None
    return first.text if first and first.role == "user" else ""


async def _note_sure(
    connection: AsyncConnection, source: noting.Source, reading: Reading, before: str
) -> None:
    if reading.joke and before and source.origin:
        facts = await noting.resting_on(connection, source.scope, source.origin.session, before)
        await noting.retire(connection, source, [fact.id for fact in facts], restoring=True)
    for said in reading.statements:
        replaced = await _corrected(connection, source, said) if reading.corrects else ()
        await noting.note(connection, source, [said], replaced=replaced)


async def _corrected(connection: AsyncConnection, source: noting.Source, said: Statement) -> tuple[int, ...]:
    """The one person in whose place "no, my dog is called Rex" puts another; of several none is meant."""
    if said.predicate not in RELATIONS or said.ends:
        return ()
    found = await noting.current(connection, source.scope, said.subject, (said.predicate,))
    return (found[0].id,) if len(found) == 1 else ()


async def _news(
    connection: AsyncConnection, source: noting.Source, found: list[Statement]
) -> list[Statement]:
    """What a model found and nobody is surer of: it neither says again nor replaces what a rule read."""
    news: list[Statement] = []
    for said in found:
        known = await noting.current(connection, source.scope, said.subject, ())
        if not any(_settles(fact, said) for fact in known):
            news.append(replace(said, many=True) if said.predicate in RELATIONS else said)
    return news


def _settles(fact: Fact, said: Statement) -> bool:
    if alike(fact.said.object, said.object):
        return True
    same = fact.said.predicate == said.predicate
    return same and not (fact.said.many and said.many) and fact.said.confidence >= SURE
