"""Doubles of what tells a conversation whose turn it is."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ..clock import Clock
from ..speech.hearing.activity import WINDOW, Window
from ..speech.hearing.background import SILENT
from ..speech.pcm import Pcm
from .virtual_time import LoopClock


class ScriptedActivity:
    """Takes all that is loud enough for a voice; in the place of `VoiceActivity`.

    Args:
        threshold: Level in dBFS from which a window's probability is 1; below, it is 0.
    """

    def __init__(self, threshold: float = -40.0) -> None:
        self._threshold = threshold
        self._rest: NDArray[np.float32] = np.zeros(0, np.float32)
        self._end = 0

    def feed(self, samples: NDArray[np.float32]) -> list[Window]:
        """The windows that became whole.

        Args:
            samples: Shape `(n,)`, any n, float32, mono, 16,000 a second.
        """
        sound = np.concatenate((self._rest, samples)) if len(self._rest) else samples
        whole = len(sound) // WINDOW
        self._rest = sound[whole * WINDOW :].copy()
        return [self._window(window) for window in sound[: whole * WINDOW].reshape(whole, WINDOW)]

    def _window(self, samples: NDArray[np.float32]) -> Window:
        self._end += WINDOW
        power = float(np.dot(samples, samples)) / WINDOW
        level = max(SILENT, 10 * math.log10(power)) if power else SILENT
        return Window(self._end, float(level >= self._threshold), level)


class ScriptedTurnEnd:
    """Scores a turn's end by the last words of its transcript. `asked` keeps the words and the scores given.

    Args:
        scores: Score by ending, for example `{"and": 0.02, "I was thinking": 0.1}`; the longest that fits.
        otherwise: The score where none fits.
        clock: What `takes` is measured by.
        takes: Seconds that an answer takes.
    """

    def __init__(
        self,
        scores: Mapping[str, float] | None = None,
        *,
        otherwise: float = 0.95,
        clock: Clock | None = None,
        takes: float = 0.0,
    ) -> None:
        self._scores = sorted((scores or {}).items(), key=lambda score: -len(score[0]))
        self._otherwise = otherwise
        self._clock = clock or LoopClock()
        self._takes = takes
        self.asked: list[tuple[str, float]] = []

    async def score(self, audio: Pcm, words: str) -> float:
        """The score of these words; the sound counts for nothing."""
        await self._clock.sleep(self._takes)
        plain = f" {words.casefold().rstrip(' .,!?…')}"
        fitting = (score for end, score in self._scores if plain.endswith(f" {end.casefold()}"))
        score = next(fitting, self._otherwise)
        self.asked.append((words, score))
        return score

    async def prewarm(self) -> None:
        """Nothing to load."""

    async def close(self) -> None:
        """Nothing to free."""
