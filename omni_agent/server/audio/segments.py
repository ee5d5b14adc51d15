"""A transcript in its sentences, each with its time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from ...messages import HeardWord, Hearing
from ...speech.hearing.figures import figures
from ...speech.wording.clauses import ClauseSplitter

UNSPACED = frozenset({"zh", "ja", "th", "lo", "my", "km", "bo"})
"""ISO 639-1 codes of languages that are written without spaces between words."""

# Seconds of silence that end a sentence, whatever its marks say.
_LONG_PAUSE = 2.0


@dataclass(frozen=True)
class Segment:
    """Words that belong together; never none.

    Attributes:
        words: In order, with times that do not go back.
        language: ISO 639-1, or empty.
    """

    words: tuple[HeardWord, ...]
    language: str

    @cached_property
    def text(self) -> str:
        """The words as they are written."""
        text = joined((word.text for word in self.words), self.language)
        return figures(text) if self.language == "en" else text

    @property
    def start(self) -> float:
        """Seconds from the beginning of the sound."""
        return self.words[0].start

    @property
    def end(self) -> float:
        """Likewise."""
        return self.words[-1].end


def joined(words: Sequence[str] | Iterator[str], language: str) -> str:
    """Words as a text of their language."""
    return ("" if language in UNSPACED else " ").join(words)


def words_of(hearing: Hearing, seconds: float) -> tuple[HeardWord, ...]:
    """The words with their times, in order and within the sound.

    Ears that do not tell the times have them spread over the sound, each as long as it is written.

    Args:
        hearing: What was heard.
        seconds: Length of the sound.
    """
    placed, earliest = [], 0.0
    for word in hearing.words or _spread(hearing, seconds):
        start = min(max(word.start, earliest), max(seconds, earliest))
        earliest = min(max(word.end, start), max(seconds, start))
        placed.append(replace(word, text=word.text.strip(), start=round(start, 3), end=round(earliest, 3)))
    return tuple(word for word in placed if word.text)


def sentences(words: Sequence[HeardWord], language: str) -> list[Segment]:
    """The words in sentences, by their marks and by long silence.

    Args:
        words: As `words_of` gives them.
        language: ISO 639-1, or empty.
    """
    ends = _ends(words, language)
    segments, first = [], 0
    for place, word in enumerate(words):
        last = place + 1 == len(words)
        if last or place in ends or words[place + 1].start - word.end > _LONG_PAUSE:
            segments.append(Segment(tuple(words[first : place + 1]), language))
            first = place + 1
    return segments


def _ends(words: Sequence[HeardWord], language: str) -> set[int]:
    """The words that end a sentence, by their places."""
    splitter = ClauseSplitter()
    text = joined((word.text for word in words), language)
    ends = {clause.end for clause in (*splitter.feed(text), *splitter.finish()) if clause.whole}
    found, at, gap = set[int](), 0, 0 if language in UNSPACED else 1
    for place, word in enumerate(words):
        begin, at = at, at + len(word.text)
        if any(begin < end <= at for end in ends):
            found.add(place)
        at += gap
    return found


def _spread(hearing: Hearing, seconds: float) -> Iterator[HeardWord]:
    text = hearing.text.strip()
    words = list(text.replace(" ", "")) if hearing.language in UNSPACED else text.split()
    whole, at = sum(map(len, words)), 0
    for word in words:
        start, at = at, at + len(word)
        yield HeardWord(word, seconds * start / whole, seconds * at / whole, hearing.confidence)
