"""Whatever a client sends over the socket: no hang, no traceback, and the next client is served."""

from __future__ import annotations

import asyncio
import json
import logging
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omni_agent import Agent
from omni_agent.server import Hosting
from omni_agent.server.running import running
from omni_agent.testing import ScriptedModel, Step, run_virtually
from tests.server.realtime.serving import serving

_PATIENCE = 60.0
# uvicorn's own tells of text that is no UTF-8, with a traceback.
_LOGGERS = ("omni_agent", "asyncio")
_EVENTS = (
    "session.update",
    "input_audio_buffer.append",
    "input_audio_buffer.commit",
    "input_audio_buffer.clear",
    "output_audio_buffer.clear",
    "conversation.item.create",
    "conversation.item.retrieve",
    "conversation.item.truncate",
    "conversation.item.delete",
    "response.create",
    "response.cancel",
)
_NAMES = (
    "session", "item", "response", "audio", "item_id", "previous_item_id", "content_index",
    "audio_end_ms", "type", "role", "content", "text", "id", "call_id", "name", "arguments", "output",
    "tools", "tool_choice", "instructions", "input", "format", "turn_detection", "transcription",
    "voice", "metadata", "conversation", "output_modalities", "max_output_tokens", "rate", "event_id",
    "image_url", "parameters", "model",
)  # fmt: skip
_WORDS = (
    "", "data:image/png;base64,AAAA", "realtime", "transcription", "audio/pcm", "audio/pcmu",
    "server_vad", "semantic_vad", "message", "user", "assistant", "system", "function_call",
    "function_call_output", "input_text", "input_audio", "input_image", "output_text", "auto", "none",
    "required", "function", "root", "inf", "AAAA",
)  # fmt: skip

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=True)
    | st.text(max_size=20)
    | st.sampled_from(_WORDS)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(_NAMES) | st.text(max_size=8), inner, max_size=6)
    ),
    max_leaves=25,
)
EVENTS = st.builds(
    lambda kind, fields: json.dumps({**fields, "type": kind}),
    st.sampled_from(_EVENTS),
    st.dictionaries(st.sampled_from(_NAMES), VALUES, max_size=5),
)
ODD = st.sampled_from(
    [
        *("", "null", "[]", "1", '"text"', "{", '{"type": null}', '{"type": {}}', "NaN", "\x00", "\ud7ff"),
        "[" * 20_000,
        '{"a":' * 20_000,
        '{"type": "session.update", "session": ' + "[" * 5_000 + "]" * 5_000 + "}",
        '{"type": "session.update", "session": {"instructions": "' + "x" * 200_000 + '"}}',
        '{"type": "input_audio_buffer.append", "audio": "' + "A" * 100_001 + '"}',
        '{"type": "response.create", "response": {"max_output_tokens": 1e999}}',
        '{"type": "conversation.item.truncate", "item_id": "x", "audio_end_ms": ' + "9" * 5_000 + "}",
        json.dumps({"type": "session.update", "session": {"instructions": "\ud800"}}),
    ]
)
FRAMES = st.lists(
    EVENTS | VALUES.map(json.dumps) | st.text(max_size=60) | ODD | st.binary(max_size=60), max_size=8
)


class Socket:
    """A socket to the application in this loop. `closed` holds the code with which the server closed it."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._outbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.closed: int | None = None

    async def open(self) -> None:
        scope = {
            "type": "websocket", "path": "/v1/realtime", "raw_path": b"/v1/realtime", "query_string": b"",
            "headers": [(b"host", b"127.0.0.1")], "subprotocols": [], "scheme": "ws",
            "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80), "state": {}, "extensions": {},
        }  # fmt: skip
        self._running = asyncio.create_task(self._app(scope, self._inbox.get, self._take))
        await self._inbox.put({"type": "websocket.connect"})
        assert (await self._outbox.get())["type"] == "websocket.accept"

    async def _take(self, message: dict[str, Any]) -> None:
        # A socket sends UTF-8: what cannot be that breaks it.
        (message.get("text") or "").encode()
        await self._outbox.put(message)

    async def send(self, frame: str | bytes) -> None:
        kind = "bytes" if isinstance(frame, bytes) else "text"
        await self._inbox.put({"type": "websocket.receive", kind: frame})

    async def answered(self) -> bool:
        """Whether it still answers: by an update of the session, or by saying why it goes."""
        await self.send('{"type": "session.update", "session": {"type": "realtime"}, "event_id": "the end"}')
        while True:
            message = await self._outbox.get()
            if message["type"] == "websocket.close":
                self.closed = message["code"]
                return False
            event = json.loads(message["text"])
            error = event.get("error") or {}
            # A session that was made one for transcription does not become another.
            if event["type"] == "session.updated" or error.get("event_id") == "the end":
                return True

    async def leave(self) -> None:
        await self._inbox.put({"type": "websocket.disconnect", "code": 1000, "reason": ""})
        await self._running


async def bombarded(frames: list[str | bytes]) -> None:
    async with serving(otherwise=lambda request: Step(says="Well, well.")) as served:
        asyncio_tasks = len(asyncio.all_tasks())
        async with asyncio.timeout(_PATIENCE):
            for round_of in (frames, []):
                socket = Socket(served.app)
                await socket.open()
                for frame in round_of:
                    await socket.send(frame)
                alive = await socket.answered()
                assert alive or socket.closed in (1003, 1007, 1008, 1009), socket.closed
                assert alive or round_of
                await socket.leave()
        assert len(asyncio.all_tasks()) == asyncio_tasks


@settings(max_examples=40)
@given(frames=FRAMES)
def test_a_session_survives_any_frames(frames: list[str | bytes]) -> None:
    with told() as errors:
        run_virtually(bombarded(frames))
    assert errors == []


class told:  # noqa: N801
    """What the server's log says of defects, while it is entered."""

    def __enter__(self) -> list[str]:
        self._errors: list[str] = []
        self._handler = logging.Handler(logging.ERROR)
        self._handler.emit = lambda record: self._errors.append(record.getMessage())  # type: ignore[method-assign]
        for name in _LOGGERS:
            logging.getLogger(name).addHandler(self._handler)
        return self._errors

    def __exit__(self, *exception: object) -> None:
        for name in _LOGGERS:
            logging.getLogger(name).removeHandler(self._handler)


@asynccontextmanager
async def listening() -> AsyncIterator[tuple[str, int]]:
    agent = Agent(model=ScriptedModel(otherwise=lambda request: Step(says="Yes.")), memory=None)
    async with agent, running(Hosting({"test": agent})) as address:
        host, port = address.removeprefix("http://").split(":")
        yield host, int(port)


async def upgraded(host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A socket past its handshake, below which anything can be written."""
    reader, writer = await asyncio.open_connection(host, port)
    key = "dGhlIHNhbXBsZSBub25jZQ=="
    head = (
        f"GET /v1/realtime HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    )
    writer.write(f"{head}Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode())
    assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
    return reader, writer


def masked(opcode: int, payload: bytes, *, final: bool = True) -> bytes:
    """A frame as a client sends it (RFC 6455, section 5.2); the mask is of zeros."""
    head = bytes([(0x80 if final else 0) | opcode])
    size = len(payload)
    if size < 126:
        return head + bytes([0x80 | size]) + bytes(4) + payload
    if size < 1 << 16:
        return head + bytes([0x80 | 126]) + size.to_bytes(2, "big") + bytes(4) + payload
    return head + bytes([0x80 | 127]) + size.to_bytes(8, "big") + bytes(4) + payload


BROKEN = {
    "random bytes": random.Random(8).randbytes(4096),
    "text that is no UTF-8": masked(1, b"\xff\xfe\x80"),
    "an unmasked frame": b"\x81\x02hi",
    "a reserved opcode": masked(3, b"hello"),
    "a ping that is too long": masked(9, b"x" * 200),
    "a continuation of nothing": masked(0, b"more"),
    "a frame that never ends": masked(1, b"{", final=False),
    "a length of exabytes": b"\x81\xff" + b"\x7f" + b"\xff" * 7 + bytes(4),
    "sixty-four mebibytes": masked(1, b"x" * (64 << 20)),
    "a close with a code of its own": masked(8, (999).to_bytes(2, "big")),
    "binary": masked(2, b"\x00" * 960),
    "half a frame": b"\x81",
}


@pytest.mark.anyio
async def test_broken_frames_end_at_most_their_own_connection() -> None:
    with told() as errors:
        async with asyncio.timeout(_PATIENCE), listening() as (host, port):
            for bytes_sent in BROKEN.values():
                reader, writer = await upgraded(host, port)
                writer.write(bytes_sent)
                with suppress(ConnectionError):
                    writer.write_eof()
                    await reader.read()
                writer.close()
            reader, writer = await upgraded(host, port)
            assert b"session.created" in await reader.readuntil(b"session.created")
            writer.close()
    assert errors == []
