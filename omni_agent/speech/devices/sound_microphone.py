"""The machine's microphone, through PortAudio."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ...clock import Clock, SystemClock
from ..hearing.resampling import StreamResampler
from ..pcm import Pcm
from .line import DeviceChange, Line
from .portaudio import PortAudio, StreamRequest, shared_portaudio

RATE = 16_000
FRAME = 0.02
BUFFER = 0.04
# The longest that frames wait for an event loop that is late; older ones are dropped.
LONGEST_WAIT = 2.0


class SoundDeviceMicrophone:
    """A microphone of the machine, as `Microphone`; `opened` gives one.

    Attributes:
        dropped: Frames that were lost because the event loop was late.
    """

    def __init__(self, rate: int, clock: Clock, portaudio: PortAudio) -> None:
        self._rate, self._clock, self._portaudio = rate, clock, portaudio
        self._waiting: deque[tuple[NDArray[np.float32], int]] = deque()
        self._arrived = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._woken = self._closed = False
        self._resampler = StreamResampler(rate)
        self._line: Line | None = None
        self.dropped = 0

    @classmethod
    async def opened(
        cls,
        device: str = "",
        *,
        rate: int = RATE,
        clock: Clock | None = None,
        portaudio: PortAudio | None = None,
        changed: Callable[[DeviceChange], None] | None = None,
    ) -> Self:
        """Open a microphone and begin to listen.

        Args:
            device: Number, name or part of a name; empty for the system's default.
            rate: Samples a second of its frames, whatever the device's own.
            clock: What its watchdog goes by.
            portaudio: By default that of the process.
            changed: Told in the event loop when the device goes away and when it is back.

        Raises:
            ConfigError: sounddevice or PortAudio is not installed.
            InputError: There is no such device, or it cannot be opened.
        """
        microphone = cls(rate, clock or SystemClock(), portaudio or shared_portaudio())
        await microphone._open(device, changed)
        return microphone

    @property
    def device(self) -> str:
        """The name of the device."""
        return self._line.device if self._line else ""

    @property
    def live(self) -> bool:
        """Whether the device is there."""
        return bool(self._line and self._line.live)

    async def frames(self) -> AsyncIterator[Pcm]:
        """Frames of about 20 ms as they are heard, until it is closed. For one reader."""
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            self._woken = False
            while self._waiting and not self._closed:
                samples = self._resampler.feed(Pcm(*self._waiting.popleft()))
                if len(samples):
                    yield Pcm(samples, self._rate)
            if self._closed:
                return

    async def close(self) -> None:
        """Let go of the device."""
        self._closed = True
        self._arrived.set()
        if self._line:
            await self._line.close()

    async def _open(self, device: str, changed: Callable[[DeviceChange], None] | None) -> None:
        request = StreamRequest("input", device, self._rate, 1, BUFFER, FRAME, self._hear)
        self._line = Line(self._portaudio, request, self._clock, changed=changed)
        await self._line.open()

    def _hear(self, samples: NDArray[np.float32], frames: int, time: Any, status: Any) -> None:
        """PortAudio's callback, in its own thread: nothing here may wait."""
        line = self._line
        if line is None or (stream := line.beat()) is None or self._closed:
            return
        # PortAudio uses its buffer again after the callback.
        mono = samples[:, 0].copy() if samples.shape[1] == 1 else samples.mean(axis=1, dtype=np.float32)
        if len(self._waiting) >= LONGEST_WAIT / FRAME:
            self._waiting.popleft()
            self.dropped += 1
        self._waiting.append((mono, stream.rate))
        if not self._woken:
            self._woken = True
            self._wake()

    def _wake(self) -> None:
        try:
            self._loop.call_soon_threadsafe(self._arrived.set)
        except RuntimeError:
            # The loop is closed: nobody listens any more.
            self._closed = True
