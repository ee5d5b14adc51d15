"""What the user stated that is near in meaning to a question about him, where their words differ."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from threading import Thread

import numpy as np
from numpy.typing import NDArray

from ..repository.statements import DIMENSIONS
from . import lexicon
from .fusion import Candidate
from .question import Question
from .worth import asks, revokes

MOST, LOOKED_AT = 4, 12
"""How many are told, and among how many they are sought: some of them are in view."""

LEAST_COSINE = 0.06
"""What is less near is not near. Higher, it would lose answers: half of them are less near than 0.15."""

ENOUGH, ENOUGH_SHARE = 3, 0.7
"""So many that meet so much of a question need no filling in."""

_TELLING = 2


def too_little(question: Question, found: Sequence[Candidate]) -> bool:
    """Whether what shares words with the question is too little; a single word may be anywhere."""
    return len(question.terms) < _TELLING or sum(one.share >= ENOUGH_SHARE for one in found) < ENOUGH


def ready() -> bool:
    """Whether the vectors are there; if they could be, they are loaded beside what goes on."""
    from omni_agent.grounding.meaning import loaded

    if not loaded():
        _load_beside()
        return False
    return True


@cache
def _load_beside() -> None:
    from omni_agent.grounding.meaning import available, vector

    if available():
        Thread(target=vector, args=("word",), name="omni-memory-vectors").start()


def vectors(texts: Sequence[str]) -> NDArray[np.float32]:
    """Vectors of statements, a row each; zeros for what states nothing."""
    from omni_agent.grounding.meaning import vectors

    return vectors(["" if asks(text) or revokes(text) else _telling(text) for text in texts])


def wanted(question: str) -> NDArray[np.float32]:
    """The vector of a question."""
    from omni_agent.grounding.meaning import vector

    words = _telling(question)
    return vector(words) if words else np.zeros(DIMENSIONS, np.float32)


def _telling(text: str) -> str:
    """The words that say something: a vector is the mean of its words', and the others would blur it."""
    idle = lexicon.function_words("en") | lexicon.idle_words()
    return " ".join(word for word in lexicon.words_of(text) if word not in idle)
