"""Short-lived keys: for a browser's page, which opens a live session with one and can do nothing else."""

from __future__ import annotations

import hashlib
import math
import secrets
from dataclasses import dataclass, replace

from ..clock import Clock
from ..messages import JsonObject
from .caller import Caller
from .errors import ApiError

PREFIX = "ek_"
SHORTEST_S, LONGEST_S = 10, 7200
_MOST_EACH = 1000


@dataclass(frozen=True, slots=True)
class _Kept:
    caller: Caller
    until: int


class Ephemerals:
    """Those that live, by digest. They end with the server.

    A digest is looked up in a table: what a stranger can choose is a key, and not what its digest is near to.

    Args:
        clock: Tells time.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: dict[bytes, _Kept] = {}

    def new(self, caller: Caller, seconds: float, session: JsonObject) -> tuple[str, int]:
        """See `Keys.ephemeral`."""
        if not SHORTEST_S <= seconds <= LONGEST_S:
            raise ApiError(
                f"an ephemeral key lives {SHORTEST_S} to {LONGEST_S} seconds, not {seconds:g}",
                code="invalid_value",
                param="expires_after.seconds",
            )
        self._forget_expired()
        if sum(kept.caller.name == caller.name for kept in self._kept.values()) >= _MOST_EACH:
            raise ApiError(
                f"{_MOST_EACH} ephemeral keys of this key live; let some expire",
                status=429,
                code="rate_limit_exceeded",
                headers={"Retry-After": str(SHORTEST_S)},
            )
        value = PREFIX + secrets.token_urlsafe(32)
        until = math.ceil(self._now() + seconds)
        self._kept[_digest(value)] = _Kept(replace(caller, session=session), until)
        return value, until

    def caller(self, value: str) -> Caller | None:
        """Whose a key is; None where it is unknown or has expired."""
        kept = self._kept.get(_digest(value))
        return kept.caller if kept and self._now() < kept.until else None

    def _forget_expired(self) -> None:
        now = self._now()
        self._kept = {digest: kept for digest, kept in self._kept.items() if now < kept.until}

    def _now(self) -> float:
        return self._clock.now().timestamp()


def _digest(value: str) -> bytes:
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).digest()
