"""Samples for a device that has another rate than they have."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ..hearing.resampling import StreamResampler
from ..pcm import Pcm


class RateBridge:
    """Takes from a reader what a device asks for; what comes out is about a millisecond late.

    Args:
        source: Samples a second of the reader.
        target: Samples a second of the device.
    """

    def __init__(self, source: int, target: int) -> None:
        self.source, self.target = source, target
        self._resampler = StreamResampler(target)
        self._left: NDArray[np.float32] = np.zeros(0, np.float32)

    def pull(self, out: NDArray[np.float32], read: Callable[[NDArray[np.float32]], int]) -> int:
        """Fill `out`, shape `(n,)`, from a reader that fills what it is given.

        Returns:
            How many samples the reader had.
        """
        taken = 0
        while len(self._left) < len(out):
            piece = np.zeros(-(-(len(out) - len(self._left)) * self.source // self.target), np.float32)
            taken += read(piece)
            self._left = np.concatenate((self._left, self._resampler.feed(Pcm(piece, self.source))))
        out[:] = self._left[: len(out)]
        self._left = self._left[len(out) :]
        return taken
