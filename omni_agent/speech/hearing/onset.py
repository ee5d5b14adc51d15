"""When a voice begins and when it pauses: windows of sound in, two kinds of events out.

Knows nothing of turns: who is meant, and whether a pause ends anything, is decided elsewhere.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .activity import Window

_RATE, _WINDOW = 16_000, 512
# How far below the background's height, in dB, a voice that was heard may fall: a word's end is soft.
_SOFTER = 3.0


@dataclass(frozen=True, slots=True)
class VoiceStarted:
    """Somebody speaks. Times are samples since the stream's start, at 16,000 a second.

    Attributes:
        at: When that became certain.
        said_from: Where the voice began; at most 0.3 s before `at`, and never before the end of a pause.
    """

    at: int
    said_from: int


@dataclass(frozen=True, slots=True)
class VoicePaused:
    """Nobody speaks any more, for now.

    Attributes:
        at: When that became certain.
        since: The end of the last window of speech.
    """

    at: int
    since: int


VoiceEvent: TypeAlias = VoiceStarted | VoicePaused


class Onsets:
    """Tells starts and pauses from windows; the two alternate, a start comes first.

    A voice is certain at a window of probability `start`, or at several doubtful ones that exceed `doubt` by
    as much in sum. It pauses when no window reached `stay` for `pause`. Sound that does not stand out from
    the background is no voice, however like one: it is other people.

    Args:
        start: Probability at which one window makes a voice certain.
        doubt: Probability from which on a window may be a voice's first.
        stay: Probability of the least likely window of a voice that was heard already.
        pause: Shortest pause, in seconds, rounded to windows of 32 ms.
        pre_roll: The furthest that a start reaches back, in seconds, rounded down to windows.
    """

    def __init__(
        self,
        *,
        start: float = 0.4,
        doubt: float = 0.25,
        stay: float = 0.35,
        pause: float = 0.1,
        pre_roll: float = 0.3,
    ) -> None:
        self._doubt, self._stay = doubt, stay
        self._evidence = start - doubt
        self._pause = max(1, round(pause * _RATE / _WINDOW)) * _WINDOW
        self._recent: deque[Window] = deque(maxlen=max(1, int(pre_roll * _RATE) // _WINDOW))
        self._sum = 0.0
        self._last = 0
        self._speaking = False

    @property
    def speaking(self) -> bool:
        """A voice was heard and has not paused yet."""
        return self._speaking

    def feed(self, windows: Iterable[Window]) -> list[VoiceEvent]:
        """What these windows, each right after the one before, tell."""
        return [event for window in windows if (event := self._next(window))]

    def _next(self, window: Window) -> VoiceEvent | None:
        return self._more(window) if self._speaking else self._first(window)

    def _more(self, window: Window) -> VoicePaused | None:
        if window.probability >= self._stay and window.level > window.background - _SOFTER:
            self._last = window.end
        if window.end - self._last < self._pause:
            return None
        self._speaking = False
        return VoicePaused(window.end, self._last)

    def _first(self, window: Window) -> VoiceStarted | None:
        self._recent.append(window)
        above = window.probability - self._doubt if window.level > window.background else -1.0
        self._sum = max(0.0, self._sum + above)
        if above < 0 or self._sum < self._evidence:
            return None
        began = self._began()
        self._recent.clear()
        self._speaking, self._sum, self._last = True, 0.0, window.end
        return VoiceStarted(window.end, began)

    def _began(self) -> int:
        """Back over what stands out, as a first consonant does; one window that does not may lie between."""
        began = missed = 0
        for window in reversed(self._recent):
            if window.level > window.background:
                began, missed = window.end - _WINDOW, 0
            elif missed:
                break
            else:
                missed = 1
        return began
