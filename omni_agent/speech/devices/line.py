"""A stream that is kept open: watched, and opened again when its device comes back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from ...clock import Clock
from ...errors import OmniError
from .choosing import Direction
from .portaudio import OpenStream, PortAudio, StreamRequest

CHECK_EVERY = 0.1
RETRY_EVERY = 1.0
# A sound server that wakes from its sleep was seen to take 1.5 s until the first callback.
STALLED_AFTER = 2.5
# Looking for new devices closes all streams, so that it is done less often while another one still runs.
LOOK_BESIDE_EVERY = 5


@dataclass(frozen=True, slots=True)
class DeviceChange:
    """A device went away or is there again.

    Attributes:
        kind: `lost` or `back`.
        direction: Whether it is a microphone or a loudspeaker.
        device: Its name.
    """

    kind: Literal["lost", "back"]
    direction: Direction
    device: str


class Line:
    """One stream, from the opening to the closing.

    Args:
        portaudio: What it is opened with.
        request: What it is to be like; its callback has to call `beat`.
        clock: What the watchdog goes by.
        busy: Whether closing it now would be heard.
        lost: Told when the stream is gone, before it is opened again.
        changed: Told what a person should know.
    """

    def __init__(
        self,
        portaudio: PortAudio,
        request: StreamRequest,
        clock: Clock,
        *,
        busy: Callable[[], bool] = lambda: False,
        lost: Callable[[], None] = lambda: None,
        changed: Callable[[DeviceChange], None] | None = None,
    ) -> None:
        self._portaudio, self._request, self._clock = portaudio, request, clock
        self._busy, self._lost = busy, lost
        self._changed = changed or (lambda change: None)
        self._open: OpenStream | None = None
        self._watching: asyncio.Task[None] | None = None
        self._beats = 0
        self._ended = False
        self.live = False

    def beat(self) -> OpenStream | None:
        """The callback was called, in whatever thread; the stream it belongs to, once that is known."""
        self._beats += 1
        return self._open if self.live else None

    @property
    def device(self) -> str:
        """The name of the device that is open, or was last."""
        return self._open.device.name if self._open else self._request.device

    async def open(self) -> OpenStream:
        """Open the stream and begin to watch it.

        Raises:
            ConfigError: sounddevice or PortAudio is not installed.
            InputError: There is no such device, or it cannot be opened.
        """
        opened = await self._opened()
        self._watching = asyncio.create_task(self._watch(), name=f"omni-agent-{self._request.direction}")
        return opened

    async def close(self) -> None:
        """Let go of the device."""
        self.live = False
        if self._watching:
            self._watching.cancel()
            with suppress(asyncio.CancelledError):
                await self._watching
            self._watching = None
        if self._open:
            await self._portaudio.close(self._open)

    async def _opened(self) -> OpenStream:
        self._ended = False
        self._open = await self._portaudio.open(self._request, self._end, self._busy)
        self.live = True
        return self._open

    def _end(self) -> None:
        """The stream is over; called in PortAudio's thread."""
        self._ended = True

    async def _watch(self) -> None:
        seen, at = self._beats, self._clock.monotonic()
        while True:
            await self._clock.sleep(CHECK_EVERY)
            now = self._clock.monotonic()
            if seen != self._beats:
                seen, at = self._beats, now
            if self._displaced() or self._ended or now - at > STALLED_AFTER:
                await self._recover()
                seen, at = self._beats, self._clock.monotonic()

    def _displaced(self) -> bool:
        """Whether another line has closed this one, to look for its device."""
        return self._open is not None and self._open.generation != self._portaudio.generation

    async def _recover(self) -> None:
        displaced, self.live = self._displaced(), False
        self._lost()
        if self._open:
            await self._portaudio.close(self._open)
        if displaced and await self._opens():
            return
        self._tell("lost")
        attempt = 0
        while True:
            await self._clock.sleep(RETRY_EVERY)
            if await self._opens():
                break
            attempt += 1
            if self._may_look(attempt):
                await self._portaudio.look_again()
                if await self._opens():
                    break
        self._tell("back")

    async def _opens(self) -> bool:
        try:
            await self._opened()
        except OmniError:
            return False
        return True

    def _may_look(self, attempt: int) -> bool:
        others = self._portaudio.others(than=self._open)
        if not others:
            return True
        return attempt % LOOK_BESIDE_EVERY == 0 and not any(other.busy() for other in others)

    def _tell(self, kind: Literal["lost", "back"]) -> None:
        self._changed(DeviceChange(kind, self._request.direction, self.device))
