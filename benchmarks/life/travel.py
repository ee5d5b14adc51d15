"""A clock that runs as the machine's does, and can be set to a later day."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta


class TravelClock:
    """Real time with jumps: seconds pass as they do, so that what is timed is true, and days are skipped."""

    def __init__(self, start: datetime) -> None:
        self._ahead = start - datetime.now(UTC)

    def travel(self, to: datetime) -> None:
        """Let it be `to`, unless it is later already."""
        self._ahead += max(timedelta(), to - self.now())

    def monotonic(self) -> float:
        """Seconds that never go back and never jump."""
        return time.perf_counter()

    def now(self) -> datetime:
        """The moment, in UTC."""
        return datetime.now(UTC) + self._ahead

    async def sleep(self, seconds: float) -> None:
        """Wait in real time."""
        await asyncio.sleep(seconds)
