"""The way of a reply's speech to the loudspeaker: paced, so that it can be held, taken up again and cut.

A little is written ahead of what is heard; the ledger is told what was heard, never what was written.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from ..clock import Clock
from ..events import SpeechChunk
from ..speech.devices.protocols import Speaker
from ..speech.pcm import Pcm
from ..speech.playback import PlaybackLedger
from ..speech.voices.joins import FADE_SECONDS

AHEAD = 0.12
"""Seconds that are written before they are heard: what a busy machine may be late by without a gap."""

BLOCK = 0.02

Heard = Callable[[Sequence[tuple[int, int]]], None]


class Playout:
    """Plays one reply at a time.

    Args:
        speaker: Where it is heard.
        clock: Paces it.
        sounding: Called when the first of a reply is heard.
        heard: Called with the spans of the reply's text that have just been heard.

    Attributes:
        ledger: What was heard of the reply.
        queued_text: Up to which offset of its text the reply was queued.
    """

    def __init__(self, speaker: Speaker, clock: Clock, *, sounding: Callable[[], None], heard: Heard) -> None:
        self._speaker = speaker
        self._clock = clock
        self._sounding = sounding
        self._tell = heard
        self._sound = np.zeros(0, np.float32)
        self._written = 0
        self._told = 0.0
        self._held = False
        self._work = asyncio.Event()
        self._drained = asyncio.Event()
        self._drained.set()
        self.ledger = PlaybackLedger()
        self.queued_text = 0

    def begin(self) -> None:
        """Another reply begins, with a ledger of its own."""
        self.ledger = PlaybackLedger()
        self._sound, self._written, self._told = np.zeros(0, np.float32), 0, 0.0
        self._held = False
        self.queued_text = 0
        self._drained.set()

    def queue(self, chunk: SpeechChunk) -> None:
        """Play this after all that was queued before."""
        rate = self._speaker.rate
        self._sound = np.concatenate(
            [self._sound, Pcm.from_int16(chunk.pcm, chunk.sample_rate).resampled(rate).samples]
        )
        self.ledger.queued(chunk)
        self.queued_text = max(self.queued_text, chunk.span[1])
        self._drained.clear()
        self._work.set()

    @property
    def silent(self) -> bool:
        """Whether nothing is heard, nor will be by itself."""
        return self._held or self._drained.is_set()

    @property
    def held(self) -> bool:
        """Whether it was told to be silent for a while."""
        return self._held

    @property
    def ahead(self) -> float:
        """Seconds of speech that are queued and not yet heard."""
        return max(0.0, len(self._sound) / self._speaker.rate - self._told)

    def hold(self) -> None:
        """Be silent at once and keep what was not heard."""
        self._look()
        self._held = True
        unheard = round(self._speaker.flush() * self._speaker.rate)
        self._written = max(self._written - unheard, round(self._told * self._speaker.rate))

    def resume(self) -> None:
        """Go on with what was not heard."""
        self._held = False
        rising = self._sound[self._written : self._written + round(FADE_SECONDS * self._speaker.rate)]
        rising *= np.linspace(0.0, 1.0, len(rising), dtype=np.float32)
        self._work.set()

    def cut(self) -> None:
        """Be silent at once and drop what was not heard."""
        self.hold()
        self._sound = self._sound[: self._written]
        self._held = False
        self._drained.set()

    async def drained(self) -> None:
        """Wait until all that was queued has been heard, or was cut."""
        await self._drained.wait()

    async def run(self) -> None:
        """Play until cancelled."""
        while True:
            await self._work.wait()
            self._work.clear()
            while not self._held and not self._drained.is_set():
                self._write()
                self._look()
                await self._clock.sleep(BLOCK)

    def _write(self) -> None:
        rate = self._speaker.rate
        while self._written < len(self._sound) and self._speaker.pending < AHEAD:
            block: NDArray[np.float32] = self._sound[self._written : self._written + round(BLOCK * rate)]
            self._written += len(block)
            self._speaker.write(Pcm(block, rate))

    def _look(self) -> None:
        """Tell what was heard since the last look."""
        if self._held or self._drained.is_set():
            return
        pending = self._speaker.pending
        heard = self._written / self._speaker.rate - pending
        if heard > self._told:
            if not self._told:
                self._sounding()
            spans = self.ledger.played(heard - self._told)
            self._told = heard
            if spans:
                self._tell(spans)
        if self._written == len(self._sound) and pending <= 0:
            self._drained.set()
