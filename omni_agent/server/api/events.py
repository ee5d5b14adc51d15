"""What happens under a key, as it happens: server-sent events.

Source of the format: WHATWG HTML, "Server-sent events", <https://html.spec.whatwg.org/multipage/server-sent-events.html>.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator

from pydantic import Field
from starlette.requests import Request

from ...events import to_json
from ..caller import Caller, caller_of
from ..hosting import Hosting
from ..streaming import EVENT_STREAM, Streamed
from .described import described
from .reading import query_of
from .traces import Where
from .watching import Follower, Seen

HEARTBEAT = 15.0
"""Seconds of silence after which a comment is sent, so that whatever lies between keeps the line."""

_RETRY = b"retry: 2000\n\n"


class EventsQuery(Where):
    """What is wanted to be told."""

    after: str = Field(
        "", max_length=64, description="As `Last-Event-ID`, for those who cannot send headers."
    )


@described("Follow what happens", tag="Watching", query=EventsQuery, others=(EVENT_STREAM,))
async def events(request: Request) -> Streamed:
    """Events of the turns under this key, as they happen, each with its `id`.

    With `Last-Event-ID` what came since is told first; `event: missed` says that there was more than is kept.
    """
    query = query_of(request, EventsQuery)
    hosting: Hosting = request.app.state.hosting
    after = request.headers.get("last-event-id", "") or query.after
    return Streamed(_told(hosting, caller_of(request), query, after), media_type=EVENT_STREAM)


async def _told(
    hosting: Hosting, caller: Caller, query: EventsQuery, after: str
) -> AsyncGenerator[bytes, None]:
    with hosting.watching.following(caller, after) as follower:
        yield _RETRY
        while not hosting.at_work.stopping.is_set():
            new = await _next(follower, hosting.at_work.stopping)
            if follower.missed:
                yield b"event: missed\ndata: {}\n\n"
            told = b"".join(_line(seen, follower) for seen in new if query.meets(seen.place))
            if told or not new:
                yield told or b": nothing new\n\n"


async def _next(follower: Follower, stopping: asyncio.Event) -> list[Seen]:
    """What is new; nothing after a while, and at once when the server stops."""
    news, stop = asyncio.ensure_future(follower.next()), asyncio.ensure_future(stopping.wait())
    try:
        await asyncio.wait((news, stop), timeout=HEARTBEAT, return_when=asyncio.FIRST_COMPLETED)
        return news.result() if news.done() else []
    finally:
        news.cancel()
        stop.cancel()
        await asyncio.gather(news, stop, return_exceptions=True)


def _line(seen: Seen, follower: Follower) -> bytes:
    about = {
        "agent": seen.place.agent,
        "user": seen.place.user,
        "session": seen.place.session,
        "turn": seen.turn,
        "at": seen.at.isoformat(),
        "event": to_json(seen.event),
    }
    data = json.dumps(about, ensure_ascii=False, separators=(",", ":"))
    return f"id: {follower.id(seen)}\nevent: {seen.event.type}\ndata: {data}\n\n".encode("utf-8", "replace")
