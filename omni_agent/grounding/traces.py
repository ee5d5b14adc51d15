"""Which words of an utterance a free text or a name is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from .likeness import likeness
from .numbers import Number
from .units import unit_of
from .words import Word, content_stems, numeral

# So much of a text must have been said.
_SHARE = 0.5
_ALIKE = 0.75


@dataclass(frozen=True, slots=True)
class Trace:
    """What a text left in an utterance.

    Attributes:
        hits: Indexes of the words that it is made of.
        share: How much of it they make up, 0 to 1.
    """

    hits: tuple[int, ...] = ()
    share: float = 0.0

    @property
    def enough(self) -> bool:
        """Whether so much of the text was said that it rests on the words."""
        return self.share >= _SHARE


def trace_of(
    text: str, words: Sequence[Word], numbers: Sequence[Number], without: frozenset[str] = frozenset()
) -> Trace:
    """Find the words that a text is made of: by their stems, numbers, units, initials, or nearly so spelled.

    Args:
        text: What the model wrote.
        words: The utterance's.
        numbers: The utterance's.
        without: Stems that do not count.
    """
    stems = [stem for stem in content_stems(text) if stem not in without]
    if not stems or not words:
        return Trace()
    hits: list[int] = []
    covered = 0
    # A long number may have been said or printed in groups.
    digits = "".join(map(_digits, words))
    for stem in stems:
        found = [i for i, word in enumerate(words) if _is(stem, word.stem)]
        found = found or _initials(stem, words) or _numbers(stem, numbers)
        found = found or [i for i, word in enumerate(words) if stem.upper() in text and _short(stem, word)]
        covered += bool(found) or (stem.isdecimal() and len(stem) > 3 and stem in digits)
        hits += found
    return Trace(tuple(hits), covered / len(stems))


def _digits(word: Word) -> str:
    """A word's digits: "10", "oh", "seven"."""
    if word.form in ("oh", "o"):
        return "0"
    return "".join(sign for sign in numeral(word.form) if sign.isdecimal())


def _is(stem: str, said: str) -> bool:
    if stem == said or (unit_of(stem) and unit_of(stem) == unit_of(said)):
        return True
    if stem[0].isdecimal() or said[0].isdecimal():
        return stem.lstrip("0") == said.rstrip("stndrh").lstrip("0")
    return min(len(stem), len(said)) > 3 and (
        stem.startswith(said) or said.startswith(stem) or likeness(stem, said) >= _ALIKE
    )


def _initials(stem: str, words: Sequence[Word]) -> list[int]:
    """Words whose initials a text is: NYC."""
    if not 2 <= len(stem) <= 4 or not stem.isalpha():
        return []
    at = "".join(word.form[0] for word in words).find(stem.casefold())
    return list(range(at, at + len(stem))) if at >= 0 else []


def _short(code: str, word: Word) -> bool:
    """Whether letters are short for a name: MSFT, AAPL."""
    if not 3 <= len(code) <= 5 or not word.text[0].isupper() or code[0] != word.form[0]:
        return False
    letters = iter(word.form)
    return all(letter in letters for letter, _ in groupby(code))


def _numbers(stem: str, numbers: Sequence[Number]) -> list[int]:
    """Number words that a text has in digits."""
    return [n.first for n in numbers if stem.isdecimal() and n.exact and n.value == float(stem)]
