"""What the bearer of each key has taken, and when he may take more."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from ..clock import Clock
from .bucket import Bucket
from .caller import Caller
from .errors import ApiError
from .limits import UNLIMITED, Allowance

Kind = Literal["requests", "tokens", "audio_seconds"]
Place = Literal["sessions", "at_once"]
# That anything is left lets a request in: what it will take is not known before.
_NEEDED: dict[Kind, float] = {"requests": 1.0, "tokens": 1.0, "audio_seconds": 0.1}
_TOLD = {"tokens": "tokens", "requests": "requests", "audio_seconds": "seconds of sound"}


class Allowances:
    """Keeps count by key, for as long as the server runs.

    Args:
        clock: Tells time.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._buckets: dict[tuple[str, Kind], Bucket] = {}
        self._held: defaultdict[str, Counter[Place]] = defaultdict(Counter)

    def admit(self, caller: Caller) -> None:
        """Let one more request in, or one more reply of a live session.

        Raises:
            ApiError: 429, with `Retry-After`: a minute's worth is used up.
        """
        if caller.allowance is UNLIMITED:
            return
        now = self._clock.monotonic()
        for kind, needed in _NEEDED.items():
            bucket = self._bucket(caller, kind, now)
            if bucket and (wait := bucket.wait(min(needed, bucket.rate), now)):
                raise _too_many(f"{bucket.rate:g} {_TOLD[kind]} a minute", wait)
        self._take(caller, "requests", 1, now)

    def spend(self, caller: Caller, *, tokens: float = 0, audio_seconds: float = 0) -> None:
        """Note what a reply took."""
        if caller.allowance is not UNLIMITED:
            now = self._clock.monotonic()
            self._take(caller, "tokens", tokens, now)
            self._take(caller, "audio_seconds", audio_seconds, now)

    @contextmanager
    def held(self, caller: Caller, place: Place) -> Iterator[None]:
        """One of the requests or sessions that a caller may have at once.

        Raises:
            ApiError: 429: he has all of them.
        """
        most = getattr(caller.allowance, place)
        if most is None:
            yield
            return
        held = self._held[caller.name]
        if held[place] >= most:
            what = "live sessions" if place == "sessions" else "requests"
            raise _too_many(f"{most} {what} at once", 1.0, code=f"{place}_limit_reached")
        held[place] += 1
        try:
            yield
        finally:
            held[place] -= 1

    def _bucket(self, caller: Caller, kind: Kind, now: float) -> Bucket | None:
        rate = getattr(caller.allowance, kind)
        if rate is None:
            return None
        bucket = self._buckets.get((caller.name, kind))
        if bucket is None or bucket.rate != rate:
            bucket = self._buckets[caller.name, kind] = Bucket.full(rate, now)
        return bucket

    def _take(self, caller: Caller, kind: Kind, amount: float, now: float) -> None:
        if bucket := self._bucket(caller, kind, now):
            self._buckets[caller.name, kind] = bucket.taken(amount, now)


def _too_many(what: str, wait: float, *, code: str = "rate_limit_exceeded") -> ApiError:
    seconds = max(1, math.ceil(wait))
    return ApiError(
        f"this key may have {what}; try again in {seconds} s",
        status=429,
        code=code,
        headers={"Retry-After": str(seconds)},
    )


__all__ = ["Allowance", "Allowances"]
