"""Which words a model with a voice of its own is speaking: nobody tells, so it goes by rate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...events import WordTime
from ...persona.length import seconds
from .word_times import WORD_SECONDS, pieces

if TYPE_CHECKING:
    from ..pcm import Pcm

# Root mean square of samples of which nothing is heard: -54 dBFS.
_QUIET = 0.002
# `seconds` counts pauses and is rather long; sound without pauses took 0.62 to 0.75 of it with a quick voice.
QUICKEST = 0.6
PACE = 0.75
"""Rather too slow: a word that was heard and is not known to be does less harm than the other way round."""
# Seconds of sound that a word may have had before it is placed.
_MOST_OWED = 1.0


class OwnVoice:
    """Shares out the sound of one reply among its words, as both arrive.

    A word is placed in the chunk in which it ends; one that is still being written waits for its end. Quiet
    chunks take no words.
    """

    def __init__(self) -> None:
        self._text = ""
        self._placed = 0
        self._owed = 0.0

    def write(self, text: str) -> None:
        """The reply goes on with this."""
        self._text += text

    def skip(self, text: str) -> None:
        """The reply goes on with this, which another voice speaks."""
        self._text += text
        self.end()

    def end(self) -> None:
        """No more sound comes for what was written so far."""
        self._placed = len(self._text)
        self._owed = 0.0

    def next(self, pcm: Pcm) -> tuple[tuple[int, int], tuple[WordTime, ...]]:
        """The span of the reply's text that this sound, the next, speaks, and its words."""
        begun = self._placed
        if not _sounds(pcm):
            return (begun, begun), ()
        words: list[WordTime] = []
        at = -self._owed
        for start, end in pieces(self._text[begun:]):
            until = at + PACE * (seconds(self._text[begun + start : begun + end]) + WORD_SECONDS)
            # The last word may be only half written.
            if until > pcm.seconds or begun + end == len(self._text):
                break
            begin, last = (round(max(edge, 0.0) * 1000) for edge in (at, until))
            words.append(WordTime(begun + start, begun + end, begin, last))
            at = until
        else:
            # There is more sound than text: what comes next begins with the next sound.
            at = pcm.seconds
        self._owed = min(max(0.0, pcm.seconds - at), _MOST_OWED)
        if words:
            self._placed = words[-1].end
        return (begun, self._placed), tuple(words)


def _sounds(pcm: Pcm) -> bool:
    import numpy as np

    return bool(len(pcm.samples)) and float(np.sqrt((pcm.samples**2).mean())) > _QUIET
