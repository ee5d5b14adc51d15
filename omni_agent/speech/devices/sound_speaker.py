"""The machine's loudspeaker, through PortAudio."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ...clock import Clock, SystemClock
from ..pcm import Pcm
from .line import DeviceChange, Line
from .portaudio import OpenStream, PortAudio, StreamRequest, shared_portaudio
from .rate_bridge import RateBridge
from .sample_ring import SampleRing

RATE = 48_000
FADE = 0.005
# What the device holds is heard after the user has spoken up; less of it makes a busy machine stutter.
BUFFER = 0.06
# Silence shorter than this is a gap in speech, longer it is a pause.
GAP = 0.3
# A device that claims a longer delay than this has no notion of it.
LONGEST_DELAY = 1.0


class SoundDeviceSpeaker:
    """A loudspeaker of the machine, as `Speaker`; `opened` gives one.

    While the device is away nothing that was written is lost or counts as heard: `pending` stands still, and
    when the device is back it goes on with the first sample that was not heard, unless it was flushed.

    Attributes:
        underruns: How often speech broke off for a moment: the device was not served in time, or the next
            piece was written too late.
    """

    def __init__(self, clock: Clock, portaudio: PortAudio) -> None:
        self._clock, self._portaudio = clock, portaudio
        self._rate = RATE
        self._ring = SampleRing(kept=RATE)
        self._line: Line | None = None
        self._bridge: RateBridge | None = None
        # Samples that the device has taken and not yet made heard, as of the moment of the last callback.
        self._in_flight, self._as_of = 0, 0.0
        self._sounding = self._flushed = False
        self._dry_since: float | None = None
        self.underruns = 0

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
        """Open a loudspeaker; it is silent until something is written.

        Args:
            device: Number, name or part of a name; empty for the system's default.
            rate: Samples a second that are asked of it; `Speaker.rate` says what it has.
            clock: What `pending` and the watchdog go by.
            portaudio: By default that of the process.
            changed: Told in the event loop when the device goes away and when it is back.

        Raises:
            ConfigError: sounddevice or PortAudio is not installed.
            InputError: There is no such device, or it cannot be opened.
        """
        speaker = cls(clock or SystemClock(), portaudio or shared_portaudio())
        await speaker._open(device, rate, changed)
        return speaker

    @property
    def device(self) -> str:
        """The name of the device."""
        return self._line.device if self._line else ""

    @property
    def live(self) -> bool:
        """Whether the device is there."""
        return bool(self._line and self._line.live)

    @property
    def rate(self) -> int:
        """Samples a second that it wants; stays the same when another device takes over."""
        return self._rate

    @property
    def pending(self) -> float:
        """Seconds that were written and are not yet heard, the device's own delay included."""
        waiting, in_flight = len(self._ring) / self._rate, self._in_flight / self._rate
        return waiting + max(0.0, in_flight - (self._clock.monotonic() - self._as_of))

    def write(self, pcm: Pcm) -> None:
        """Play this after what was written before.

        Raises:
            ValueError: It has not the speaker's rate.
        """
        if pcm.rate != self._rate:
            raise ValueError(f"the speaker wants {self._rate} samples a second, not {pcm.rate}")
        since, self._dry_since = self._dry_since, None
        if since is not None and self._clock.monotonic() - since < GAP:
            self.underruns += 1
        self._flushed = False
        self._ring.write(pcm.samples)

    def flush(self) -> float:
        """Be silent at once, with a fade of 5 ms; seconds that will now never be heard."""
        self._flushed, self._dry_since = True, None
        return self._ring.cut(round(FADE * self._rate) if self.live else 0) / self._rate

    async def close(self) -> None:
        """Let go of the device; what is pending is not heard."""
        if self._line:
            await self._line.close()

    async def _open(self, device: str, rate: int, changed: Callable[[DeviceChange], None] | None) -> None:
        request = StreamRequest("output", device, rate, 2, BUFFER, 0.0, self._play)
        self._line = Line(
            self._portaudio,
            request,
            self._clock,
            busy=lambda: self.pending > 0,
            lost=self._take_back,
            changed=changed,
        )
        self._rate = (await self._line.open()).rate

    def _take_back(self) -> None:
        """The device is gone, and with it what it had taken."""
        self._ring.take_back(self._in_flight)
        self._in_flight, self._sounding, self._bridge = 0, False, None

    def _play(self, out: NDArray[np.float32], frames: int, time: Any, status: Any) -> None:
        """PortAudio's callback, in its own thread: shape `(frames, channels)`; nothing here may wait."""
        line = self._line
        if line is None or (stream := line.beat()) is None:
            out.fill(0.0)
            return
        mono = np.empty(frames, np.float32)
        taken = self._ring.read(mono) if stream.rate == self._rate else self._converted(stream.rate, mono)
        out[:] = mono[:, np.newaxis]
        if taken and status.output_underflow:
            self.underruns += 1
        self._account(taken, round(frames * self._rate / stream.rate), _delay(stream, time))

    def _converted(self, rate: int, out: NDArray[np.float32]) -> int:
        if self._bridge is None or self._bridge.target != rate:
            self._bridge = RateBridge(self._rate, rate)
        return self._bridge.pull(out, self._ring.read)

    def _account(self, taken: int, asked: int, delay: float) -> None:
        now = self._clock.monotonic()
        if taken:
            self._in_flight = min(self._in_flight, round(delay * self._rate)) + taken
        else:
            self._in_flight = max(0, self._in_flight - asked)
        self._as_of = now
        if taken < asked and (taken or self._sounding):
            self._dry_since = None if self._flushed else now
        self._sounding = taken >= asked


def _delay(stream: OpenStream, time: Any) -> float:
    """Seconds until the first sample of this callback is heard."""
    told = float(time.outputBufferDacTime - time.currentTime)
    return told if 0.0 < told < LONGEST_DELAY else float(stream.stream.latency)
