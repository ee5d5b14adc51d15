"""A request's body, as far as it may be read: so many bytes, within so many seconds."""

from __future__ import annotations

import asyncio

from starlette.types import Message, Receive

from .errors import ApiError
from .hosting import Hosting
from .letting_in import too_large


def limited(receive: Receive, hosting: Hosting) -> Receive:
    """`receive`, which raises `ApiError` (413, 408) where a body grows too large or comes too slowly.

    Nothing is held here: a reader that stops at the error has held no more than was allowed.
    """
    left, whole = hosting.limits.body, False
    until = asyncio.get_running_loop().time() + hosting.limits.body_seconds

    async def receiving() -> Message:
        nonlocal left, whole
        if whole:
            return await receive()
        try:
            async with asyncio.timeout_at(until):
                message = await receive()
        except TimeoutError:
            raise ApiError("the request's body came too slowly", status=408, code="request_timeout") from None
        left -= len(message.get("body", b""))
        if left < 0:
            raise too_large(hosting)
        whole = not message.get("more_body", False)
        return message

    return receiving
