"""A live socket as the guard hands it on: it can be closed from outside, and is refused in words."""

from __future__ import annotations

import json

from starlette.responses import JSONResponse
from starlette.types import Message, Receive, Scope, Send

from .errors import ApiError, error_body

PROTOCOL = "realtime"
_POLICY, _LATER = 1008, 1013


class Link:
    """`send`, which a stop of the server closes.

    Args:
        send: The server's.
        protocol: What is agreed on where the application names no protocol.

    Attributes:
        status: Of HTTP: 101 once it is accepted, else that of the refusal.
    """

    __slots__ = ("_closed", "_protocol", "_send", "status")

    def __init__(self, send: Send, protocol: str | None) -> None:
        self._send = send
        self._protocol = protocol
        self._closed = False
        self.status = 403

    async def __call__(self, message: Message) -> None:
        if self._closed:
            raise OSError("the socket is closed")
        kind = message["type"]
        if kind == "websocket.accept":
            self.status = 101
            if not message.get("subprotocol"):
                message["subprotocol"] = self._protocol
        elif kind == "websocket.close":
            self._closed = True
        elif kind == "websocket.http.response.start":
            self.status = message["status"]
        await self._send(message)

    async def close(self, code: int, reason: str) -> None:
        """Close it, if it is open. The application's `receive` then tells of a disconnect."""
        if not self._closed:
            self._closed = True
            await self._send({"type": "websocket.close", "code": code, "reason": reason})


def protocol_among(scope: Scope) -> str | None:
    """What to agree on: browsers fail where they offered protocols and none comes back."""
    return PROTOCOL if PROTOCOL in (scope.get("subprotocols") or ()) else None


async def refuse(error: ApiError, scope: Scope, receive: Receive, send: Send, *, in_words: bool) -> None:
    """Turn a socket away.

    Args:
        error: Why.
        in_words: Accept it, send the reason as an event and close: a page in a browser is not told the status
            of an answer that is no socket.
    """
    if not in_words:
        if "websocket.http.response" in scope.get("extensions", {}):
            await JSONResponse(error.body, error.status, error.headers)(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": _POLICY, "reason": error.code or ""})
        return
    body = error_body(error.message, status=error.status, code=error.code)
    event = {"type": "error", "event_id": "event_refused", "error": {**body, "event_id": None}}
    await send({"type": "websocket.accept", "subprotocol": protocol_among(scope)})
    await send({"type": "websocket.send", "text": json.dumps(event)})
    later = error.status in (429, 503)
    await send({"type": "websocket.close", "code": _LATER if later else _POLICY, "reason": error.code or ""})
