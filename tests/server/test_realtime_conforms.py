"""Our own server is held against the conformance suite for realtime servers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, MutableMapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette

from omni_agent.models.base import Request
from omni_agent.server.realtime import Realtime
from omni_agent.server.running import running
from omni_agent.testing import ScriptedActivity, Step, in_virtual_time, said
from omni_agent.testing.realtime_conformance import Closed, Dial, Wire, check_server
from tests.server.realtime.serving import serving

_NUMBERS = " ".join(f"number {count}," for count in range(60))


def brain(request: Request) -> Step:
    """Answers what the suite asks: it calls where a call is due, and counts long where it is to count."""
    last = request.messages[-1]
    if "Count" in last.text:
        return Step(says=_NUMBERS, pace=0.2)
    if request.tools and last.role != "tool" and "weather" in last.text:
        return Step(calls={request.tools[0].name: {"city": "Paris"}})
    return Step(says="Hello there, how are you today?", pace=0.02)


class InProcess:
    """A wire to an ASGI application in this loop."""

    def __init__(self, app: Starlette, offered: Sequence[str]) -> None:
        self._inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._frames: asyncio.Queue[MutableMapping[str, Any]] = asyncio.Queue()
        self._app = app
        self._scope = {
            "type": "websocket",
            "path": "/v1/realtime",
            "raw_path": b"/v1/realtime",
            "query_string": b"model=test",
            "headers": [(b"host", b"127.0.0.1")],
            "subprotocols": list(offered),
            "scheme": "ws",
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
            "state": {},
            "extensions": {},
        }
        self.subprotocol: str | None = None

    async def open(self) -> None:
        self._running = asyncio.create_task(self._app(self._scope, self._inbox.get, self._frames.put))
        await self._inbox.put({"type": "websocket.connect"})
        accepted = await self._frames.get()
        assert accepted["type"] == "websocket.accept"
        self.subprotocol = accepted.get("subprotocol")

    async def send(self, text: str) -> None:
        await self._inbox.put({"type": "websocket.receive", "text": text})

    async def receive(self) -> str | bytes:
        message = await self._frames.get()
        if message["type"] == "websocket.close":
            raise Closed(message["code"], message.get("reason") or "")
        frame: str | bytes = message["text"] if message.get("text") is not None else message["bytes"]
        return frame

    async def close(self) -> None:
        await self._inbox.put({"type": "websocket.disconnect", "code": 1000, "reason": ""})
        await self._running


def dial(app: Starlette) -> Dial:
    async def opened(offered: Sequence[str]) -> Wire:
        wire = InProcess(app, offered)
        await wire.open()
        return wire

    return opened


@asynccontextmanager
async def conforming() -> AsyncIterator[Dial]:
    async with serving(otherwise=brain) as served:
        yield dial(served.app)


@in_virtual_time
async def test_it_does_all_that_is_required(tmp_path: Path) -> None:
    voice = tmp_path / "voice.wav"
    said("please set a timer for ten minutes", rate=24_000).save(voice)
    async with conforming() as opened:
        report = await check_server(dial=opened, spoken=voice)
    assert [str(finding) for finding in report if finding.outcome != "ok"] == []


@pytest.mark.anyio
async def test_it_does_so_over_a_socket() -> None:
    # What is spoken takes as long as speech does: here is the rest of it.
    written = ["transport.subprotocol", "session.created", "session.merge", "session.clear", "items.retrieve"]
    written += ["items.delete", "items.image", "response.metadata", "response.speaks", "truncate", "call"]
    written += ["error.event_id", "error.survives"]
    async with serving(otherwise=brain) as served:
        part = Realtime(served.hosting, activity=ScriptedActivity, turn_end=served.turn_end)
        async with running(served.hosting, further=part.routes) as url:
            report = await check_server(f"{url}/v1", only=written, quiet=0.1)
    assert [str(finding) for finding in report if finding.outcome != "ok"] == []
