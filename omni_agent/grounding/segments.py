"""Which part of an utterance each of several calls (or items of a list) rests on.

"A small box and a large bag": the cut that leaves each call the most of its own values wins; it can only
lie at a word that joins, or at a pause.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from .spoken import Spoken
from .words import Word

Span = tuple[int, int]

_JOINS = frozenset(
    ("and", "then", "also", "plus", "or", "while", "after", "followed", "next", "und", "et", "y", "e")
)
_OWN = frozenset(
    ("a", "an", "another", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
)
_SHARED = frozenset(("both", "each", "all", "every", "everywhere", "too", "respectively", "same"))
_MOST_CUTS = 24


def segments(spoken: Spoken, hits: Sequence[Sequence[frozenset[int]]]) -> list[Span]:
    """Cut an utterance into one span of words for each call, in order.

    Args:
        spoken: The utterance.
        hits: For each call, for each of its values, the indexes of the words that name it.

    Returns:
        First and last index of each span; together they cover the utterance.
    """
    words, count = spoken.words, len(hits)
    if count < 2 or len(words) < count:
        return [(0, len(words) - 1)] * count
    cuts = _cuts(spoken)

    def score(call: int, start: int, end: int) -> float:
        return sum(any(start <= index < end for index in value) for value in hits[call])

    @cache
    def best(call: int, start: int) -> tuple[float, tuple[int, ...]]:
        if call == count - 1:
            return score(call, start, len(words)), ()
        options = []
        for cut in cuts:
            if cut > start:
                rest, ends = best(call + 1, cut)
                joined = 0.1 if words[cut].form in _JOINS else -0.2 if _corrects(words, cut) else 0.0
                options.append((score(call, start, cut) + rest + joined, -cut, (cut, *ends)))
        if not options:
            return -1.0, (len(words),) * (count - 1 - call)
        gained, _, ends = max(options)
        return gained, ends

    ends = [*best(0, 0)[1], len(words)]
    return [(start, end - 1) for start, end in zip([0, *ends[:-1]], ends, strict=True)]


def says_all(spoken: Spoken) -> bool:
    """Whether the words say that something holds for all calls: "both", "each"."""
    return any(word.form in _SHARED for word in spoken.words)


def opens_anew(spoken: Spoken, span: Span) -> bool:
    """Whether a span begins with a thing of its own ("and a bag"), so that it takes over nothing."""
    opening = [word.form for word in spoken.words[span[0] : span[0] + 3] if word.form not in _JOINS]
    return bool(opening) and opening[0] in _OWN


def _corrects(words: Sequence[Word], index: int) -> bool:
    """Whether the words up to the next pause take back what was said before."""
    return words[index].draft > words[index - 1].draft or (
        index + 1 < len(words) and words[index + 1].draft > words[index].draft
    )


def _cuts(spoken: Spoken) -> list[int]:
    """Indexes of words at which a new part may begin."""
    words = spoken.words
    found = [
        index
        for index in range(1, len(words))
        if not any(n.first < index <= n.last for n in spoken.numbers)
        and (
            words[index].form in _JOINS
            or any(mark in spoken.text[words[index - 1].end : words[index].start] for mark in ",;.:&+")
        )
    ]
    return found[:_MOST_CUTS]
