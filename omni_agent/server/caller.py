"""Who asks: the bearer of a key, or whoever is on this machine where no keys are wanted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from starlette.requests import HTTPConnection

ANYBODY = "local"


@dataclass(frozen=True, slots=True)
class Caller:
    """The bearer of a key.

    Attributes:
        name: The key's name; no part of the key itself. Media, conversations and memory are kept apart by it.
    """

    name: str = ANYBODY


def caller_of(connection: HTTPConnection) -> Caller:
    """Who a request or a socket comes from, as the guard has found; set in `connection.state.caller`."""
    return cast(Caller, getattr(connection.state, "caller", Caller()))
