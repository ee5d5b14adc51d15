"""Work that turns leave behind: what the user said becomes facts, when nobody talks.

The rules come first and their facts are written at once; then the model reads what they left open. Whatever
is cut off in between is done again, which changes nothing: a fact that is noted twice is noted once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from omni_agent.errors import ModelError
from omni_agent.memory import Fact, Origin, Statement, TurnRecord
from omni_agent.models.base import OmniModel

from ..predicates import RELATIONS
from ..repository import entities, noting
from ..repository.fact_rows import alike
from ..repository.jobs import FACTS, READING, Work, done, leave_to_model, waits
from ..repository.repository import Repository
from . import changing
from .asking import CHANGES, extract
from .correcting import put_right, slip
from .own_words import as_told
from .reading import Reading, read
from .rules import SURE

logger = logging.getLogger(__name__)

_CHANGING = frozenset({"habit", "takes", "plan"})
_SAME_WORDS = 2
_SURE_ONLY = frozenset({"name", "birthday", "age"})


async def study(repository: Repository, model: OmniModel | None, *, now: datetime) -> bool:
    """Do the oldest piece of work; false where none is left, without a model none that needs none.

    May be cancelled at any moment: the work is then left as it was.

    Raises:
        MemoryStoreError: The database cannot be used.
    """
    uncut = repository.database.uncut
    # What was cut off may still be at its last step, and would be done twice.
    await repository.database.settled()
    work = await uncut(repository.jobs.next(plain=model is None))
    if work is None:
        return False
    try:
        if work.kind == FACTS:
            await uncut(_learn(repository, work, now))
        elif model and work.kind == READING:
            await _read(repository, work, model, now)
        elif model:
            from ..summarising import summarise

            await summarise(repository, work, model, now=now)
    except ModelError as error:
        logger.warning("work on turn %s of %s waits: %s", work.turn, work.session, error)
        await uncut(repository.jobs.failed(work))
    return True


@dataclass(frozen=True, slots=True)
class _Told:
    """What the user said in a turn, as the rules read it; `before` is the turn before, and what was said."""

    words: str
    before: tuple[str, str]
    source: noting.Source
    reading: Reading


async def _told(repository: Repository, work: Work, now: datetime) -> _Told | None:
    """What there is to learn in a turn; None where it is gone or the user said nothing."""
    turn, before = await repository.conversations.turn(work.scope, work.session, work.turn)
    words = _own_words(turn) if turn else ""
    if turn is None or not words:
        return None
    last, _ = await repository.conversations.turn(work.scope, work.session, before) if before else (None, "")
    source = noting.Source(work.scope, Origin(work.session, work.turn, turn.started_at), now)
    async with repository.database.reading() as connection:
        names = await entities.names(connection, work.scope)
    # A language's patterns are compiled at its first sentence, which takes seconds.
    language = turn.messages[0].language
    reading = await asyncio.to_thread(read, words, turn.started_at, language=language, names=names)
    return _Told(words, (before, _own_words(last) if last else ""), source, reading)


async def _learn(repository: Repository, work: Work, now: datetime) -> None:
    """What the rules find is noted; what they leave open is left to the model."""
    told = await _told(repository, work, now)
    async with repository.database.writing() as connection:
        if told is None or not await waits(connection, work):
            await done(connection, work)
            return
        reading = told.reading
        righted = _slipped(told) and await _put_right(connection, told.source, told.words, told.before[0])
        if righted or await changing.put_right(connection, told.source, told.words, told.before):
            reading = replace(reading, notes=(), open=())
        else:
            await changing.end_what_is_over(connection, told.source, told.words)
        await _note_sure(connection, told.source, reading, told.before[0])
        await (leave_to_model if reading.open else done)(connection, work)


def _slipped(told: _Told) -> bool:
    """Whether something said before is put right in passing, and not by what the rules read."""
    if not told.reading.corrects:
        return False
    found = slip(told.words)
    said = told.reading.statements
    return not said or bool(found and found[1] and not any(found[0] in one.text for one in said))


async def _read(repository: Repository, work: Work, model: OmniModel, now: datetime) -> None:
    """What the model finds is noted."""
    uncut = repository.database.uncut
    told = await uncut(_told(repository, work, now))
    found = await extract(model, told.reading.open, at=told.source.at) if told else []
    await uncut(_note_read(repository, work, told, found))


async def _note_read(repository: Repository, work: Work, told: _Told | None, found: list[Statement]) -> None:
    async with repository.database.writing() as connection:
        # An erasure in the meantime took the work with the turn, and must not be undone by what was read.
        if told and await waits(connection, work):
            await noting.note(connection, told.source, await _news(connection, told.source, found))
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
        replaced = replaced or await _changed(connection, source, said)
        await noting.note(connection, source, [said], replaced=replaced)
    await noting.note(connection, source, [as_told(note) for note in reading.notes])


async def _put_right(connection: AsyncConnection, source: noting.Source, words: str, before: str) -> bool:
    found = slip(words)
    if source.origin is None or found is None:
        return False
    value, old = found
    scope, session = source.scope, source.origin.session
    if await noting.resting_on(connection, scope, session, source.origin.turn):
        return False
    if old:
        wrong = await noting.holding(connection, scope, old)
    else:
        wrong = await noting.resting_on(connection, scope, session, before)
    right = put_right(value, changing.told_apart(wrong), old)
    if right:
        await noting.note(connection, source, [right[1]], replaced=[right[0]])
    return right is not None


async def _corrected(connection: AsyncConnection, source: noting.Source, said: Statement) -> tuple[int, ...]:
    """The one person in whose place "no, my dog is called Rex" puts another; of several none is meant."""
    if said.predicate not in RELATIONS or said.ends:
        return ()
    found = await noting.current(connection, source.scope, said.subject, (said.predicate,))
    return (found[0].id,) if len(found) == 1 else ()


async def _changed(connection: AsyncConnection, source: noting.Source, said: Statement) -> tuple[int, ...]:
    """What was a habit until now, where the new one is of the same: "I go swimming on Fridays now"."""
    if said.predicate not in _CHANGING or said.ends or not CHANGES.search(said.text):
        return ()
    found = await noting.current(connection, source.scope, said.subject, (said.predicate,))
    same = [fact.id for fact in found if _begins(fact.said.object) == _begins(said.object)]
    return tuple(same) if len(same) == 1 else ()


def _begins(value: str) -> tuple[str, ...]:
    return tuple(value.lower().split()[:_SAME_WORDS])


async def _news(
    connection: AsyncConnection, source: noting.Source, found: list[Statement]
) -> list[Statement]:
    """What a model found and nobody is surer of: it neither says again nor replaces what a rule read."""
    news: list[Statement] = []
    taught = await _taught(connection, source)
    for said in found:
        known = await noting.current(connection, source.scope, said.subject, (said.predicate,))
        known += await noting.with_object(connection, source.scope, said.object)
        if not any(_settles(fact, said, taught) for fact in known):
            news.append(replace(said, many=True) if said.predicate in RELATIONS else said)
    return news


async def _taught(connection: AsyncConnection, source: noting.Source) -> frozenset[int]:
    """The facts that rest on the turn that is read."""
    if source.origin is None:
        return frozenset()
    found = await noting.resting_on(connection, source.scope, source.origin.session, source.origin.turn)
    return frozenset(fact.id for fact in found)


def _settles(fact: Fact, said: Statement, taught: Collection[int]) -> bool:
    """Whether a fact leaves nothing to an unsure statement: it says the same, or its place is taken.

    Only who tells of a change gives a sure fact away, and not one of the same turn; a name never.
    """
    if alike(fact.said.object, said.object) and fact.said.subject == said.subject:
        return True
    if fact.said.predicate != said.predicate or (fact.said.many and said.many) or fact.said.confidence < SURE:
        return False
    return fact.id in taught or said.predicate in _SURE_ONLY or not CHANGES.search(said.text)
