"""An answer that is sent while it is made."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any

from starlette.responses import StreamingResponse
from starlette.types import Send

from ..errors import OmniError
from .errors import ApiError

log = logging.getLogger(__name__)

EVENT_STREAM = "text/event-stream"


class Streamed(StreamingResponse):
    """A body that comes piece by piece, none of them empty.

    It begins with the first piece: what goes wrong before that is answered as any other error. What makes it
    is closed in the task that it runs in, also where the client has left.

    Args:
        pieces: The body.
        media_type: Of the body.
        headers: To send along.
    """

    def __init__(
        self,
        pieces: AsyncGenerator[bytes, None],
        *,
        media_type: str,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        # A proxy that gathers what it passes on would hold up sound and events.
        super().__init__(
            pieces, headers={"X-Accel-Buffering": "no", **(headers or {})}, media_type=media_type
        )
        self._pieces = pieces

    async def stream_response(self, send: Send) -> None:
        """Send head and body."""
        async with aclosing(self._pieces) as pieces:
            piece = await anext(pieces, b"")
            await send(
                {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
            )
            try:
                while piece:
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
                    piece = await anext(pieces, b"")
            except (OmniError, ApiError) as error:
                # The status is sent: only a body that never ends can still tell that it is not whole.
                log.warning("an answer broke off: %s", error)
                return
            await send({"type": "http.response.body", "body": b"", "more_body": False})


def event_line(event: Mapping[str, Any]) -> bytes:
    """One of OpenAI's server-sent events: its `data`, as JSON."""
    data = json.dumps(event, ensure_ascii=False, separators=(",", ":"))
    return f"data: {data}\n\n".encode("utf-8", "replace")
