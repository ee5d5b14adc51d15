"""The socket of a session: one task reads, one writes; however it ends, it is closed once, all joined."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import TYPE_CHECKING, Any

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from .outbox import Outbox
from .protocol import SERVER, Refusal, parse
from .session import RealtimeSession

if TYPE_CHECKING:
    from ...clock import Clock

log = logging.getLogger(__name__)

NORMAL, GOING_AWAY, POLICY, FAULT, LATER = 1000, 1001, 1008, 1011, 1013
LAST_FRAMES = 5.0
"""Seconds in which a client must take what is still to be sent when the session ends."""

_APPEND = "input_audio_buffer.append"


class Connection:
    """A client's socket, accepted.

    Args:
        websocket: It.
        name: Of the session: events are numbered under it.
        clock: Tells when its time is up.
        seconds: How long it may last.
    """

    def __init__(self, websocket: WebSocket, name: str, clock: Clock, seconds: float) -> None:
        self._websocket = websocket
        self._clock = clock
        self._seconds = seconds
        self.outbox = Outbox(self._send, name)

    async def run(self, session: RealtimeSession, given: dict[str, Any] | None) -> None:
        """Serve the session until the client leaves, its time is up or something breaks."""
        writing = asyncio.create_task(self.outbox.run())
        limit = asyncio.create_task(self._time_is_up())
        flooded = asyncio.create_task(self.outbox.overflow.wait())
        reading = asyncio.create_task(self._read(session, given))
        watched: set[asyncio.Task[Any]] = {limit, flooded, reading}
        code, reason = FAULT, ""
        try:
            await asyncio.wait({writing, *watched}, return_when=asyncio.FIRST_COMPLETED)
            if flooded.done():
                code, reason = POLICY, "the client does not read what it is sent"
            elif limit.done():
                code, reason = GOING_AWAY, "session_expired"
            elif reading.done():
                code, reason = self._left(reading)
        finally:
            await _ended(watched)
            await session.close()
            self.outbox.close()
            await asyncio.wait({writing}, timeout=LAST_FRAMES)
            await _ended({writing})
            await self._close(code, reason)

    async def _read(self, session: RealtimeSession, given: dict[str, Any] | None) -> None:
        await session.open(given)
        while True:
            message = await self._websocket.receive()
            if message["type"] == "websocket.disconnect":
                return
            await self._take(session, message.get("text") or message.get("bytes") or "")
            await self.outbox.room()

    async def _take(self, session: RealtimeSession, frame: str | bytes) -> None:
        event_id: str | None = None
        try:
            if appended := _appended(frame):
                audio, event_id = appended
                session.append(audio)
                return
            event = parse(frame)
            event_id = event.event_id
            await session.handle(event)
        except Refusal as refusal:
            refusal.event_id = refusal.event_id or event_id
            self.outbox.put(refusal.event)
        except Exception:
            log.exception("an event of a realtime client failed")
            defect = Refusal(
                "this is a defect; the server's log holds the details", "internal_error", kind=SERVER
            )
            defect.event_id = event_id
            self.outbox.put(defect.event)

    async def _time_is_up(self) -> None:
        await self._clock.sleep(self._seconds)
        minutes = self._seconds / 60
        self.outbox.put(
            Refusal(f"Your session hit the maximum duration of {minutes:g} minutes.", "session_expired").event
        )

    def _left(self, reading: asyncio.Task[None]) -> tuple[int, str]:
        """With which code it is closed when nothing more is read."""
        error = None if reading.cancelled() else reading.exception()
        if isinstance(error, Refusal):
            self.outbox.put(error.event)
            return LATER, error.code
        if error is not None:
            log.error("a realtime session failed", exc_info=error)
            return FAULT, "internal_error"
        return NORMAL, ""

    async def _send(self, frame: str) -> None:
        await self._websocket.send({"type": "websocket.send", "text": frame})

    async def _close(self, code: int, reason: str) -> None:
        states = (self._websocket.client_state, self._websocket.application_state)
        if WebSocketState.DISCONNECTED in states:
            return
        try:
            await self._websocket.close(code, reason)
        except (RuntimeError, OSError, WebSocketDisconnect):
            log.debug("the client was gone already")


async def _ended(tasks: set[asyncio.Task[Any]]) -> None:
    """End them, and take note of how they did: a socket that broke is no surprise."""
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    for task in tasks:
        if not task.cancelled():
            task.exception()


def _appended(frame: str | bytes) -> tuple[str, str | None] | None:
    """The sound in a well-formed append, and the event's id; None for anything else.

    These come fifty times a second from every client, and are read without ceremony.
    """
    if isinstance(frame, bytes) or (_APPEND not in frame[:96] and _APPEND not in frame[-96:]):
        return None
    try:
        event = json.loads(frame)
    except (ValueError, RecursionError):
        return None
    if not isinstance(event, dict) or event.get("type") != _APPEND:
        return None
    audio, event_id = event.get("audio"), event.get("event_id")
    if not isinstance(audio, str) or not isinstance(event_id, str | None):
        return None
    return audio, event_id
