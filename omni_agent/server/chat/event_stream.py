"""Answers that come piece by piece, and work that ends when nobody waits for it any more.

A client that goes away is noticed at once, and what works for him is cancelled, once, so that it can still
put away what it has.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import TypeVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from ...messages import JsonObject

T = TypeVar("T")
HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
DONE = b"data: [DONE]\n\n"
CLIENT_CLOSED = 499
"""Status of a response that nobody reads: nginx's number for it."""


class _Left(Exception):
    """The client went away."""


def packed(data: JsonObject, event: str = "") -> bytes:
    """One server-sent event.

    Source: https://html.spec.whatwg.org/multipage/server-sent-events.html
    """
    name = f"event: {event}\n" if event else ""
    # All in ASCII: some clients take U+2028 and the like for ends of lines.
    return f"{name}data: {json.dumps(data, separators=(',', ':'))}\n\n".encode()


class EventStream(Response):
    """A response of server-sent events; each piece leaves when it is there.

    Args:
        pieces: The events, packed. Closed when the client goes away.
    """

    media_type = "text/event-stream"

    def __init__(self, pieces: AsyncGenerator[bytes, None]) -> None:
        super().__init__(headers=HEADERS)
        del self.headers["content-length"]
        self._pieces = pieces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def write() -> None:
            await send(
                {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
            )
            async with aclosing(self._pieces) as pieces:
                async for piece in pieces:
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})

        await _while_there(receive, write)


async def while_there(request: Request, work: Callable[[], Awaitable[T]]) -> T | None:
    """What `work` gives; None where the client went away before, and `work` was cancelled.

    Args:
        request: A request whose body has been read.
        work: Does what it asks for.
    """
    return await _while_there(request.receive, work)


async def _while_there(receive: Receive, work: Callable[[], Awaitable[T]]) -> T | None:
    done: T | None = None
    failure: Exception | None = None
    try:
        async with asyncio.TaskGroup() as group:
            watching = group.create_task(_leave(receive))
            try:
                done = await work()
            except Exception as error:
                # Out of the group, which would wrap it.
                failure = error
            finally:
                watching.cancel()
    except* _Left:
        pass
    if failure:
        raise failure
    return done


async def _leave(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    raise _Left
