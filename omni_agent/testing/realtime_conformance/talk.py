"""One conversation with the server under check: what was sent, and everything that came."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from .wire import Closed, Wire

Event: TypeAlias = dict[str, Any]
"""A wire event as it came; its shape is what is checked."""


# A server that never falls silent and never says what is waited for: so many times `patience`.
_LONGEST = 15


@dataclass(slots=True)
class Talk:
    """A conversation over one connection.

    Attributes:
        name: Of the scene it belongs to, for reasons.
        wire: The connection.
        patience: Seconds without any event after which nothing more is awaited.
        errs: Whether errors are due, so that one that names no event may be about the last one sent.
        events: What came, in order; only JSON objects with a `type`.
        sent: Ids of the events that were sent.
        oddities: What came that is no event, or too large a frame.
        marks: Places in `events` and findings, by name, for the checks.
        closed: Why the server closed it; empty while it is open.
    """

    name: str
    wire: Wire
    patience: float
    errs: bool = False
    events: list[Event] = field(default_factory=list)
    sent: set[str] = field(default_factory=set)
    oddities: list[str] = field(default_factory=list)
    marks: dict[str, Any] = field(default_factory=dict)
    closed: str = ""

    @property
    def now(self) -> int:
        """How many events came so far: a place from which to look on."""
        return len(self.events)

    def kinds(self, start: int = 0) -> list[str]:
        """The types of the events from a place on."""
        return [event["type"] for event in self.events[start:]]

    def of(self, *kinds: str, start: int = 0) -> Iterator[Event]:
        """The events of some types from a place on."""
        return (event for event in self.events[start:] if event["type"] in kinds)

    def first(self, *kinds: str, start: int = 0) -> Event | None:
        """The first event of some types from a place on."""
        return next(self.of(*kinds, start=start), None)

    def place(self, event: Event | None) -> int:
        """Where an event stands; -1 for none."""
        return next((place for place, one in enumerate(self.events) if one is event), -1)

    async def send(self, kind: str, **fields: object) -> str:
        """Send an event; gives its id."""
        name = f"{self.name}_{len(self.sent) + 1}"
        self.sent.add(name)
        await self.send_text(json.dumps({"event_id": name, "type": kind, **fields}))
        return name

    async def send_text(self, text: str) -> None:
        """Send a frame as it is; nothing where the connection is closed."""
        try:
            await self.wire.send(text)
        except Closed as closed:
            self.closed = str(closed)

    async def until(
        self,
        *kinds: str,
        start: int | None = None,
        where: Callable[[Event], bool] = lambda event: True,
        limit: float | None = None,
    ) -> Event | None:
        """The first event of some types from a place on; None where nothing at all comes for too long.

        Args:
            kinds: The types.
            start: The place; by default from now on.
            where: What else must hold of it.
            limit: Seconds without any event; by default `patience`.
        """
        at = self.now if start is None else start
        loop = asyncio.get_running_loop()
        end = loop.time() + _LONGEST * self.patience
        while loop.time() < end:
            for event in self.events[at:]:
                if event["type"] in kinds and where(event):
                    return event
            at = self.now
            if not await self._take(self.patience if limit is None else limit):
                return None
        return None

    async def answer_to(self, name: str, *kinds: str, start: int) -> Event | None:
        """The first event of some types from a place on, or the error about the event sent."""
        mine = (name, None) if self.errs else (name,)
        return await self.until(
            *kinds,
            "error",
            start=start,
            where=lambda event: event["type"] != "error" or _named(event) in mine,
        )

    async def listen(self, seconds: float) -> None:
        """Take in what comes in that time."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while (left := end - loop.time()) > 0 and await self._take(left):
            pass
        if (left := end - loop.time()) > 0:
            await asyncio.sleep(left)

    async def _take(self, limit: float) -> bool:
        """Take in the next frame; whether one came."""
        if self.closed:
            return False
        try:
            async with asyncio.timeout(limit):
                frame = await self.wire.receive()
        except TimeoutError:
            return False
        except Closed as closed:
            self.closed = str(closed)
            return False
        self._note(frame)
        return True

    def _note(self, frame: str | bytes) -> None:
        size = len(frame.encode() if isinstance(frame, str) else frame)
        if size > 1024 * 1024:
            self.oddities.append(f"a frame of {size} bytes")
        if isinstance(frame, bytes):
            self.oddities.append("a binary frame")
            return
        try:
            event = json.loads(frame)
        except (ValueError, RecursionError):
            event = None
        if isinstance(event, dict) and isinstance(event.get("type"), str):
            self.events.append(event)
        else:
            self.oddities.append(f"a frame that is no event: {frame[:60]!r}")


def _named(event: Event) -> object:
    error = event.get("error")
    return error.get("event_id") if isinstance(error, dict) else None
