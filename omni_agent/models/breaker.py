"""A circuit breaker: what failed again and again is left alone for a while, then tried once."""

from __future__ import annotations


class Breaker:
    """The health of one thing that may be down. Times are readings of a monotonic clock, in seconds.

    Args:
        trips: Failures in a row that open it.
        rest: Seconds for which it then stays open; twice as long after each trial that fails.
        longest: Seconds for which it stays open at most.
    """

    def __init__(self, *, trips: int = 2, rest: float = 15.0, longest: float = 300.0) -> None:
        self._trips = trips
        self._first_rest = rest
        self._longest = longest
        self._rest = rest
        self._failures = 0
        self._until: float | None = None
        self._on_trial = False

    @property
    def retry_at(self) -> float:
        """When it may be tried again; 0 while it is closed."""
        return self._until or 0.0

    def allows(self, now: float) -> bool:
        """Whether it may be used: it is closed, or its rest is over and nobody tries it at the moment."""
        return self._until is None or (now >= self._until and not self._on_trial)

    def begin(self) -> None:
        """It is used now; if it was open this is its trial."""
        self._on_trial = self._until is not None

    def succeed(self) -> None:
        """It worked."""
        self._failures, self._until, self._rest, self._on_trial = 0, None, self._first_rest, False

    def fail(self, now: float) -> None:
        """It did not."""
        self._failures += 1
        if self._until is not None and self._on_trial:
            self._rest = min(2 * self._rest, self._longest)
        if self._failures >= self._trips:
            self._until = now + self._rest
        self._on_trial = False

    def let_go(self) -> None:
        """Nobody knows: it was stopped before it could show."""
        self._on_trial = False
