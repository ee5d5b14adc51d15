"""Samples on their way to a loudspeaker: written in long pieces, read in short ones, by different threads."""

from __future__ import annotations

import threading

import numpy as np
from numpy.typing import NDArray


class SampleRing:
    """Mono float32 samples, first in, first out; it grows as needed and keeps a little of what was read.

    Args:
        kept: How many samples that were read can be taken back.
    """

    def __init__(self, kept: int = 0) -> None:
        self._kept = kept
        self._lock = threading.Lock()
        self._buffer: NDArray[np.float32] = np.zeros(1 << 15, np.float32)
        self._read = 0
        self._end = 0

    def __len__(self) -> int:
        return self._end - self._read

    def write(self, samples: NDArray[np.float32]) -> None:
        """Add samples, shape `(n,)`, at the end."""
        with self._lock:
            if self._end + len(samples) > len(self._buffer):
                self._make_room(len(samples))
            self._buffer[self._end : self._end + len(samples)] = samples
            self._end += len(samples)

    def read(self, out: NDArray[np.float32]) -> int:
        """Fill `out`, shape `(n,)`, with silence where there is nothing left; how many samples were there."""
        with self._lock:
            taken = min(len(out), self._end - self._read)
            out[:taken] = self._buffer[self._read : self._read + taken]
            self._read += taken
        out[taken:] = 0.0
        return taken

    def cut(self, fade: int) -> int:
        """Drop all but the next `fade` samples, which fall to silence; how many were dropped."""
        with self._lock:
            left = min(fade, self._end - self._read)
            dropped = self._end - self._read - left
            self._end = self._read + left
            self._buffer[self._read : self._end] *= np.linspace(1.0, 0.0, left, dtype=np.float32)
        return dropped

    def take_back(self, count: int) -> int:
        """Read the last `count` samples again; fewer where fewer are kept. How many it will be."""
        with self._lock:
            taken = min(count, self._kept, self._read)
            self._read -= taken
        return taken

    def _make_room(self, needed: int) -> None:
        first = max(0, self._read - self._kept)
        live = self._buffer[first : self._end].copy()
        if len(live) + needed > len(self._buffer) // 2:
            self._buffer = np.zeros(2 * (len(live) + needed), np.float32)
        self._buffer[: len(live)] = live
        self._read, self._end = self._read - first, len(live)
