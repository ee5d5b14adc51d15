"""A live conversation at the terminal: microphone, session, screen and keys, run together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Protocol

from ...errors import OmniError
from ...events import AgentEvent, ErrorRaised, Idle
from .devices import DEVICE_NAMES, change_event
from .keys import Action
from .view import View

if TYPE_CHECKING:
    from ...clock import Clock
    from ...speech.devices.line import DeviceChange
    from ...speech.devices.protocols import Microphone, Speaker
    from ...speech.pcm import Pcm

# Seconds without anything happening after which a conversation with a recording is over. More than the
# longest pause that a session waits out.
QUIET = 4.0
_LOOK_EVERY = 0.1


class LiveSession(Protocol):
    """What is used of an `AgentSession`."""

    muted: bool

    async def hear(self, pcm: Pcm) -> None: ...

    async def send(self, text: str) -> None: ...

    def greet(self) -> None: ...

    def interrupt(self) -> None: ...

    def press(self) -> None: ...

    def release(self) -> None: ...

    def events(self) -> AsyncIterator[AgentEvent]: ...


class Talk:
    """Runs a conversation until the user leaves it.

    Args:
        session: The agent's side.
        microphone: The user's voice.
        speaker: The agent's voice.
        clock: For the end of recordings.
        view: Kept up to date here.
        show: Shows an event.
        meter: Shows how loud the microphone is.
    """

    def __init__(
        self,
        session: LiveSession,
        microphone: Microphone,
        speaker: Speaker,
        clock: Clock,
        *,
        view: View,
        show: Callable[[AgentEvent], None],
        meter: Callable[[Pcm], None],
    ) -> None:
        self._session, self._microphone, self._speaker = session, microphone, speaker
        self._clock, self._view = clock, view
        self._show, self._meter = show, meter
        self._left = asyncio.Event()
        self._saying: set[asyncio.Task[None]] = set()
        self._last = clock.monotonic()

    async def run(self, notices: asyncio.Queue[DeviceChange]) -> None:
        """Go on until `leave`, the end of the session, or of a recording and what followed from it.

        Args:
            notices: What becomes of the devices.
        """
        tasks = [
            asyncio.create_task(work, name=f"omni-agent-talk-{name}")
            for name, work in (
                ("hear", self._hear()),
                ("events", self._follow()),
                ("devices", self._watch(notices)),
                ("left", self._wait()),
                ("quiet", self._quiet()),
            )
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (*tasks, *self._saying):
                task.cancel()
            await asyncio.gather(*tasks, *self._saying, return_exceptions=True)
        for task in done:
            task.result()

    def leave(self) -> None:
        """End the conversation."""
        self._left.set()

    def act(self, action: Action) -> None:
        """Do what the user wants."""
        match action.kind:
            case "leave":
                self.leave()
            case "mute":
                self._view.muted = self._session.muted = not self._session.muted
            case "interrupt":
                self._session.interrupt()
            case "talk":
                self._view.held_down = not self._view.held_down
                (self._session.press if self._view.held_down else self._session.release)()
            case "say":
                task = asyncio.create_task(self._say(action.text))
                self._saying.add(task)
                task.add_done_callback(self._saying.discard)

    def tell(self, event: AgentEvent) -> None:
        """Something happened, in the session or around it."""
        self._view.take(event)
        self._show(event)
        if not isinstance(event, Idle):
            self._last = self._clock.monotonic()

    async def _say(self, text: str) -> None:
        try:
            await self._session.send(text)
        except OmniError as error:
            self.tell(ErrorRaised(error.code, error.message, error.remedy))

    async def _hear(self) -> None:
        async for frame in self._microphone.frames():
            self._meter(frame)
            await self._session.hear(frame)

    async def _follow(self) -> None:
        async for event in self._session.events():
            self.tell(event)

    async def _watch(self, notices: asyncio.Queue[DeviceChange]) -> None:
        while True:
            change = await notices.get()
            note = self._view.away.discard if change.kind == "back" else self._view.away.add
            note(DEVICE_NAMES[change.direction])
            self.tell(change_event(change))

    async def _wait(self) -> None:
        await self._left.wait()

    async def _quiet(self) -> None:
        """Ends when a recording is over and nothing comes of it any more; never with a real microphone."""
        while True:
            await self._clock.sleep(_LOOK_EVERY)
            now = self._clock.monotonic()
            silent = self._view.state == "listening" and not self._speaker.pending and not self._saying
            if not silent or not getattr(self._microphone, "over", False):
                self._last = now
            elif now - self._last >= QUIET:
                return
