"""Cut a reply into clauses while it is being written.

The first clause is short, so that sound starts early: where the language's joints are known, the opening ends
before one ("The capital of Portugal | is Lisbon."), and the next clause is long enough for the one after it
to be ready in time. Later ones end with their sentence, which is what prosody needs. Where a cut falls
depends on the text alone, never on how it arrived: a place is only judged once everything that the judgement
looks at is there. Only a joint counts as soon as it stands at the end of what came: a model writes words
whole, and where it does not, the cut is before a word all the same.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from enum import IntEnum

from .abbreviations import continues
from .joints import joints

_ENDS = ".!?"
_WIDE_ENDS = "。！？｡︒।॥؟"
_PAUSES = ",;:—–،؛"
_WIDE_PAUSES = "、，；：､"
_CLOSERS = "\"'”’»)]}*_`」』】）》〉"
_WIDE_CLOSERS = "”’」』】）》〉"
# Before a German ordinal such as "am 3. Mai": its full stop ends no sentence.
_BEFORE_ORDINAL = frozenset({
    "am", "im", "vom", "zum", "beim", "bis", "der", "die", "das", "den", "dem", "des", "und"
})  # fmt: skip

_FEWEST_LETTERS = 10
_LONG_OPENING = 60
_LONG = 120
_LONGEST = 220
_SHORTEST_PART = 40
# Letters of the clauses that may end before a joint: those of the reply's first sentence, in order. Piper's
# pitch and length at the end of such a part are those that it has in the whole sentence (-1.4 semitones
# against its mean, 0.3 s, medians of 12 sentences).
_PARTS = (8, 26)


@dataclass(frozen=True, slots=True)
class Clause:
    """A span of a reply: `text` is `reply[start:end]`, without space at its ends.

    `whole` says that a sentence ends with it.
    """

    text: str
    start: int
    end: int
    whole: bool = False


class _Gap(IntEnum):
    """What lies between two characters."""

    UNKNOWN = 0  # more text is needed to say
    NOTHING = 1
    SPACE = 2
    JOINT = 3
    PAUSE = 4
    SENTENCE = 5
    LINE = 6


class ClauseSplitter:
    """Takes a reply piece by piece, gives its clauses as soon as each is certain.

    Clauses come in order, do not overlap, hold every character of the reply that is no space exactly once,
    and are at most 220 characters long (letters of languages without spaces count threefold).

    Args:
        every: Cut at every pause, however short the clause is.

    Attributes:
        language: ISO 639-1 code of the reply; where it is known, the opening may end at a joint.
    """

    def __init__(self, *, every: bool = False) -> None:
        self.language = ""
        self._every = every
        self._text = ""
        self._ended = False
        self._parts = 0
        self._restart(0)

    def feed(self, delta: str) -> list[Clause]:
        """Add text; the clauses that are complete now."""
        self._text += delta
        return self._ready()

    def pause(self) -> list[Clause]:
        """The reply stops here for a while; what has not been given of it."""
        clauses = self._ready()
        rest = self._cut(len(self._text))
        return [*clauses, rest] if rest else clauses

    def skip(self, text: str) -> None:
        """Text that somebody else speaks: it takes its place and gives no clause.

        What came before it must have been given, see `pause`.
        """
        self._text += text
        self._restart(len(self._text))

    def finish(self) -> list[Clause]:
        """The reply is over; what was left of it. Text fed later has no place any more."""
        self._ended = True
        return self.pause()

    def _restart(self, at: int) -> None:
        self._start = self._at = at
        self._letters = self._size = 0
        self._last_pause = self._last_space = 0

    def _ready(self) -> list[Clause]:
        clauses: list[Clause] = []
        while self._at < len(self._text):
            gap = self._gap(self._at + 1)
            if gap is _Gap.UNKNOWN:
                break
            self._step()
            end = self._end(gap)
            clause = self._cut(end, gap) if end else None
            if clause:
                clauses.append(clause)
        return clauses

    def _step(self) -> None:
        char = self._text[self._at]
        width = 3 if _is_wide(char) else 1
        self._at += 1
        self._size += width
        self._letters += width * (unicodedata.category(char)[0] in "LMN")

    def _end(self, gap: _Gap) -> int:
        """Where to cut, now that the gap at `_at` is known, or 0."""
        if gap is _Gap.LINE or self._may_end(gap):
            return self._at
        if gap is _Gap.PAUSE and self._size >= _SHORTEST_PART:
            self._last_pause = self._at
        if gap >= _Gap.SPACE:
            self._last_space = self._at
        # Room for the widest next character, so that no clause grows past the limit.
        if self._size <= _LONGEST - 3:
            return 0
        return self._last_pause or self._last_space or self._whole_character()

    def _may_end(self, gap: _Gap) -> bool:
        if self._every:
            return gap >= _Gap.PAUSE
        enough = self._parts < len(_PARTS) and self._letters >= _PARTS[self._parts]
        if gap is _Gap.JOINT:
            return enough
        if self._letters < _FEWEST_LETTERS:
            return False
        if gap is _Gap.PAUSE:
            return enough or self._size >= _LONG
        return gap >= _Gap.SENTENCE or (gap is _Gap.SPACE and not self._parts and self._size >= _LONG_OPENING)

    def _whole_character(self) -> int:
        """The last place that does not part a letter from its marks."""
        at = self._at
        while at > self._start + 1 and unicodedata.category(self._text[at - 1])[0] in "MC":
            at -= 1
        return at if at > self._start + 1 else self._at

    def _cut(self, end: int, gap: _Gap = _Gap.NOTHING) -> Clause | None:
        raw = self._text[self._start : end]
        text = raw.strip()
        # A clause that grew too long may be cut before the gap that was seen last.
        whole = gap >= _Gap.SENTENCE and end == self._at
        start = self._start + len(raw) - len(raw.lstrip())
        self._restart(end)
        if not text:
            return None
        # Sound has begun, and after a whole sentence there is time.
        self._parts = len(_PARTS) if whole else self._parts + 1
        return Clause(text, start, start + len(text), whole)

    def _gap(self, at: int) -> _Gap:
        """What lies before the character at `at`."""
        if self._text[at - 1] == "\n":
            return _Gap.LINE
        if at >= len(self._text):
            return _Gap.NOTHING if self._ended else _Gap.UNKNOWN
        following = self._text[at]
        return self._spaced_gap(at) if following.isspace() else self._tight_gap(at, following)

    def _tight_gap(self, at: int, following: str) -> _Gap:
        """Between two characters without space: scripts that have none, and dashes."""
        if following in _WIDE_ENDS + _WIDE_PAUSES + _WIDE_CLOSERS + "—–…":
            return _Gap.NOTHING
        last = self._text[self._start : at].rstrip(_WIDE_CLOSERS)[-1:]
        if last and last in _WIDE_ENDS:
            return _Gap.SENTENCE
        if last and last in _WIDE_PAUSES + "—":
            return _Gap.PAUSE
        return _Gap.NOTHING

    def _spaced_gap(self, at: int) -> _Gap:
        """Before a space."""
        before = self._text[self._start : at].rstrip(_CLOSERS)
        last = before[-1:]
        if not last or last.isspace():
            return _Gap.SPACE
        if last in _WIDE_ENDS:
            return _Gap.SENTENCE
        if last in _PAUSES + _WIDE_PAUSES + "…" or before.endswith(("..", " -")):
            return _Gap.PAUSE
        return self._full_stop(before, at) if last in _ENDS else self._between_words(before, at)

    def _between_words(self, before: str, at: int) -> _Gap:
        """Before a space: does the next part of a sentence begin after it?"""
        known = joints(self.language)
        if not known or self._parts >= len(_PARTS) or before.split()[-1].lower() in known:
            return _Gap.SPACE
        following = self._text[at:].lstrip(" ")
        word = following.split(maxsplit=1)[0] if following and not following[0].isspace() else ""
        if word.lower() in known:
            return _Gap.JOINT
        return _Gap.SPACE if word != following or self._ended else _Gap.UNKNOWN

    def _full_stop(self, before: str, at: int) -> _Gap:
        """Does the sentence end at this mark? Looks ahead to the next word's first letter."""
        following = ""
        while not following:
            if at >= len(self._text):
                if not self._ended:
                    return _Gap.UNKNOWN
                break
            if self._text[at] == "\n":
                return _Gap.SENTENCE
            following = self._text[at].strip()
            at += 1
        if following.islower():
            return _Gap.PAUSE if before[-1] != "." else _Gap.SPACE
        if before[-1] != ".":
            return _Gap.SENTENCE
        return _Gap.SPACE if _goes_on(before[:-1], following) else _Gap.SENTENCE


def _goes_on(before: str, following: str) -> bool:
    """Whether a full stop after `before` belongs to an abbreviation, an ordinal or a list's number."""
    words = before.split()
    word = words[-1].lstrip("\"'“‘«([{*_#>-") if words else ""
    if word.isdigit():
        marker = len(words) == 1 or not any(part.strip("*_#>-") for part in words[:-1])
        return marker or (len(word) <= 3 and words[-2].lower() in _BEFORE_ORDINAL)
    return continues(word, following)


def _is_wide(char: str) -> bool:
    return unicodedata.east_asian_width(char) in "WF" and char.isalnum()
