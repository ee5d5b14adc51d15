"""What the user says is wrong: the fact that the agent spoke of goes, for what the user says in its place."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

from omni_agent.memory import Correction, Fact, Origin, Scope, Statement

from ..predicates import RELATIONS, sentence
from ..repository import entities, noting
from ..repository.fact_rows import alike
from ..repository.repository import Repository
from .own_words import as_told
from .reading import read
from .remembering import as_note
from .slips import righted
from .telling import from_agent

_MOST_FACTS = 500
_WRONG = re.compile(
    r"^(?:(?:no|nope|nein|non|ei|wait|sorry|actually|hey|well|but|oh|hm+|um|uh)\b[\s,.!:;-]*|"
    r"(?:that|this|it)(?:'s| is| was|s)? (?:all |completely |just |simply )?(?:not (?:right|true|correct|"
    r"it|so)|wrong|incorrect|false|"
    r"a mistake)\b[\s,.!:;-]*|(?:you(?:'re| are| were)|your) (?:wrong|mistaken)\b[\s,.!:;-]*|"
    r"wrong\b[\s,.!:;-]*|"
    r"(?:das|es) (?:ist|stimmt) (?:falsch|nicht|nicht richtig)\b[\s,.!:;-]*|c'est faux[\s,.!:;-]*|"
    r"(?:eso|esto) (?:es falso|no es (?:verdad|correcto)|está mal)[\s,.!:;-]*|(?:è sbagliato|non è "
    r"vero)[\s,.!:;-]*|"
    r"(?:está errado|não é verdade)[\s,.!:;-]*|"
    r"違います[、。\s]*|不对[，。\s]*|i (?:said|meant|mean)\b[\s,.:]*)+",
    re.IGNORECASE,
)
_NOT_BUT = re.compile(
    r"^(?:it(?:'s| is) |he(?:'s| is) |she(?:'s| is) )?not (?P<old>.+?),? (?:but|it(?:'s| is)) (?P<new>.+)$",
    re.IGNORECASE,
)
_IT_IS = re.compile(
    r"^(?:(?:it|that|he|she|they|the (?:right|correct) \w+|his name|her name|its name|the name)(?:'s| is| "
    r"are|'re)?"
    r"(?: actually| really| now)?(?: called| named| spelled)?|es ist|er heißt|sie heißt|das ist|c'est|il "
    r"s'appelle|"
    r"elle s'appelle|es|se llama|è|si chiama|chama-se|é)\s+(?P<new>.+?)(?:,? (?:and )?not (?P<old>.+))?$",
    re.IGNORECASE,
)
_BARE = re.compile(r"^(?P<new>\S+(?: \S+){0,3}?)(?:,? (?:and )?not (?P<old>.+))?$", re.IGNORECASE)
_THIS_NOT_THAT = re.compile(
    r"^(?!.*\b(?:is|are|am|my|our|was|i)\b)(?P<new>\S+(?: \S+){0,3}?),? (?:and )?not "
    r"(?P<old>\S+(?: \S+){0,3})$",
    re.IGNORECASE,
)
# What follows "it's" and is no value: "it's not that", "it's because".
_NO_VALUE = (
    "a ",
    "an ",
    "not",
    "my ",
    "so ",
    "too ",
    "very ",
    "ok",
    "fine",
    "because",
    "that ",
    "just ",
    "all ",
)
_SPELLING = re.compile(r",?\s+with (?:an? |one |two |double |just )+.*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Meant:
    """What the user puts in the place of what was said: a value, or statements, or nothing."""

    value: str = ""
    instead_of: str = ""
    statements: tuple[Statement, ...] = ()


async def correct(repository: Repository, scope: Scope, said: str, told: str, origin: Origin) -> Correction:
    """Put right what the user says is wrong.

    Args:
        repository: Where.
        scope: Whose.
        said: The user's words: "no, it's Dr. Maier", "that's wrong, I live in Linz", "that's wrong".
        told: What the agent had said, which shows what is meant.
        origin: The turn of the correction.

    Raises:
        MemoryStoreError: The database cannot be written.
    """
    async with repository.database.reading() as connection:
        names = await entities.names(connection, scope)
    facts = await repository.facts.known(scope, limit=_MOST_FACTS)
    meant = await asyncio.to_thread(_meant, said, origin, names)
    asserted = await asyncio.to_thread(read, from_agent(told), origin.at, names=names, asked=True)
    claimed = asserted.statements
    spoken = _spoken_of(facts, claimed, told, meant)
    statements = _in_place(meant, spoken, claimed)
    old = _replaced(statements, spoken, facts)
    if not spoken and (slipped := await _slipped(repository, scope, said, origin)):
        old, statements = slipped
    if not statements and not spoken:
        return Correction()
    gone, made = await repository.facts.replace(
        scope, [fact.id for fact in old], statements, origin, now=origin.at, said=said
    )
    return Correction(tuple(gone), tuple(made))


async def _slipped(
    repository: Repository, scope: Scope, said: str, origin: Origin
) -> tuple[list[Fact], tuple[Statement, ...]] | None:
    """The facts of the user's own last turn, and what he meant to say in it; None where it was no slip."""
    history = await repository.conversations.history(scope, origin.session, 1)
    last = history[0] if history else None
    right = righted(last.messages[0].text, said) if last and last.messages else ""
    if last is None or not right:
        return None
    async with repository.database.reading() as connection:
        wrong = await noting.resting_on(connection, scope, origin.session, last.id)
    reading = await asyncio.to_thread(read, right, origin.at)
    said_now = (*reading.statements, *map(as_told, reading.notes))
    return (wrong, said_now) if wrong and said_now else None


def slip(words: str) -> tuple[str, str] | None:
    """What a turn corrects in passing: the value that is right and, where it is named, the wrong one.

    "Sorry, it's Fairlawn, not Fairfield" gives both; "no, it's because of the rain" is no such slip.
    """
    rest = _SPELLING.sub("", _WRONG.sub("", words.strip()).split(". ")[0].strip(" .!,;:-"))
    found = _NOT_BUT.match(rest) or _IT_IS.match(rest) or _THIS_NOT_THAT.match(rest)
    if found is None or (value := found["new"].strip(" .,!")).lower().startswith(_NO_VALUE):
        return None
    return value, (found["old"] or "").strip(" .!")


def put_right(value: str, wrong: Sequence[Fact], old: str = "") -> tuple[int, Statement] | None:
    """The fact that a slip means, and what is right; None where it could mean several or none.

    Args:
        value: What is right.
        wrong: The facts that it could be about.
        old: The wrong value, where it was named; else a name can only be in the place of a name.
    """
    meant = [fact for fact in wrong if old or (_named(fact.said.object) and _named(value))]
    if len(meant) != 1 or alike(meant[0].said.object, value):
        return None
    (statement,) = _in_place(_Meant(value), meant, ())
    return meant[0].id, _within(meant[0].said, old, value) or statement


def _within(said: Statement, old: str, value: str) -> Statement | None:
    """The statement with one of its words put right: of a value of several words, or in words of its own."""
    wrong = re.compile(rf"\b{re.escape(old)}\b", re.IGNORECASE)
    if not old or (alike(said.object, old) and not wrong.search(said.text)):
        return None
    object_, text = wrong.sub(lambda _: value, said.object), wrong.sub(lambda _: value, said.text)
    return replace(said, object=object_, text=text, confidence=1.0)


def _named(value: str) -> bool:
    return value[:1].isupper() and len(value.split()) <= 3


def _meant(said: str, origin: Origin, names: dict[str, str]) -> _Meant:
    rest = _WRONG.sub("", said.strip()).strip(" .!,;:-")
    rest = _SPELLING.sub("", rest)
    if not rest:
        return _Meant()
    if statements := read(rest, origin.at, names=names, asked=True).statements:
        return _Meant(statements=statements)
    # "That's wrong. Maier. He'd be cross": what is right is said first.
    for pattern, words in product((_NOT_BUT, _IT_IS, _BARE), (rest, rest.split(". ")[0])):
        if found := pattern.match(words):
            return _Meant(found["new"].strip(" .!"), (found["old"] or "").strip(" .!"))
    return _Meant(statements=(as_note(rest),))


def _spoken_of(facts: Sequence[Fact], claimed: Sequence[Statement], told: str, meant: _Meant) -> list[Fact]:
    """The facts that the agent spoke of, the most likely first."""
    words = f" {_plain(told)} "
    scored: list[tuple[int, Fact]] = []
    for fact in facts:
        score = 4 * any(_agrees(fact.said, claim) for claim in claimed)
        score += 3 * bool(meant.instead_of and alike(fact.said.object, meant.instead_of))
        if f" {_plain(fact.said.object)} " in words:
            score += (
                2 + (fact.said.predicate.replace("_", " ") in words) + (fact.said.subject.lower() in words)
            )
        if score:
            scored.append((score, fact))
    return [fact for _, fact in sorted(scored, key=lambda pair: (-pair[0], -pair[1].id))]


def _agrees(fact: Statement, claim: Statement) -> bool:
    return fact.predicate == claim.predicate and alike(fact.object, claim.object)


def _in_place(meant: _Meant, spoken: Sequence[Fact], claimed: Sequence[Statement]) -> tuple[Statement, ...]:
    """The statements that the user puts in the place of what the agent said."""
    if not meant.value:
        return meant.statements
    model = spoken[0].said if spoken else claimed[0] if claimed else None
    if model is None:
        return ()
    value = meant.value[:1].upper() + meant.value[1:] if model.object[:1].isupper() else meant.value
    text = sentence(model.subject, model.predicate, value)
    return (
        replace(model, object=value, text=text, confidence=1.0, ends=False, valid_from=None, valid_to=None),
    )


def _replaced(statements: Sequence[Statement], spoken: Sequence[Fact], facts: Sequence[Fact]) -> list[Fact]:
    """The facts that no longer count: of those spoken of the one that is put right, or the likeliest."""
    if not statements:
        return list(spoken[:1])
    first = statements[0]
    of_kind = [fact for fact in spoken if fact.said.predicate == first.predicate]
    if of_kind:
        return of_kind[:1]
    if first.many and first.predicate in RELATIONS:
        same = [f for f in facts if (f.said.subject, f.said.predicate) == (first.subject, first.predicate)]
        return same if len(same) == 1 else []
    return list(spoken[:1]) if first.predicate == "note" else []


def _plain(text: str) -> str:
    return " ".join("".join(c if c.isalnum() else " " for c in text.casefold()).split())
