"""The sound that is always there: a room, a fan, other people's talk, a microphone's own noise."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque

SILENT = -120.0
"""The level of digital silence, in dBFS: nothing is lower."""

# Nobody speaks for eight seconds without a gap: the least of them is the background even then.
_MEMORY = 250
_LOW, _LEAST = 0.1, 0.02
_ENOUGH = 20
# Between low and middle a crowd's talk swings by 3 to 4 dB; a single voice by 10 and more.
_LARGEST_SWING = 4.0
_SWINGS, _MARGIN = 3.0, 2.0
_REACH = 16.0
"""How far a background rises above its least, in dB."""
# Below this no microphone carries a voice, and the last bit's rounding is heard.
_LOWEST = -84.0


class Background:
    """Learns how loud the background is, from the levels of successive windows of sound.

    Follows a background that falls within a second, one that rises within eight.

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
        # Too little was heard to say that it was the background, and not a voice from the first moment.
        if len(ordered) < _ENOUGH:
            return
        swing = min(ordered[len(ordered) // 2] - self.low, _LARGEST_SWING)
        steady = self.low + _SWINGS * swing + _MARGIN
        self.high = max(_LOWEST, min(steady, ordered[int(_LEAST * len(ordered))] + _REACH))
