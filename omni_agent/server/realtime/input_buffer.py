"""A client's sound until it is committed: every sample at its place, used once or dropped.

Pure. Positions are samples at 24,000 a second since the session began, whatever was committed or cleared.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import numpy as np

from ...speech.pcm import Pcm
from .protocol import Refusal
from .sound import RATE, Format, Incoming

if TYPE_CHECKING:
    from numpy.typing import NDArray

LONGEST = 600.0
"""Seconds that wait for a commit at most."""

SHORTEST = 0.1
"""Seconds that may be committed at least, as at OpenAI."""


class InputBuffer:
    """What came in and is not used yet.

    Attributes:
        start: Position of the first sample that is held.
        end: Position behind the last.
    """

    def __init__(self, wire: Format = "audio/pcm") -> None:
        self._incoming = Incoming(wire)
        self._blocks: deque[NDArray[np.int16]] = deque()
        self.start = self.end = 0

    def append(self, data: bytes) -> NDArray[np.int16]:
        """Take in bytes of the client's format; the samples that came of them.

        Raises:
            Refusal: Too much waits already.
        """
        if self.end - self.start > LONGEST * RATE:
            raise Refusal(
                f"more than {LONGEST:g} seconds wait in the input audio buffer; commit or clear it",
                "input_audio_buffer_full",
                "audio",
            )
        return self._keep(self._incoming.feed(data))

    def settle(self) -> NDArray[np.int16]:
        """What was still on its way: to be asked for before all of the buffer is taken."""
        return self._keep(self._incoming.flush())

    def change(self, wire: Format) -> NDArray[np.int16]:
        """From now on the client sends this; the rest of what it sent before."""
        if wire == self._incoming.wire:
            return self._keep(np.zeros(0, np.int16))
        rest = self.settle()
        self._incoming = Incoming(wire)
        return rest

    def between(self, begin: int, end: int) -> Pcm:
        """The sound from one position to another, as far as it is held; it stays."""
        begin, end = max(begin, self.start), min(end, self.end)
        if begin >= end:
            return Pcm.silence(0, RATE)
        held = np.concatenate(self._blocks)
        return Pcm.from_int16(held[begin - self.start : end - self.start].tobytes(), RATE)

    def take(self, begin: int, end: int) -> Pcm:
        """The same, and then it and all before it is gone."""
        taken = self.between(begin, end)
        self.drop(end)
        return taken

    def drop(self, before: int) -> None:
        """Forget all before a position."""
        before = min(before, self.end)
        while self._blocks and self.start + len(self._blocks[0]) <= before:
            self.start += len(self._blocks.popleft())
        if self._blocks and self.start < before:
            self._blocks[0] = self._blocks[0][before - self.start :]
            self.start = before

    @property
    def seconds(self) -> float:
        """How much is held."""
        return (self.end - self.start) / RATE

    def _keep(self, samples: NDArray[np.int16]) -> NDArray[np.int16]:
        if len(samples):
            self._blocks.append(samples)
            self.end += len(samples)
        return samples


def milliseconds(position: int) -> int:
    """A position as the wire tells it."""
    return position * 1000 // RATE
