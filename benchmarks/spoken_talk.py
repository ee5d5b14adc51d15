"""The user's side of a live conversation that plays by itself: lines in real time, and what came of each."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from omni_agent.clock import Clock, SystemClock
from omni_agent.conversation import AgentSession, Floor
from omni_agent.events import (
    AgentEvent,
    ApprovalRequested,
    ErrorRaised,
    TextDelta,
    ToolStarted,
    Transcript,
    TurnEnded,
    TurnStarted,
)
from omni_agent.speech.pcm import Pcm

from .spoken_turns import HeardTurn
from .voice_latency_ours import FRAME_SECONDS
from .voice_latency_requests import RATE, SpokenRequest, room

NO_TURN_SECONDS = 12.0
"""How long a turn is waited for; then the line is lost."""

LONGEST_REPLY_SECONDS = 90.0


class WallClock(SystemClock):
    """Reads as `Trace` and `NotingSpeaker` do."""

    def monotonic(self) -> float:
        return time.monotonic()


class HastySpeaker:
    """Hears what is written `speed` times as fast as it sounds; that is all that it changes."""

    def __init__(self, clock: Clock | None = None, speed: float = 20.0, rate: int = 24_000) -> None:
        self._clock = clock or WallClock()
        self._speed = speed
        self._rate = rate
        self._until = 0.0

    @property
    def rate(self) -> int:
        return self._rate

    @property
    def pending(self) -> float:
        return max(0.0, self._until - self._clock.monotonic()) * self._speed

    def write(self, pcm: Pcm) -> None:
        self._until = max(self._until, self._clock.monotonic()) + pcm.seconds / self._speed

    def flush(self) -> float:
        unheard, self._until = self.pending, 0.0
        return unheard

    async def close(self) -> None:
        """Nothing to let go of."""


class Partner:
    """Speaks to a session, and notes its turns.

    Args:
        session: An open one.
        clock: Paces it.

    Attributes:
        clock: As given.
        line: Number of the line that is being said, or was said last; -1 before.
        turns: What came of the lines.
    """

    def __init__(self, session: AgentSession, clock: Clock | None = None) -> None:
        self._session = session
        self.clock = clock or WallClock()
        self._room = room(3 * RATE, seed=0)
        self._at = 0
        self._due = self.clock.monotonic()
        self.line = -1
        self.turns: list[HeardTurn] = []

    async def listen(self) -> None:
        """Note what the session tells, until it is left."""
        async for event in self._session.events():
            self.note(event)

    def note(self, event: AgentEvent) -> None:
        """Something happened in the session."""
        if isinstance(event, TurnStarted):
            self.turns.append(HeardTurn(self.line))
            return
        if not self.turns:
            return
        turn = self.turns[-1]
        match event:
            case Transcript():
                turn.transcript = event.text
            case TextDelta():
                turn.said += event.text
            case ToolStarted():
                turn.calls.append((event.name, event.arguments))
            case ApprovalRequested():
                turn.calls.append((event.name, event.arguments))
                turn.asked = True
            case ErrorRaised():
                turn.errors.append(f"{event.code}: {event.message}")
            case TurnEnded():
                turn.status = event.status
                turn.ended_at = self.clock.monotonic()
            case _:
                pass

    async def say(self, request: SpokenRequest) -> float:
        """Say the next line; when its last sample was heard, as the clock reads."""
        self.line += 1
        end = self._due + request.end
        await self._hear(request.sound.samples)
        return end

    async def hear_out(self, end: float) -> None:
        """Wait until the turn of the line that ended then is over and nobody speaks, or none comes."""
        await self.until(lambda: self._over(end), end + LONGEST_REPLY_SECONDS)

    async def until(self, reached: Callable[[], bool], deadline: float) -> bool:
        """Let the room be heard until it is so; False where the deadline comes first."""
        while not reached():
            if self.clock.monotonic() > deadline:
                return False
            await self.rest(FRAME_SECONDS)
        return True

    async def rest(self, seconds: float) -> None:
        """Let so much of the room be heard."""
        count = round(seconds * RATE)
        await self._hear(np.take(self._room, range(self._at, self._at + count), mode="wrap"))
        self._at = (self._at + count) % len(self._room)

    def _over(self, end: float) -> bool:
        mine = [turn for turn in self.turns if turn.line == self.line]
        ended = bool(mine) and bool(mine[-1].status)
        return self._session.floor is Floor.OPEN and (ended or self.clock.monotonic() > end + NO_TURN_SECONDS)

    async def _hear(self, samples: NDArray[np.float32]) -> None:
        size = round(FRAME_SECONDS * RATE)
        for start in range(0, len(samples) - size + 1, size):
            self._due += FRAME_SECONDS
            await self.clock.sleep(max(0.0, self._due - self.clock.monotonic()))
            await self._session.hear(Pcm(samples[start : start + size], RATE))
