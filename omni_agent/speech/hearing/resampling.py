"""Sound at any rate, as it comes in, turned into sound at one rate.

soxr's own stream gives its output in blocks: at 48,000 samples a second 20 ms late on average, at 8,000 more
than 60 ms, of the 200 ms that an interruption may take in all. This filter is two to four late.
"""

from __future__ import annotations

from functools import lru_cache
from math import ceil, gcd
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..pcm import Pcm

# Full strength up to 0.45 of the lower rate, nothing (-60 dB) from 0.55 on; what lies between folds back to
# above 0.45 at most, where neither the recogniser nor the network that tells voices listens.
_TRANSITION = 0.1
_BETA = 5.65
"""Kaiser's parameter for 60 dB."""
_LENGTH = 3.62
"""Kaiser's taps for 60 dB, times the width of the transition."""
# So many samples come out at a time, at 16,000 a second two milliseconds: one small product of matrices costs
# a fifth of one sum for each sample.
_BLOCK = 32
# Room for samples that are still to come, so that a frame is copied once.
_SPARE = 2048
_NOTHING = np.zeros(0, np.float32)


class StreamResampler:
    """Turns frames of any rate into samples of one rate, without a click where frames join.

    The result does not depend on how the sound was cut into frames, to the last bit. Sample `n` of the result
    is the moment `n / rate` of the stream.

    Args:
        rate: Samples a second that come out.
        batch: How many blocks of 32 samples come out at a time: more cost less, and come later. One at a
            time where the two rates are no small multiples of each other.
    """

    def __init__(self, rate: int = 16_000, *, batch: int = 1) -> None:
        self._rate = rate
        self._batch = batch
        self._source = rate
        self._begin()

    def feed(self, frame: Pcm) -> NDArray[np.float32]:
        """What became certain with this frame: shape `(n,)`, float32.

        A frame whose rate differs from that of the one before (another device) ends the old sound and begins
        a new one behind it.
        """
        if frame.rate == self._source:
            return self._taken_in(frame.samples)
        rest = self.flush()
        self._source = frame.rate
        return np.concatenate((rest, self._taken_in(frame.samples)))

    def flush(self) -> NDArray[np.float32]:
        """The rest, at the end of the sound; `ceil(samples * rate / its rate)` will have come out in all."""
        if self._source == self._rate or not self._taken:
            return _NOTHING
        due = -(-self._taken * self._rate // self._source) - self._given
        sieve = _filter(self._source, self._rate)
        rest = self._taken_in(np.zeros(2 * sieve.span + self._batch * sieve.stride, np.float32))
        self._begin()
        return rest[:due]

    def _begin(self) -> None:
        self._taken = self._given = 0
        self._held: NDArray[np.float32] = _NOTHING
        self._filled = 0

    def _taken_in(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        if self._source == self._rate:
            return samples
        sieve = _filter(self._source, self._rate)
        if not self._taken:
            self._hold(np.zeros(sieve.before, np.float32))
        self._hold(samples)
        self._taken += len(samples)
        # Positions count the zeros that were put ahead of the stream.
        start = self._taken + sieve.before - self._filled
        blocks = []
        batch = self._batch if sieve.steady else 1
        length = sieve.span + (batch - 1) * sieve.stride
        while (at := sieve.position(self._given) - start) + length <= self._filled:
            inputs = self._held[at : at + length]
            if batch > 1:
                inputs = inputs.take(sieve.rows(batch))
            blocks.append((inputs @ sieve.matrix(self._given)).reshape(-1))
            self._given += batch * _BLOCK
        if not blocks:
            return _NOTHING
        self._let_go(at)
        return blocks[0] if len(blocks) == 1 else np.concatenate(blocks)

    def _hold(self, samples: NDArray[np.float32]) -> None:
        """Put them behind what is held."""
        end = self._filled + len(samples)
        if end > len(self._held):
            held = np.empty(end + _SPARE, np.float32)
            held[: self._filled] = self._held[: self._filled]
            self._held = held
        self._held[self._filled : end] = samples
        self._filled = end

    def _let_go(self, count: int) -> None:
        """Forget the first ones of what is held."""
        rest = self._held[count : self._filled]
        self._filled = len(rest)
        if len(self._held) > 4 * _SPARE:
            # It came as a whole, and shall not be kept as long as the stream lasts.
            self._held = rest.copy()
        else:
            self._held[: len(rest)] = rest


class _Filter:
    """A low-pass filter at every phase that one rate can have to another."""

    def __init__(self, source: int, target: int) -> None:
        common = gcd(source, target)
        self._up, self._down = target // common, source // common
        self._lower = min(1.0, target / source)
        self.before = ceil(_LENGTH / (_TRANSITION * self._lower) / 2)
        self.span = (_BLOCK - 1) * self._down // self._up + 1 + 2 * self.before + 1
        # Each block begins so many inputs after the one before, at the same phase.
        self.steady = _BLOCK * self._down % self._up == 0
        self.stride = _BLOCK * self._down // self._up
        self._matrices: dict[int, NDArray[np.float32]] = {}
        self._rows: dict[int, NDArray[np.intp]] = {}

    def position(self, output: int) -> int:
        """The first input that output sample needs, counting `before` zeros ahead of the stream."""
        return output * self._down // self._up

    def rows(self, batch: int) -> NDArray[np.intp]:
        """Which inputs each of so many blocks needs; shape `(batch, span)`."""
        if batch not in self._rows:
            self._rows[batch] = np.arange(batch)[:, None] * self.stride + np.arange(self.span)
        return self._rows[batch]

    def matrix(self, output: int) -> NDArray[np.float32]:
        """Turns `span` inputs into the block that begins with that output; shape `(span, 32)`."""
        phase = output * self._down % self._up
        if phase not in self._matrices:
            self._matrices[phase] = self._built(phase)
        return self._matrices[phase]

    def _built(self, phase: int) -> NDArray[np.float32]:
        moments = (phase + np.arange(_BLOCK) * self._down) / self._up
        firsts = (phase + np.arange(_BLOCK) * self._down) // self._up
        distance = np.arange(self.span)[:, None] - self.before - moments[None, :]
        inside = np.clip(1 - (distance / (self.before + 1)) ** 2, 0, None)
        taps = np.sinc(distance * self._lower) * np.i0(_BETA * np.sqrt(inside)) * (inside > 0)
        offset = np.arange(self.span)[:, None] - firsts[None, :]
        taps *= (offset >= 0) & (offset <= 2 * self.before)
        built: NDArray[np.float32] = (taps / taps.sum(axis=0)).astype(np.float32)
        return built


_filter = lru_cache(maxsize=4)(_Filter)
