"""A microphone and a loudspeaker without a sound card, on the clock that is given."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ..clock import Clock
from ..speech.pcm import Pcm
from .virtual_time import LoopClock

_FADE = 0.005


class FakeMicrophone:
    """Hears what a script says, in frames that come on the clock.

    Args:
        clips: Sounds, each with the moment at which it begins; they may overlap.
        clock: The moments are those of its `monotonic`; in virtual time that begins at 0.
        rate: Samples a second.
        frame: Seconds of a frame.
        until: The moment at which it ends by itself; by default it goes on until it is closed.
        noise: Level of the room's noise; silence is exactly 0 without.
    """

    def __init__(
        self,
        *clips: tuple[float, Pcm],
        clock: Clock | None = None,
        rate: int = 16_000,
        frame: float = 0.02,
        until: float | None = None,
        noise: float = 0.0,
    ) -> None:
        self._clock = clock or LoopClock()
        self._rate = rate
        self._size = round(frame * rate)
        self._until = until
        self._noise = noise
        self._random = np.random.default_rng(0)
        self._clips: list[tuple[int, NDArray[np.float32]]] = []
        self._plugged = asyncio.Event()
        self._plugged.set()
        self._closed = False
        for at, pcm in clips:
            self.say(pcm, at=at)

    def say(self, pcm: Pcm, *, at: float | None = None) -> float:
        """Let this be heard, from the given moment or from now on; the moment at which it is over."""
        begin = self._clock.monotonic() if at is None else at
        self._clips.append((round(begin * self._rate), pcm.resampled(self._rate).samples))
        return begin + pcm.seconds

    def unplug(self) -> None:
        """Be gone; what is said meanwhile is lost."""
        self._plugged.clear()

    def plug(self) -> None:
        """Be back."""
        self._plugged.set()

    async def frames(self) -> AsyncGenerator[Pcm, None]:
        """Each frame at the moment at which its last sample was heard; late where the reader was late."""
        position = round(self._clock.monotonic() * self._rate)
        while not self._over(position):
            position += self._size
            await self._clock.sleep(position / self._rate - self._clock.monotonic())
            if not self._plugged.is_set():
                await self._plugged.wait()
                position = round(self._clock.monotonic() * self._rate)
            elif not self._closed:
                yield Pcm(self._heard(position - self._size), self._rate)

    async def close(self) -> None:
        """End the frames, at the next one."""
        self._closed = True
        self._plugged.set()

    def _over(self, position: int) -> bool:
        return self._closed or (self._until is not None and position >= round(self._until * self._rate))

    def _heard(self, begin: int) -> NDArray[np.float32]:
        samples = np.zeros(self._size, np.float32)
        if self._noise:
            samples += self._random.normal(0.0, self._noise, self._size).astype(np.float32)
        for at, clip in self._clips:
            _add(samples, clip, at - begin)
        return samples


@dataclass(frozen=True, slots=True)
class Flush:
    """The speaker was told to be silent.

    Attributes:
        at: The moment at which it was told.
        silent: The moment of the last sound before the silence.
        unheard: Seconds of sound that were thrown away.
    """

    at: float
    silent: float
    unheard: float


class FakeSpeaker:
    """Plays on the clock as a device would, and keeps what was heard and when.

    What the device has already taken, `latency` seconds of it, can no longer be called back: it is heard, and
    a fade of 5 ms after it. All moments are those of the clock's `monotonic`, at the listener's ear.

    Args:
        rate: Samples a second that it wants.
        latency: Seconds from a sample's turn to its being heard.
        clock: What it plays by.
    """

    def __init__(self, rate: int = 24_000, *, latency: float = 0.03, clock: Clock | None = None) -> None:
        self._rate = rate
        self._latency = round(latency * rate)
        self._clock = clock or LoopClock()
        # Where each sound begins, in samples of the clock's time at the ear.
        self._sounds: list[tuple[int, NDArray[np.float32]]] = []
        self.flushes: list[Flush] = []
        self.closed = False

    @property
    def rate(self) -> int:
        return self._rate

    def write(self, pcm: Pcm) -> None:
        """Play this after what was written before.

        Raises:
            ValueError: It has another rate.
            RuntimeError: The speaker is closed.
        """
        if pcm.rate != self._rate:
            raise ValueError(f"the speaker wants {self._rate} samples a second, not {pcm.rate}")
        if self.closed:
            raise RuntimeError("the speaker is closed")
        if len(pcm.samples):
            begin = max(self._end(), self._now() + self._latency)
            self._sounds.append((begin, pcm.samples.astype(np.float32)))

    @property
    def pending(self) -> float:
        """Seconds until all that was written is heard."""
        return max(0, self._end() - self._now()) / self._rate

    def flush(self) -> float:
        """Be silent as soon as the device can; seconds that are never heard."""
        now = self._now()
        taken, end = now + self._latency, self._end()
        fade = round(_FADE * self._rate)
        kept = [(begin, sound[: taken + fade - begin]) for begin, sound in self._sounds if begin < taken]
        if kept and end > taken:
            begin, sound = kept[-1]
            falling = np.clip((taken + fade - begin - np.arange(len(sound))) / fade, 0.0, 1.0)
            kept[-1] = (begin, (sound * falling).astype(np.float32))
        unheard = sum(len(sound) for _, sound in self._sounds) - sum(len(sound) for _, sound in kept)
        self._sounds = kept
        self.flushes.append(Flush(now / self._rate, max(self._end(), now) / self._rate, unheard / self._rate))
        return unheard / self._rate

    async def close(self) -> None:
        """Throw away what was not heard."""
        if not self.closed:
            self.flush()
            self.closed = True

    def heard(self, since: float | None = None, until: float | None = None) -> Pcm:
        """What a listener heard between two moments, silence included; by default from the first sound to now
        or to the last one."""
        first = self._sounds[0][0] if self._sounds else 0
        begin = first if since is None else round(since * self._rate)
        end = min(self._now(), self._end() if until is None else round(until * self._rate))
        samples = np.zeros(max(0, end - begin), np.float32)
        for at, sound in self._sounds:
            _add(samples, sound, at - begin)
        return Pcm(samples, self._rate)

    @property
    def stretches(self) -> list[tuple[float, float]]:
        """When there was sound without a break, up to now: begin and end of each stretch."""
        joined: list[tuple[int, int]] = []
        for begin, sound in self._sounds:
            end = min(begin + len(sound), self._now())
            if joined and joined[-1][1] == begin:
                joined[-1] = (joined[-1][0], max(end, begin))
            elif end > begin:
                joined.append((begin, end))
        return [(begin / self._rate, end / self._rate) for begin, end in joined]

    @property
    def silences(self) -> list[tuple[float, float]]:
        """When there was nothing to play, between the first sound and the last: begin and end of each."""
        return [(end, begin) for (_, end), (begin, _) in pairwise(self.stretches)]

    def underruns(self, longest: float = 0.5) -> list[tuple[float, float]]:
        """Silences that are no pauses but holes: no longer than `longest`, and not after a flush."""
        cut = {flush.silent for flush in self.flushes}
        return [(begin, end) for begin, end in self.silences if end - begin <= longest and begin not in cut]

    def _now(self) -> int:
        return round(self._clock.monotonic() * self._rate)

    def _end(self) -> int:
        if not self._sounds:
            return 0
        begin, sound = self._sounds[-1]
        return begin + len(sound)


def _add(samples: NDArray[np.float32], sound: NDArray[np.float32], at: int) -> None:
    """Mix a sound into samples, from position `at`, which may lie before them."""
    first, last = max(at, 0), min(at + len(sound), len(samples))
    if first < last:
        samples[first:last] += sound[first - at : last - at]
