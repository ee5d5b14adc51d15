"""A loudspeaker that is somebody else's: frames to be read, paced by the clock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from ..clock import Clock
from ..speech.devices.protocols import Speaker
from ..speech.pcm import Pcm


class StreamSpeaker(Speaker):
    """Hands frames on to whoever reads them, and takes them for heard when their time has passed.

    Args:
        clock: Paces it.
        rate: Samples a second.
    """

    def __init__(self, clock: Clock, rate: int = 24_000) -> None:
        self._clock = clock
        self._rate = rate
        self._until = 0.0
        self._frames: asyncio.Queue[Pcm | None] = asyncio.Queue()

    @property
    def rate(self) -> int:
        return self._rate

    def write(self, pcm: Pcm) -> None:
        self._until = max(self._until, self._clock.monotonic()) + pcm.seconds
        self._frames.put_nowait(pcm)

    @property
    def pending(self) -> float:
        return max(0.0, self._until - self._clock.monotonic())

    def flush(self) -> float:
        unheard, self._until = self.pending, self._clock.monotonic()
        while not self._frames.empty():
            self._frames.get_nowait()
        return unheard

    async def close(self) -> None:
        self._frames.put_nowait(None)

    async def frames(self) -> AsyncIterator[Pcm]:
        """The frames as they are to be heard, until it is closed."""
        while (frame := await self._frames.get()) is not None:
            yield frame
