"""What is over by what the user says now: earlier notes of which a clause tells that they are no longer so.

Two signs are needed: words with which people tell that something has ended or changed, and in the same clause
most of what it is about, which the note must hold too: "The rum's finished" ends a note about rum, "Petra has
left her school" none that only speaks of Petra. A small model that is asked instead ends nearly everything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache

from ..recall.lexicon import folded, function_words, idle_words, stem, words_of
from .patterns import table
from .slips import Value, values

SHARED = 0.5
"""More than so much of what a clause is about an earlier note must hold to be ended by it."""

_CLAUSE = re.compile(
    r"[.!?;:,]+(?=\s|$)|\s(?:and|but|so|because|since|while|though|although)\s", re.IGNORECASE
)
_EXCHANGED = frozenset({"weekday", "month", "ordinal", "number"})


@cache
def _words(name: str) -> re.Pattern[str]:
    """A pattern of the table of English."""
    return re.compile(table("en")["ending"][name], re.IGNORECASE)


@cache
def _idle() -> frozenset[str]:
    """What says nothing of the matter: words of the ending itself too, and of when it was."""
    return function_words("en") - {"back"} | idle_words() | frozenset(table("en")["ending"]["idle"].split())


def ended(notes: Sequence[str], words: str) -> list[int]:
    """Places of the notes that are over by what the user says.

    Args:
        notes: What the user said before, a sentence or two each.
        words: What the user says now.
    """
    over = [*_over(words)]
    moves = _words("moves").search(words)
    held = [_stems(note) for note in notes]
    return [
        place
        for place, note in enumerate(notes)
        if (moves and _words("dwells").search(note)) or any(_shares(about, held[place]) for about in over)
    ]


def exchanged(note: str, words: str) -> str:
    """A note with the value that has changed by what the user says; empty where that does not show.

    "I don't run on Saturdays any more, I've changed to Sundays" makes Sundays of the Saturdays in a note.
    """
    if not _words("changed").search(words):
        return ""
    said = [value for value in values(words) if value.sort in _EXCHANGED]
    common = _stems(note) & _stems(words)
    for wrong in values(note):
        rivals = [value for value in said if value.sort == wrong.sort]
        old = [value for value in rivals if _same(value, wrong) and _denied(value, words)]
        new = [value for value in rivals if not _denied(value, words)]
        if old and len(new) == 1 and (wrong.sort == "weekday" or common):
            return note[: wrong.begin] + new[0].words + note[wrong.begin + len(wrong.words) :]
    return ""


def _denied(value: Value, words: str) -> bool:
    after = words[value.begin + len(value.words) :]
    return bool(_words("not").search(words[: value.begin]) or _words("no_more").match(after))


def _same(one: Value, other: Value) -> bool:
    return folded(one.words).removesuffix("s") == folded(other.words).removesuffix("s")


def _over(words: str) -> Iterator[frozenset[str]]:
    """What has ended by each clause that tells of an end, as stems."""
    start = 0
    for mark in (*_CLAUSE.finditer(words), None):
        clause = words[start : mark.start() if mark else None].strip()
        start = mark.end() if mark else start
        if _words("all").search(clause):
            # Speech has no commas: what follows the end is another matter.
            cut = _words("goes_on").search(clause)
            yield _stems(_words("all").sub(" ", clause[: cut.end()] if cut else clause))
        elif found := _words("after").search(clause) or _words("before").match(clause):
            yield _stems(found["what"])


@lru_cache(maxsize=4096)
def _stems(text: str) -> frozenset[str]:
    idle = _idle()
    plain = _words("back").sub(" ", text)
    return frozenset(stem(word) for word in words_of(plain) if word not in idle and stem(word) not in idle)


def _shares(about: frozenset[str], held: frozenset[str]) -> bool:
    return bool(about) and len(about & held) > SHARED * len(about)
