"""A token bucket, as values: it fills evenly, and holds a minute's worth.

What is paid for only afterwards may take it below nothing; then it must fill first.
"""

from __future__ import annotations

from dataclasses import dataclass

_MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class Bucket:
    """What is left, of `rate` a minute, as of a moment in seconds."""

    rate: float
    level: float
    at: float

    @classmethod
    def full(cls, rate: float, now: float) -> Bucket:
        """A bucket from which nothing has been taken for a minute."""
        return cls(rate, rate, now)

    def filled(self, now: float) -> Bucket:
        """As it is later. A moment that is past changes nothing."""
        passed = max(0.0, now - self.at)
        return Bucket(self.rate, min(self.rate, self.level + passed * self.rate / _MINUTE), max(now, self.at))

    def taken(self, amount: float, now: float) -> Bucket:
        """With so much less, even where it is not there."""
        filled = self.filled(now)
        return Bucket(self.rate, filled.level - amount, filled.at)

    def wait(self, amount: float, now: float) -> float:
        """Seconds until so much is there; 0 where it is. No more than a minute's worth is waited for."""
        missing = min(amount, self.rate) - self.filled(now).level
        return max(0.0, missing * _MINUTE / self.rate)
