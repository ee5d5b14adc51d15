"""Sound on its way to a service: what is still to be sent, and the last of what was."""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

RATE = 16_000

LONGEST = 15.0
"""Seconds that wait at most; then the oldest are dropped."""


class Backlog:
    """Takes blocks of samples in and gives packets out, in order.

    Args:
        kept: Seconds of what was given that are kept, to be given again.

    Attributes:
        end: Samples that came in so far.
        overrun: Something was dropped that had not been given.
    """

    def __init__(self, kept: float) -> None:
        self._kept = round(kept * RATE)
        self._blocks: deque[NDArray[np.float32]] = deque()
        self._first = self._next = self.end = 0
        self.overrun = False

    def add(self, samples: NDArray[np.float32]) -> None:
        """Samples came in."""
        self._blocks.append(samples)
        self.end += len(samples)
        keep = max(self.end - round(LONGEST * RATE), min(self._next - self._kept, self.end))
        while self._blocks and self._first + len(self._blocks[0]) <= keep:
            self._first += len(self._blocks.popleft())
        if self._first > self._next:
            self._next, self.overrun = self._first, True

    def take(self, count: int) -> NDArray[np.float32]:
        """The next so many samples; none where there are not so many yet."""
        start, end = self._next, self._next + count
        if end > self.end or self.overrun:
            return np.zeros(0, np.float32)
        self._next = end
        parts, at = list[NDArray[np.float32]](), self._first
        for block in self._blocks:
            if at >= end:
                break
            parts.append(block[max(0, start - at) : max(0, end - at)])
            at += len(block)
        return np.concatenate(parts)

    def again(self) -> int:
        """Give the last of what was given once more; the sample at which that begins."""
        self.overrun = False
        self._next = max(self._first, self._next - self._kept)
        return self._next
