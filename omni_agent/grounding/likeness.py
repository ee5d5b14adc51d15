"""How alike words sound and are spelled: what a misheard or misspelled name is recognised by."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import jellyfish
from rapidfuzz.distance import Levenshtein

from .fields import Choice

# The nearest other value must be this much further off.
MARGIN = 0.08
_NAME_ALIKE, _WORD_ALIKE, _JOINED_ALIKE = 0.66, 0.55, 0.75
# Words that share fewer letters than this are compared by sound only if they sound the same.
_FEW_LETTERS = 0.4


@lru_cache(maxsize=16384)
def likeness(one: str, other: str) -> float:
    """How alike two words are, 0 to 1: the mean of their spelling and of their sound (Metaphone)."""
    letters = float(Levenshtein.normalized_similarity(one, other))
    codes = _sound(one), _sound(other)
    if letters < _FEW_LETTERS and codes[0] != codes[1]:
        return letters
    sound = float(Levenshtein.normalized_similarity(*codes)) if all(codes) else letters
    return 0.5 * letters + 0.5 * sound


@lru_cache(maxsize=4096)
def _sound(word: str) -> str:
    """A word's Metaphone code; W sounds as V does in many names."""
    return jellyfish.metaphone(word).replace("W", "F")


def nearest_name(said: str, choices: Sequence[Choice]) -> str | None:
    """The choice that a name sounds like, word by word; None where none does, or two do."""
    words = said.casefold().split()
    scored = sorted(
        (score for choice in choices if (score := _scored(words, str(choice.value)))), reverse=True
    )
    if not scored or scored[0][0] < _NAME_ALIKE or scored[0][1] < _WORD_ALIKE:
        return None
    clear = len(scored) == 1 or scored[0][0] - scored[1][0] >= MARGIN
    return scored[0][2] if clear else None


def _scored(words: Sequence[str], name: str) -> tuple[float, float, str] | None:
    """How alike words are to a name on the whole and at their worst; None where they cannot be compared."""
    parts = name.casefold().split()
    if words and len(parts) == len(words):
        each = [likeness(one, two) for one, two in zip(words, parts, strict=True)]
        return sum(each) / len(each), min(each), name
    joined = likeness("".join(words), "".join(parts))
    return (joined, joined, name) if parts and joined >= _JOINED_ALIKE else None
