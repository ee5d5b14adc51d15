"""What a turn changes in what is known: a slip of the turn before is put right, and what is over ends."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from omni_agent.memory import Fact

from ..predicates import FAMILY, NOTE, TOLD
from ..repository import entities, noting, told
from .ending import ended, exchanged
from .own_words import as_told
from .reading import read
from .rules import SURE
from .sentences import sentences
from .slips import righted

MOST_NOTES = 300
"""Among how many notes is looked for what is over: the newest."""

# These end by rules of their own only.
_LASTING = FAMILY | {
    "name", "called", "surname", "birthday", "birth_year", "born_in", "comes_from", "grew_up_in", "age",
    "allergic_to", "nationality", "native_language", "pronouns", "breed", "speaks", NOTE,
}  # fmt: skip


async def put_right(
    connection: AsyncConnection, source: noting.Source, words: str, before: tuple[str, str]
) -> bool:
    """Put right what the turn before said wrongly; whether `words` did so.

    Args:
        connection: In a transaction that writes.
        source: The turn of `words`.
        words: What the user says.
        before: The turn before, and what the user said in it.
    """
    right = righted(before[1], words) if before[1] else ""
    if not right or source.origin is None:
        return False
    wrong = await noting.resting_on(connection, source.scope, source.origin.session, before[0])
    reading = read(right, source.at, names=await entities.names(connection, source.scope))
    said = [*reading.statements, *(as_told(note, SURE) for note in reading.notes)]
    if wrong and said:
        await noting.note(connection, source, said, replaced=[fact.id for fact in wrong])
    return bool(wrong and said)


async def end_what_is_over(connection: AsyncConnection, source: noting.Source, words: str) -> None:
    """End the notes that are no longer so by what the user says, and what else the same turns say of it."""
    # "Where did I live before I moved?" is no move.
    stated = ". ".join(sentence.text for sentence in sentences(words) if not sentence.asks)
    known = await told.told(connection, source.scope, MOST_NOTES)
    turn = source.origin.turn if source.origin else ""
    notes = [fact for fact in known if turn not in fact.turns]
    for fact in notes:
        if now := exchanged(fact.said.object, stated):
            await noting.note(connection, source, [as_told(now)], replaced=[fact.id])
    over = [notes[place] for place in ended([fact.said.object for fact in notes], stated)]
    await noting.end(connection, source, [fact.id for fact in over])
    for note in over:
        beside = await told.beside(connection, source.scope, note.id)
        await noting.end(connection, source, [fact.id for fact in beside if _within(fact, note)])


def _within(fact: Fact, note: Fact) -> bool:
    """Whether a note holds what another fact says, which may end."""
    if fact.said.predicate == TOLD or fact.said.predicate in _LASTING:
        return False
    return fact.said.object.casefold() in note.said.object.casefold()


def told_apart(facts: Sequence[Fact]) -> list[Fact]:
    """The facts without the notes in the user's own words, unless there are no others."""
    return [fact for fact in facts if fact.said.predicate != TOLD] or [*facts]
