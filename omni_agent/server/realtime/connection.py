"""The socket of a session: one task reads, one writes, and whichever way it ends, it is closed once and joined."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import TYPE_CHECKING, Any

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from .outbox import Outbox, Overflow
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
        reading = asyncio.create_task(self._read(session, given))
        tasks = {writing, limit, reading}
        code, reason = NORMAL, ""
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            code, reason = self._ending(writing, limit, reading)
        finally:
            limit.cancel()
            reading.cancel()
            await asyncio.wait({limit, reading})
            await session.close()
            self.outbox.close()
            await asyncio.wait({writing}, timeout=LAST_FRAMES)
            writing.cancel()
            await asyncio.wait({writing})
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
            if (audio := _appended(frame)) is not None:
                session.append(audio)
                return
            event = parse(frame)
            event_id = event.event_id
            await session.handle(event)
        except Refusal as refusal:
            refusal.event_id = refusal.event_id or event_id
            self.outbox.put(refusal.event)
        except (Overflow, asyncio.CancelledError):
            raise
        except Exception:
            log.exception("an event of a realtime client failed")
            defect = Refusal("this is a defect; the server's log holds the details", "internal_error", kind=SERVER)
            defect.event_id = event_id
            self.outbox.put(defect.event)

    async def _time_is_up(self) -> None:
        await self._clock.sleep(self._seconds)
        minutes = self._seconds / 60
        self.outbox.put(
            Refusal(
                f"Your session hit the maximum duration of {minutes:g} minutes.", "session_expired"
            ).event
        )

    def _ending(
        self, writing: asyncio.Task[None], limit: asyncio.Task[None], reading: asyncio.Task[None]
    ) -> tuple[int, str]:
        """With which code it is closed."""
        if limit.done() and not limit.cancelled():
            return GOING_AWAY, "session_expired"
        if writing.done():
            # The socket broke: there is nobody to tell.
            return FAULT, ""
        error = None if reading.cancelled() else reading.exception()
        if isinstance(error, Overflow):
            return POLICY, "the client does not read what it is sent"
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


def _appended(frame: str | bytes) -> str | None:
    """The sound in a well-formed append; None for anything else.

    These come fifty times a second from every client, and are read without ceremony.
    """
    # The base64 itself cannot hold these characters.
    head = frame[:96]
    if isinstance(head, bytes) or _APPEND not in head + frame[-96:]:
        return None
    try:
        event = json.loads(frame)
    except (ValueError, RecursionError):
        return None
    if not isinstance(event, dict) or event.get("type") != _APPEND:
        return None
    audio = event.get("audio")
    return audio if isinstance(audio, str) and "event_id" not in event else None
