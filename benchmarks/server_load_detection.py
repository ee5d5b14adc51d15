"""After how many frames of silence our server can know that a turn is over: a matter of the sound alone.

Turns are told by windows of 32 ms, and a frame is 20 ms, so it depends on where in a window the silence
begins. It is counted in virtual time, in which nothing that is computed takes any; from the fewest frames the
delays are counted.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

from omni_agent import Agent
from omni_agent.server import Hosting, create_app
from omni_agent.server.realtime import Realtime as Part
from omni_agent.testing import LoopClock, ScriptedActivity, ScriptedTurnEnd, run_virtually

from .server_load_client import FRAME_S, SPEECH_FRAMES, Realtime
from .server_load_server import scripted

# Frames of 20 ms and windows of 32 ms meet again after eight frames.
_PHASES = 8


def frames_of_silence() -> int:
    """The fewest that end a turn, of all places in a window where it may begin."""
    return min(run_virtually(_count(phase)) for phase in range(_PHASES))


async def _count(phase: int) -> int:
    clock = LoopClock()
    agent = Agent(name="load", model=scripted(), memory=None, learns=False, clock=clock)
    hosting = Hosting({"load": agent}, clock=clock)
    part = Part(hosting, activity=ScriptedActivity, turn_end=ScriptedTurnEnd())
    async with agent, asyncio.TaskGroup() as group:
        wire = _Wire(create_app(hosting, part.routes))
        serving = group.create_task(wire.serve())
        dialect = Realtime(set())
        for text in dialect.hello:
            wire.send(text)
        for frame in (*(dialect.quiet,) * phase, *(dialect.loud,) * SPEECH_FRAMES):
            wire.send(frame)
            await asyncio.sleep(FRAME_S)
        count = 0
        while "input_audio_buffer.speech_stopped" not in wire.kinds:
            wire.send(dialect.quiet)
            await asyncio.sleep(FRAME_S)
            count += 1
        wire.leave()
        await serving
    return count


class _Wire:
    """A socket to an application in this loop."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._inbox.put_nowait({"type": "websocket.connect"})
        self.kinds: set[str] = set()

    async def serve(self) -> None:
        scope = {
            "type": "websocket",
            "path": "/v1/realtime",
            "raw_path": b"/v1/realtime",
            "query_string": b"",
            "headers": [(b"host", b"127.0.0.1")],
            "subprotocols": [],
            "scheme": "ws",
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
            "state": {},
            "extensions": {},
        }
        await self._app(scope, self._inbox.get, self._take)

    def send(self, text: str) -> None:
        self._inbox.put_nowait({"type": "websocket.receive", "text": text})

    def leave(self) -> None:
        self._inbox.put_nowait({"type": "websocket.disconnect", "code": 1000, "reason": ""})

    async def _take(self, message: dict[str, Any]) -> None:
        if message.get("text"):
            self.kinds.add(json.loads(message["text"])["type"])
