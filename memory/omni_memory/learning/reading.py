"""What a turn's words state, read by rules: the sure facts, and the sentences that are left for a model."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from omni_agent.memory import Statement

from .languages import Table, tables
from .own_words import lasts, own_words, quotes
from .rules import Talk
from .sentences import Sentence, sentences
from .sincerity import Tells, kept

MOST_CHARACTERS = 2000
"""So much of a turn is read: nobody says more of himself at once, and what is longer was pasted."""

_FIRST_PERSON = re.compile(
    r"\b(?:i|i'm|i've|i'd|my|mine|our|we|we're|we've|me|us|"
    r"ich|mein\w*|mir|wir|unser\w*|je|j|mon|ma|mes|notre|"
    r"nous|yo|mi|mis|nuestr\w+|io|mio|mia|miei|mie|nostr\w+|eu|meu|minha|nosso|nossa)\b|私|僕|俺|我",
    re.IGNORECASE,
)
_CORRECTS = re.compile(
    r"(?:(?:oh|ah|ha|hey|well|but|and|um|uh|ach|oh je)[\s,]+)*"
    r"(?:(?:no|nope|actually|sorry|correction|i mean(?:t)?|wait|wrong|nein|eigentlich|non|en fait|"
    r"en realidad|in realtà|na verdade|não|that'?s (?:wrong|not right|not true|incorrect))\b|"
    r"違います|不对|不是)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read out of a turn.

    Attributes:
        statements: What the rules are sure of, in the order in which it was said.
        open: Sentences in which the user speaks of himself, of which the rules made nothing.
        joke: The turn says that what was said in the turn before it was not meant.
        corrects: It puts right what was said before.
        whole: The statements say all of it.
        notes: What was stated, in the user's own words.
    """

    statements: tuple[Statement, ...] = ()
    open: tuple[str, ...] = ()
    joke: bool = False
    corrects: bool = False
    whole: bool = True
    notes: tuple[str, ...] = ()


def read(
    words: str,
    at: datetime,
    *,
    language: str = "",
    names: Mapping[str, str] | None = None,
    asked: bool = False,
) -> Reading:
    """Read what the user said.

    Args:
        words: The user's own words; nothing that a picture, page or tool holds.
        at: When they were said.
        language: ISO 639-1 code, where it is known.
        names: Names that are known, by their lower case.
        asked: The user wants it remembered: no sentence is left out for what it looks like.
    """
    found = sentences(words[:MOST_CHARACTERS])
    corrects = bool(_CORRECTS.match(words.strip()))
    first: Reading | None = None
    for table in tables(words, language):
        reading = _read(found, table, Talk(at, names or {}), asked=asked)
        if reading.statements or reading.joke:
            return replace(reading, corrects=corrects)
        first = first or reading
    return replace(first or Reading(), corrects=corrects)


def _read(found: list[Sentence], table: Table, talk: Talk, *, asked: bool) -> Reading:
    meant, joke = _meant(found, table.tells)
    stated = meant if asked else kept(meant, table.tells)
    statements: list[Statement] = []
    left: list[str] = []
    told: list[str] = []
    asking = [sentence.text for sentence in found if sentence.asks]
    whole = len(stated) == len(found) and not any(sentence.reported for sentence in stated)
    for sentence in stated:
        named = table.named(sentence.text, talk)
        statements += named
        if sentence.reported:
            continue
        said, complete = table.scan(sentence.text, talk)
        statements += said
        whole = whole and complete
        if "…" in sentence.text or quotes(sentence.text):
            continue
        passing = table.tells.passing.match(sentence.text)
        introduces = any(question.startswith(sentence.text) for question in asking)
        if not introduces and (not passing or lasts(sentence.text)):
            told.append(sentence.text)
        if not passing and not (said or named) and _FIRST_PERSON.search(sentence.text):
            left.append(sentence.text)
    return Reading(tuple(_once(statements)), tuple(left), joke, whole=whole, notes=own_words(told))


def _once(statements: list[Statement]) -> Iterator[Statement]:
    """Each statement once, as the last that said it."""
    said = {(one.subject, one.predicate, one.object, one.ends): one for one in statements}
    yield from said.values()


def _meant(found: list[Sentence], tells: Tells) -> tuple[list[Sentence], bool]:
    """The sentences without those that a joke takes back, and whether it takes back the turn before."""
    for index, sentence in reversed(list(enumerate(found))):
        if joke := tells.jokes.search(sentence.text):
            rest = sentence.text[joke.end() :].lstrip(" ,.!-–—")
            after = [replace(sentence, text=rest), *found[index + 1 :]] if rest else found[index + 1 :]
            before = sentence.text[: joke.start()].strip(" ,.!-–—") or index
            return after, not before
    return found, False
