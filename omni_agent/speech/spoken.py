"""Speech that knows when each of its words is said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .pcm import Pcm

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class SpokenWord:
    """A word of what a voice was given to say, and its place in the sound, in seconds from its beginning."""

    text: str
    begin: float
    end: float


@dataclass(frozen=True, slots=True, eq=False)
class Spoken(Pcm):
    """A clause as sound, with its words in order; what a voice returns that knows their times.

    Attributes:
        words: Words as they stand in the text that the voice was given, without the space between them.
            Their times do not overlap and lie within the sound.
    """

    words: tuple[SpokenWord, ...] = ()


def shifted(words: Iterable[SpokenWord], by: float, length: float) -> tuple[SpokenWord, ...]:
    """The words `by` seconds later, within a sound of `length` seconds, in order and without overlap."""
    moved = []
    earliest = 0.0
    for word in words:
        begin = min(max(word.begin + by, earliest), length)
        earliest = min(max(word.end + by, begin), length)
        moved.append(SpokenWord(word.text, begin, earliest))
    return tuple(moved)
