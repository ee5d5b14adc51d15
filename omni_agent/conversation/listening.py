"""The user's side of a live conversation: sound comes in, and what a voice does in it comes out."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..clock import Clock
from ..speech.hearing.activity import RATE, Window
from ..speech.hearing.onset import Onsets, VoiceEvent
from ..speech.hearing.resampling import StreamResampler
from ..speech.pcm import Pcm
from ..speech.turn_end.service import TurnOver, TurnService

KEPT = 90.0
"""Seconds of sound that are kept: more than the longest turn."""

Heard: TypeAlias = Window | VoiceEvent | TurnOver


class Activity(Protocol):
    """What tells voice from noise, as `VoiceActivity` does."""

    def feed(self, samples: NDArray[np.float32]) -> list[Window]:
        """The windows that became whole with these 16 kHz samples."""
        ...


class Listening:
    """Takes the user's sound in.

    Args:
        clock: Tells when a sample was heard.
        activity: Tells voice from noise; None where a service tells the turns.
        service: Hears the user instead, and tells his turns.
    """

    def __init__(self, clock: Clock, activity: Activity | None, service: TurnService | None = None) -> None:
        self._clock = clock
        self._activity = activity
        self._service = service
        self._told: list[Heard] = []
        self._before = 0
        self._resampler = StreamResampler(RATE)
        self._onsets = Onsets()
        self._blocks: deque[NDArray[np.float32]] = deque()
        self._end = self._kept = 0
        self._heard_at = clock.monotonic()

    def feed(self, pcm: Pcm) -> list[Heard]:
        """Windows in order, each followed by what it showed of the voice."""
        samples = self._resampler.feed(pcm)
        self._keep(samples)
        self._heard_at = self._clock.monotonic()
        heard, self._told = self._told, []
        if self._service:
            self._service.hear(samples)
            heard += self._service.told()
        for window in self._activity.feed(samples) if self._activity else ():
            placed = replace(window, end=window.end + self._before)
            heard += [placed, *self._onsets.feed([placed])]
        return heard

    @property
    def served(self) -> bool:
        """Whether a service tells the turns."""
        return self._service is not None

    def alone(self, activity: Activity) -> None:
        """The service is lost: go on with this."""
        self._told += self._service.told() if self._service else []
        self._service, self._activity, self._before = None, activity, self._end

    @property
    def end(self) -> int:
        """Samples that came in so far, at 16,000 a second."""
        return self._end

    def time(self, sample: int) -> float:
        """When a sample was heard, as the clock reads."""
        return self._heard_at - (self._end - sample) / RATE

    def sample(self, at: float) -> int:
        """Which sample was heard then."""
        return min(self._end, max(0, self._end - round((self._heard_at - at) * RATE)))

    def between(self, start: int, end: int) -> Pcm:
        """The sound from one sample to another, as far as it is kept."""
        first, wanted = self._end, list[NDArray[np.float32]]()
        for block in reversed(self._blocks):
            if first <= start:
                break
            wanted.append(block)
            first -= len(block)
        sound = np.concatenate(wanted[::-1]) if wanted else np.zeros(0, np.float32)
        return Pcm(sound[max(0, start - first) : max(0, end - first)], RATE)

    def _keep(self, samples: NDArray[np.float32]) -> None:
        self._blocks.append(samples)
        self._end += len(samples)
        self._kept += len(samples)
        while self._kept - len(self._blocks[0]) > KEPT * RATE:
            self._kept -= len(self._blocks.popleft())
