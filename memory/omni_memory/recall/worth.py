"""What of all that shares words with a question is worth the tokens that telling it costs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from omni_agent.memory import Recollection

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

CLOSE, SEVERAL, NEARLY = 0.5, 3, 0.15
"""In passing, what meets less of the words is left out; and all of it where so many meet about as much."""

MOST_NAMED = 2
"""How many are told in passing of those that hold a name."""

_SHORT = 60  # letters of what may say nothing
_PARTS = re.compile(r"[^.!?？。！…]+[.!?？。！…]*")


def worth_telling(one: Ranked, question: Question, answered: bool, *, passing: bool = False) -> bool:
    """Whether an utterance is to be told.

    In passing it is what the user told, not what he asked.

    The user asks about himself: then what he said counts. The agent's "Okay." beside it, what the agent
    made up once, and what the user only asked are told where they hold much of what is looked for.
    """
    text = one.line.text
    if revokes(text) or (not one.held and says_nothing(text)):
        return False
    if passing:
        return one.line.speaker != "agent" and not asks(text)
    if not question.own:
        return True
    if answered and one.held < BESIDE:
        return False
    if one.line.speaker == "agent":
        return one.held >= AGENT
    return one.held >= QUESTION or not asks(text)


def in_passing(found: Sequence[Recollection], names: frozenset[str]) -> list[Recollection]:
    """What is told beside words that do not ask for it: what holds a name that they hold, and what they mean.

    The first words of an answer wait for all that is told. Where several fit as well, the words mean none.

    Args:
        found: What fits, best first.
        names: What the words call by its name.
    """
    named = [one for one in found if names.intersection(lexicon.words_of(one.text))][:MOST_NAMED]
    best = max((one.score for one in found), default=0.0)
    near = [one for one in found if one.score >= max(CLOSE, best - NEARLY)]
    return named or (near if len(near) < SEVERAL else [])


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
