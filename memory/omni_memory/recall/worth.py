"""What of all that shares words with a question is worth the tokens that telling it costs."""

from __future__ import annotations

import re
from functools import cache

from ..repository.utterances import grams
from . import lexicon
from .question import Question
from .ranking import Ranked

ANSWERED = 0.9
"""A fact that meets so much of a question answers it."""

BESIDE = 0.3
"""What an utterance must hold itself of a question that a fact answers."""

AGENT, QUESTION = 0.5, 0.75
"""What of a question about the user the agent's words, and a question of the user's, must hold themselves."""

_SHORT = 60  # letters of what may say nothing
_PARTS = re.compile(r"[^.!?？。！…]+[.!?？。！…]*")


def worth_telling(one: Ranked, question: Question, answered: bool) -> bool:
    """Whether an utterance is to be told.

    The user asks about himself: then what he said counts. The agent's "Okay." beside it, what the agent
    made up once, and what the user only asked are told where they hold much of what is looked for.
    """
    text = one.line.text
    if revokes(text) or (not one.held and says_nothing(text)):
        return False
    if not question.own:
        return True
    if answered and one.held < BESIDE:
        return False
    if one.line.speaker == "agent":
        return one.held >= AGENT
    return one.held >= QUESTION or not asks(text)


def says_nothing(text: str) -> bool:
    """Whether words hold no matter: "Okay, I see." """
    return len(text) <= _SHORT and _idle().issuperset(lexicon.words_of(text)) and not grams(text)


@cache
def _idle() -> frozenset[str]:
    return lexicon.idle_words().union(*map(lexicon.function_words, lexicon.LANGUAGES))


def asks(text: str) -> bool:
    """Whether words only ask: each of their sentences is a question."""
    parts = [part.strip() for part in _PARTS.findall(text) if part.strip()]
    return bool(parts) and all(part.endswith(("?", "？")) for part in parts)


def revokes(text: str) -> bool:
    """Whether words ask for something to be forgotten."""
    return lexicon.pattern("revoking", "words").search(text) is not None
