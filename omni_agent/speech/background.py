"""The sound that is always there: a room, a fan, other people's talk, a microphone's own noise."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque

SILENT = -120.0
"""The level of digital silence, in dBFS: nothing is lower."""

# A voice can speak for some seconds without a pause, but its gaps between words are a tenth of any five.
_MEMORY = 156
_LOW = 0.1
# What swings as much as a crowd's talk is told from one voice by its gaps: those are further apart.
_LARGEST_SWING = 4.0
_SWINGS, _MARGIN = 2.5, 2.0
# Below this no microphone carries a voice, and the last bit's rounding is heard.
_LOWEST = -84.0


class Background:
    """Learns how loud the background is, from the levels of successive windows of sound.

    Follows a background that falls within half a second, one that rises within five seconds.

    Attributes:
        low: What the background hardly ever falls below, in dBFS.
        high: What it hardly ever exceeds; louder sound is in the foreground.
    """

    def __init__(self) -> None:
        self.low = SILENT
        self.high = _LOWEST
        self._levels: deque[float] = deque()
        self._ordered: list[float] = []

    def learn(self, level: float) -> None:
        """Take in the level of the next window, in dBFS."""
        levels, ordered = self._levels, self._ordered
        if len(levels) == _MEMORY:
            del ordered[bisect_left(ordered, levels.popleft())]
        levels.append(level)
        insort(ordered, level)
        self.low = ordered[int(_LOW * len(ordered))]
        swing = min(ordered[len(ordered) // 2] - self.low, _LARGEST_SWING)
        # Too little was heard to say that it was the background, and not a voice from the first moment.
        known = len(ordered) >= _MEMORY // 8
        self.high = max(_LOWEST, self.low + _SWINGS * swing + _MARGIN) if known else _LOWEST
