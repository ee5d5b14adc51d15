"""The first word of a service on a connection."""

from __future__ import annotations

import asyncio

from ...messages import JsonObject
from . import refusals
from .limits import Limits
from .profile import Profile
from .socket import Socket

_GREETING = "session.created"


async def greeted(socket: Socket, profile: Profile, limits: Limits) -> None:
    """Wait until the service has greeted; a connection on which it does not is given up.

    Raises:
        ModelUnavailable: It refuses, as for a wrong key or model.
        ModelError: It says nothing.
    """
    time = asyncio.get_running_loop().time
    until = time() + limits.open
    try:
        while (event := await socket.receive(limits.open, left=until - time()))["type"] != _GREETING:
            if event["type"] == "error":
                raise refusals.told(profile, error_of(event), socket.key)
    except BaseException:
        socket.abort()
        raise


def error_of(event: JsonObject) -> JsonObject:
    """What an `error` event tells."""
    error = event.get("error")
    return error if isinstance(error, dict) else {"message": str(error or "no reason given")}
