"""What the tests of this folder share: requests, a model on a fake server, and what came of a request."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from omni_agent.events import Usage
from omni_agent.messages import Message, Text, ToolCall, ToolSpec
from omni_agent.models.base import Done, ModelEvent, Request, SpeechDelta, TextDelta
from omni_agent.models.http.address import Address
from omni_agent.models.http.connection import Limits
from omni_agent.models.http.model import HttpModel, Manner
from tests.models.http.server import Reply, Server, serving
from tests.models.http.wires import WIRES, Wire

T = TypeVar("T")
NAMES = sorted(WIRES)
SPEAKING = [name for name in NAMES if WIRES[name].spoken]
SPEC = ToolSpec(
    "set_timer",
    "Start a countdown timer.",
    {
        "type": "object",
        "properties": {"minutes": {"type": "number"}, "name": {"type": "string"}},
        "required": ["minutes"],
    },
)
OTHER = ToolSpec("look", "Look at something.", {"type": "object", "properties": {}})
QUICK = Limits(connect=5, first=5, between=5, tail=0.2, pause=0.001)
PCM = b"".join(value.to_bytes(2, "little", signed=True) for value in range(-2400, 2400))


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a test's program."""
    return asyncio.run(asyncio.wait_for(main, 60))


def user(text: str) -> Message:
    return Message("user", (Text(text),))


def ask(text: str = "hi", **fields: Any) -> Request:
    return Request("You are Ada.", (user(text),), **fields)


@dataclass(frozen=True)
class Came:
    """What a request gave."""

    events: list[ModelEvent]

    @property
    def text(self) -> str:
        return "".join(event.text for event in self.events if isinstance(event, TextDelta))

    @property
    def pcm(self) -> bytes:
        return b"".join(event.pcm for event in self.events if isinstance(event, SpeechDelta))

    @property
    def rates(self) -> set[int]:
        return {event.sample_rate for event in self.events if isinstance(event, SpeechDelta)}

    @property
    def calls(self) -> list[tuple[str, dict[str, Any]]]:
        return [(event.name, event.arguments) for event in self.events if isinstance(event, ToolCall)]

    @property
    def usage(self) -> Usage:
        (found,) = [event for event in self.events if isinstance(event, Usage)]
        return found

    @property
    def reason(self) -> str:
        assert isinstance(self.events[-1], Done)
        return self.events[-1].reason


async def answer(model: HttpModel, request: Request) -> Came:
    return Came([event async for event in model.stream(request)])


@asynccontextmanager
async def asking(
    wire: Wire | str,
    *replies: Reply,
    key: str = "secret-key",
    model: str = "m",
    limits: Limits = QUICK,
    manner: Manner | None = None,
    refusing: bool = True,
    **able: Any,
) -> AsyncIterator[tuple[HttpModel, Server]]:
    """A model on a server that gives these replies; `able` are other capabilities than the dialect's."""
    wire = WIRES[wire] if isinstance(wire, str) else wire
    server = Server(*replies, models=wire.served(), check=wire.check if refusing else lambda body: "")
    dialect = replace(wire.dialect, capabilities=replace(wire.dialect.capabilities, **able))
    async with serving(server):
        address = Address.parse(f"{server.url}#{model}", dialect.path)
        made = HttpModel(dialect, address, key=key, limits=limits, manner=manner)
        try:
            yield made, server
        finally:
            await made.close()
