"""One reply: a turn that may begin before the user has surely ended.

Until the turn is taken its events are kept back and nothing of it takes effect. If the user goes on, it is as
if it had never been; what it cost is counted.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing

from ..clock import Clock
from ..events import (
    AgentEvent,
    ApprovalRequested,
    SpeechChunk,
    TextDelta,
    Timings,
    ToolFinished,
    ToolStarted,
    Transcript,
    TurnEnded,
    Usage,
)
from ..runner import raised
from .playout import Playout

HELD_BACK = 256
"""Events that are kept back at most; the turn then waits."""

AHEAD = 5.0
"""Seconds of speech that are made before they are heard."""

_LOOK = 0.1


class Attempt:
    """A reply, and the `Live` listener of its turn.

    Args:
        generation: Its number.
        playout: Where it is heard.
        clock: Times it.
        emit: Takes its events, once the turn is taken.
        heard_user: Takes what was understood of the user, at once.
        ready: Called when it could be heard, or a tool could run, were the turn taken.
        utterance: See the attribute.
        media: See the attribute.

    Attributes:
        text: The words so far.
        ended: How it ended; None before.
        transcript: What was understood of the user.
        running: Names of the tools that run.
        progress: Reading of the clock when it last showed that it goes on.
        taken_at: Reading of the clock when the turn was taken.
        acted: A tool was begun.
        utterance: Seconds that the user spoke; None where he wrote.
        media: References of what was stored for it.
    """

    def __init__(
        self,
        generation: int,
        playout: Playout,
        clock: Clock,
        *,
        emit: Callable[[AgentEvent], None],
        heard_user: Callable[[Transcript], None],
        ready: Callable[[], None],
        utterance: float | None = None,
        media: Sequence[str] = (),
    ) -> None:
        self.generation = generation
        self._playout = playout
        self._ledger = playout.ledger
        self._silenced = False
        self._clock = clock
        self._emit = emit
        self._heard_user = heard_user
        self._ready = ready
        self.utterance = utterance
        self.media = tuple(media)
        self._taken = asyncio.Event()
        self._queued = self._made = 0.0
        self._more = asyncio.Event()
        self._protected = -1
        self._last_delta = 0
        self._shown = False
        self._task: asyncio.Task[None] | None = None
        self.began = self.progress = self.taken_at = clock.monotonic()
        self.text = ""
        self.ended: TurnEnded | None = None
        self.transcript: Transcript | None = None
        self.running: dict[str, str] = {}
        self.acted = False

    @property
    def certain(self) -> bool:
        """Whether the turn was taken."""
        return self._taken.is_set()

    async def authorised(self) -> None:
        """Wait until the turn is taken."""
        if not self.certain:
            self._ready()
        await self._taken.wait()

    @property
    def heard(self) -> int:
        """Up to which offset of its text it was heard."""
        return self._ledger.heard if self._queued else 0

    async def room(self) -> None:
        """Wait while more than `AHEAD` seconds of its speech are still to be heard."""
        while self._made - self._ledger.seconds > AHEAD:
            await self._clock.sleep(_LOOK)

    async def heard_out(self, seconds: float) -> None:
        """Wait until so many seconds of its speech have been queued and heard."""
        while self._queued < seconds - 1e-3:
            self._more.clear()
            await self._more.wait()
        self._ledger.complete(len(self.text))
        await self._playout.drained()

    @property
    def protected(self) -> bool:
        """Whether what is heard now may not be interrupted: a question that waits for a yes."""
        return 0 <= self._protected <= self.heard + 1

    def begin(self, events: AsyncGenerator[AgentEvent, None], ended: Callable[[], None]) -> None:
        """Run it; `ended` is called when it has come to its end by itself."""
        self._task = asyncio.create_task(self._run(events, ended))

    def take(self) -> None:
        """The turn is taken: let it be heard."""
        self.progress = self.taken_at = self._clock.monotonic()
        self._taken.set()

    def silence(self) -> None:
        """It was cut: what is still on its way is not heard."""
        self._silenced = True

    def forget(self) -> None:
        """The turn was taken too early: what is not yet done has never been."""
        self._taken.clear()

    async def abandon(self) -> None:
        """End it; a turn that was not taken has never been. Returns when nothing of it runs any more."""
        if self._task:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _run(self, events: AsyncGenerator[AgentEvent, None], ended: Callable[[], None]) -> None:
        kept: deque[AgentEvent] = deque()
        releasing: asyncio.Task[None] | None = None

        async def release() -> None:
            await self._taken.wait()
            while kept:
                self._show(kept.popleft())

        releasing = asyncio.create_task(release())
        try:
            async with aclosing(events) as turn:
                async for event in turn:
                    self._look(event)
                    if releasing.done():
                        self._show(event)
                        continue
                    kept.append(event)
                    if len(kept) >= HELD_BACK or self.certain:
                        await releasing
            if self.ended or self.certain:
                await releasing
        except Exception as error:
            await self._taken.wait()
            self._emit(raised(error))
        finally:
            releasing.cancel()
            if self._shown and self.ended is None:
                self._emit(TurnEnded(self.text, "", "interrupted", Timings(), Usage()))
        ended()

    def _look(self, event: AgentEvent) -> None:
        """What is of interest before the turn is taken."""
        self.progress = self._clock.monotonic()
        if isinstance(event, Transcript):
            self.transcript = event
            self._heard_user(event)
        elif isinstance(event, TextDelta):
            self._last_delta = len(self.text)
            self.text += event.text
        elif isinstance(event, SpeechChunk):
            self._made += len(event.pcm) / 2 / event.sample_rate
            self._ready()
        elif isinstance(event, ApprovalRequested):
            self._protected = self._last_delta if self._protected < 0 else self._protected
        elif isinstance(event, ToolStarted):
            self.acted = True
            self.running[event.id] = event.name
        elif isinstance(event, ToolFinished):
            self.running.pop(event.id, None)
        elif isinstance(event, TurnEnded):
            self.ended = event

    def _show(self, event: AgentEvent) -> None:
        self._shown = True
        if isinstance(event, SpeechChunk):
            if self._silenced:
                return
            self._queued += len(event.pcm) / 2 / event.sample_rate
            self._playout.queue(event)
            self._more.set()
        self._emit(event)
