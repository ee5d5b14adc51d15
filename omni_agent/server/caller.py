"""Who asks: the bearer of a key, or whoever is on this machine where no keys are wanted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

from starlette.requests import HTTPConnection

from ..messages import JsonObject
from .limits import UNLIMITED, Allowance

ANYBODY = "local"


@dataclass(frozen=True, slots=True)
class Caller:
    """The bearer of a key.

    Attributes:
        name: The key's name; no part of the key itself. Media, conversations and memory are kept apart by it.
        allowance: How much he may take.
        session: The configuration of the live session that an ephemeral key opens, and nothing else; None
            for the bearer of a lasting one.
    """

    name: str = ANYBODY
    allowance: Allowance = UNLIMITED
    session: JsonObject | None = field(default=None, hash=False)


def caller_of(connection: HTTPConnection) -> Caller:
    """Who a request or a socket comes from, as the guard has found; set in `connection.state.caller`."""
    return cast(Caller, getattr(connection.state, "caller", Caller()))
