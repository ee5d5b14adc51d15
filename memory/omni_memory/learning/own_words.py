"""What a turn states, in the user's own words: kept whole, whatever rules and models make of it.

No table of rules foresees how people tell of their lives, and a small model reads less than half of it; but
it answers well from what the user said, as the user said it. So each sentence that states something is a note
by itself, and what is read out of it comes beside.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from omni_agent.memory import USER, Statement

from ..leaning import leans
from ..predicates import TOLD
from ..recall.lexicon import language_of, words_of
from ..recall.worth import says_nothing
from .telling import third_person

UNSURE = 0.6
"""Confidence: said by the user, but nobody knows what of it will last."""

MOST_CHARACTERS = 200
"""A longer sentence was pasted, or is a speech; its turn is found word for word."""

# A sentence shorter than that says nothing without the one before it.
_FEWEST_WORDS = 3
# What is left of a quotation with an apostrophe in it.
_QUOTES = re.compile(r"(?:^|[\s,:(])['\"‘“]\w")
_OPENING = re.compile(
    r"^(?:(?:oh|ah|ha|well|so|and|but|also|hi|hey|hello|hiya|yes|now then|by the way|anyway|"
    r"(?:please )?(?:remember|note|keep in mind)(?: that)?)\b[\s,!:.-]*)+",
    re.IGNORECASE,
)
# A wish of the moment is over soon; what somebody has to do is often for good.
_LASTS = re.compile(r"\bi(?:'ve got to| have (?:got )?to| must| need to)\b", re.IGNORECASE)


def quotes(sentence: str) -> bool:
    """Whether a sentence holds somebody else's words, or what is left of them."""
    return bool(_QUOTES.search(sentence))


def lasts(sentence: str) -> bool:
    """Whether a sentence that begins as one of the moment may hold for longer."""
    return bool(_LASTS.search(sentence))


def own_words(stated: Sequence[str]) -> tuple[str, ...]:
    """The sentences of a turn that state something, each with those that lean on it; English ones only."""
    if language_of(word for text in stated for word in words_of(text)) != "en":
        return ()
    bare = (_OPENING.sub("", text).strip() for text in stated)
    return tuple(note for note in map(_noted, _joined(filter(None, bare))) if note)


def as_told(note: str, confidence: float = UNSURE) -> Statement:
    """A note as a statement: its value is the user's words, its text tells them of the user."""
    return Statement(USER, TOLD, note, third_person(note), "event", confidence, many=True)


def _joined(stated: Iterable[str]) -> Iterator[str]:
    held = ""
    for sentence in stated:
        short = len(held.split()) < _FEWEST_WORDS or len(sentence.split()) < _FEWEST_WORDS
        if held and (short or leans(sentence)):
            held = f"{held}. {sentence}"
            continue
        if held:
            yield held
        held = sentence
    if held:
        yield held


def _noted(words: str) -> str:
    cut = quotes(words) or not words[0].isalnum() or words.endswith(",")
    if cut or len(words) > MOST_CHARACTERS or says_nothing(words) or len(words.split()) < _FEWEST_WORDS:
        return ""
    return f"{words[:1].upper()}{words[1:]}."
