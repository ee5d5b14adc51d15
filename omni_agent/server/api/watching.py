"""Turns are watched where they run: what happened lately, for whoever asks, and what happens, as it does.

Each key has a ring of its own, in memory only, which holds the last events and the last turns. Those who
follow keep nothing but their place in it: whoever is too slow is told that he missed something, and nobody
waits for him.

| acquired           | released                                                          |
|--------------------|-------------------------------------------------------------------|
| a key's ring       | when 256 others were used since, and nobody follows it            |
| a follower's place | at the end of `Watching.following`                                |
"""

from __future__ import annotations

import asyncio
import secrets
from collections import OrderedDict, deque
from collections.abc import AsyncGenerator, AsyncIterable, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import takewhile
from typing import TYPE_CHECKING

from ...clock import Clock, SystemClock
from ...events import (
    AgentEvent,
    ErrorRaised,
    PartialTranscript,
    SpeechChunk,
    TextDelta,
    ToolFinished,
    TurnEnded,
    TurnStarted,
    WordSpoken,
)
from ...remembering.requests import FORGET

if TYPE_CHECKING:
    from ..caller import Caller
    from ..hosting import Hosting

EVENTS, TURNS, STEPS, KEYS = 2_000, 100, 200, 256
"""How many events, turns, steps of a turn, and keys are kept."""

# They come by the dozen; a turn's end has the whole of what they bring.
_STREAMED = TextDelta | PartialTranscript | SpeechChunk | WordSpoken


@dataclass(frozen=True, slots=True)
class Place:
    """Where an event happened: the agent's model name, the user as the caller calls him, the conversation."""

    agent: str
    user: str
    session: str


@dataclass(frozen=True, slots=True)
class Seen:
    """An event.

    Attributes:
        number: In its ring; they grow, and one that is missing was another's or was forgotten.
        at: When.
        place: Where.
        turn: Id of its turn; empty between turns.
        event: Without sound.
    """

    number: int
    at: datetime
    place: Place
    turn: str
    event: AgentEvent


@dataclass(slots=True)
class Trace:
    """A turn.

    Attributes:
        id: The turn's.
        place: Where it was.
        began: When.
        steps: Its events with the seconds since it began; what is streamed in pieces is left out.
        pieces: How many of those there were.
        end: How it ended; None while it goes on, or where nobody waited for its end.
    """

    id: str
    place: Place
    began: datetime
    steps: list[tuple[float, AgentEvent]] = field(default_factory=list)
    pieces: int = 0
    end: TurnEnded | None = None


@dataclass(slots=True, eq=False)
class _Ring:
    """What is kept for one key."""

    events: deque[Seen] = field(default_factory=lambda: deque(maxlen=EVENTS))
    turns: deque[Trace] = field(default_factory=lambda: deque(maxlen=TURNS))
    count: int = 0
    fallen_out: int = 0
    followers: int = 0
    grown: asyncio.Event = field(default_factory=asyncio.Event)

    def add(self, seen: Seen) -> None:
        if len(self.events) == self.events.maxlen:
            self.fallen_out = self.events[0].number
        self.events.append(seen)
        grown, self.grown = self.grown, asyncio.Event()
        grown.set()

    def forget(self, lost: Place) -> None:
        """Drop what was seen there; in all of the user's conversations with the agent where none is named."""

        def stays(place: Place) -> bool:
            return (place.agent, place.user) != (lost.agent, lost.user) or lost.session not in (
                "",
                place.session,
            )

        self.events = deque((seen for seen in self.events if stays(seen.place)), EVENTS)
        self.turns = deque((trace for trace in self.turns if stays(trace.place)), TURNS)


class Watching:
    """The rings of all keys.

    Args:
        clock: Tells when something happened.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        self.clock = clock or SystemClock()
        # Numbers begin anew with the server; a follower of the one before must not take them for its own.
        self.run = secrets.token_hex(4)
        self._rings: OrderedDict[str, _Ring] = OrderedDict()

    def observer(self, caller: Caller, place: Place) -> Observer:
        """What takes the events of one place, turn after turn."""
        return Observer(self._ring(caller.name), place, self.clock)

    def turns(self, caller: Caller) -> list[Trace]:
        """A key's last turns, newest first."""
        ring = self._rings.get(caller.name)
        return list(reversed(ring.turns)) if ring else []

    @contextmanager
    def following(self, caller: Caller, after: str = "") -> Iterator[Follower]:
        """Follow what happens under a key.

        Args:
            caller: Whose key.
            after: Id of the last event that was seen, to be told what came since; empty for what is to come.
        """
        ring = self._ring(caller.name)
        ring.followers += 1
        try:
            yield Follower(ring, self._number(ring, after), self.run)
        finally:
            ring.followers -= 1

    def forget(self, caller: Caller, *, agent: str, user: str, session: str = "") -> None:
        """Drop what was seen of one conversation, or of all of a user's with an agent."""
        ring = self._rings.get(caller.name)
        if ring:
            ring.forget(Place(agent, user, session))

    def _number(self, ring: _Ring, after: str) -> int:
        run, _, number = after.partition("-")
        if not after:
            return ring.count
        known = run == self.run and number.isascii() and number.isdigit() and len(number) < 16
        return min(int(number), ring.count) if known else -1

    def _ring(self, key: str) -> _Ring:
        ring = self._rings.setdefault(key, _Ring())
        self._rings.move_to_end(key)
        if len(self._rings) > KEYS:
            idle = next(
                (name for name, old in self._rings.items() if not old.followers and old is not ring), ""
            )
            self._rings.pop(idle, None)
        return ring


class Observer:
    """Takes the events of one conversation."""

    def __init__(self, ring: _Ring, place: Place, clock: Clock) -> None:
        self._ring = ring
        self._place = place
        self._clock = clock
        self._trace: Trace | None = None
        self._began = 0.0

    def __call__(self, event: AgentEvent) -> None:
        """Note an event, now."""
        kept = _kept(event)
        if isinstance(kept, ToolFinished) and (kept.name, kept.status) == (FORGET, "done"):
            # What the user has erased in conversation; what else was said of it nobody can tell here.
            self._ring.forget(Place(self._place.agent, self._place.user, ""))
        if isinstance(kept, TurnStarted):
            self._trace = Trace(kept.turn, self._place, self._clock.now())
            self._began = self._clock.monotonic()
            self._ring.turns.append(self._trace)
        self._ring.count += 1
        turn = self._trace.id if self._trace else ""
        self._ring.add(Seen(self._ring.count, self._clock.now(), self._place, turn, kept))
        if self._trace:
            self._step(self._trace, kept)

    def _step(self, trace: Trace, event: AgentEvent) -> None:
        if isinstance(event, _STREAMED):
            trace.pieces += 1
        elif len(trace.steps) < STEPS or isinstance(event, TurnEnded):
            trace.steps.append((round(self._clock.monotonic() - self._began, 4), event))
        if isinstance(event, TurnEnded):
            trace.end, self._trace = event, None


class Follower:
    """A place in a ring.

    Attributes:
        missed: There was more before it, which has fallen out of the ring.
    """

    def __init__(self, ring: _Ring, number: int, run: str) -> None:
        self._ring = ring
        self._number = number
        self._run = run
        self.missed = False

    async def next(self) -> list[Seen]:
        """What came since, as soon as there is anything; may be cancelled, and nothing is lost by it."""
        ring = self._ring
        while True:
            grown = ring.grown
            self.missed = self._number < ring.fallen_out or self._number < 0
            new = list(takewhile(lambda seen: seen.number > self._number, reversed(ring.events)))
            self._number = ring.count
            if new or self.missed:
                return new[::-1]
            await grown.wait()

    def id(self, seen: Seen) -> str:
        """What to name to go on after this event."""
        return f"{self._run}-{seen.number}"


async def watched(
    hosting: Hosting,
    caller: Caller,
    user: str,
    session: str,
    events: AsyncIterable[AgentEvent],
    *,
    agent: str = "",
) -> AsyncGenerator[AgentEvent, None]:
    """A turn's events, seen in passing by those who watch; closing it closes them.

    Args:
        hosting: The server's agents.
        caller: Whose turn it is.
        user: The user as the caller calls him; empty for none.
        session: The conversation; empty for one that has no name.
        events: Of the turn.
        agent: The model name that was asked for.
    """
    tell = hosting.watching.observer(caller, Place(hosting.name(agent), user, session))
    if isinstance(events, AsyncGenerator):
        async with aclosing(events):
            async for event in events:
                tell(event)
                yield event
    else:
        async for event in events:
            tell(event)
            yield event


def _kept(event: AgentEvent) -> AgentEvent:
    """The event without what is large, or holds on to a stack."""
    if isinstance(event, SpeechChunk):
        return replace(event, pcm=b"")
    if isinstance(event, ErrorRaised) and event.cause:
        return replace(event, cause=None)
    return event
