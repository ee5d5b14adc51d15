"""What the user stated that is near in meaning to a question about him, where their words differ."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from threading import Thread

import numpy as np
from numpy.typing import NDArray

from . import lexicon
from .fusion import Candidate

MOST, LOOKED_AT = 3, 12
"""How many are told, and among how many they are sought: some of them are in view."""

LEAST_COSINE, SAME = 0.2, 0.8
"""From where on something is near, and from where on it is the same."""

ENOUGH, ENOUGH_SHARE = 3, 0.7
"""So many that meet so much of a question need no filling in."""

_PARTS = re.compile(r"[^.!?？。！…]+[.!?？。！…]*")
_DIMENSIONS = 256
_LEAST_WORDS = 2


def asks(text: str) -> bool:
    """Whether words only ask: each of their sentences is a question."""
    parts = [part.strip() for part in _PARTS.findall(text) if part.strip()]
    return bool(parts) and all(part.endswith(("?", "？")) for part in parts)


def revokes(text: str) -> bool:
    """Whether words ask for something to be forgotten."""
    return lexicon.pattern("revoking", "words").search(text) is not None


def too_little(found: Sequence[Candidate]) -> bool:
    """Whether what shares words with the question is too little."""
    return sum(one.share >= ENOUGH_SHARE for one in found) < ENOUGH


def share(cosine: float) -> float:
    """How much of a question is met by what is so near to it, 0 to 1."""
    return min(max(cosine - LEAST_COSINE, 0.0) / (SAME - LEAST_COSINE), 1.0)


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
    return np.stack([_stated(text) for text in texts])


def wanted(question: str) -> NDArray[np.float32]:
    """The vector of a question."""
    return _mean(question)


def _stated(text: str) -> NDArray[np.float32]:
    if asks(text) or revokes(text):
        return np.zeros(_DIMENSIONS, np.float32)
    return _mean(text)


def _mean(text: str) -> NDArray[np.float32]:
    from omni_agent.grounding.meaning import vector

    # The vector of a text is the mean of its words: those that say nothing would only blur it.
    idle = lexicon.function_words("en") | lexicon.idle_words()
    words = [word for word in lexicon.words_of(text) if word not in idle]
    return vector(" ".join(words)) if words else np.zeros(_DIMENSIONS, np.float32)
