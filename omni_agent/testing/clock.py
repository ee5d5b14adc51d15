"""A clock that you turn."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta


class VirtualClock:
    """A clock that stands still until `advance`."""

    def __init__(self, start: datetime | None = None) -> None:
        self._start = start or datetime(2026, 1, 1, tzinfo=UTC)
        self._seconds = 0.0
        self._sleeping: list[tuple[float, asyncio.Event]] = []

    def monotonic(self) -> float:
        return self._seconds

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._seconds)

    async def sleep(self, seconds: float) -> None:
        if seconds > 0:
            woken = asyncio.Event()
            self._sleeping.append((self._seconds + seconds, woken))
            await woken.wait()

    def advance(self, seconds: float) -> None:
        """Let time pass; whoever sleeps until then wakes when the loop next runs."""
        self._seconds += seconds
        for until, woken in self._sleeping:
            if until <= self._seconds:
                woken.set()
        self._sleeping = [sleeper for sleeper in self._sleeping if sleeper[0] > self._seconds]
