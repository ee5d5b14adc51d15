"""A client of the realtime protocol in the same loop: no socket between, every event checked."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable
from functools import cache
from types import TracebackType
from typing import Any, Self

from openai.types.realtime import RealtimeServerEvent
from pydantic import TypeAdapter
from starlette.applications import Starlette

from omni_agent.messages import JsonObject
from omni_agent.speech.pcm import Pcm
from tests.server.realtime.invariants import Invariants

FRAME = 0.02


@cache
def _server_event() -> TypeAdapter[Any]:
    return TypeAdapter(RealtimeServerEvent)


class Client:
    """Connects when it is entered; `events` are all that came.

    Args:
        app: The server.
        query: Of the address.
        path: Of the address.
        headers: Beside `Host`.
        reads: It takes what is sent; else it is a client that has stopped reading.
    """

    def __init__(
        self,
        app: Starlette,
        query: str = "model=test",
        *,
        path: str = "/v1/realtime",
        headers: dict[str, str] | None = None,
        subprotocols: tuple[str, ...] = (),
        reads: bool = True,
    ) -> None:
        named = {"host": "127.0.0.1", **(headers or {})}
        self._scope = {
            "type": "websocket",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in named.items()],
            "subprotocols": list(subprotocols),
            "scheme": "ws",
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
            "state": {},
            "extensions": {},
        }
        self._app = app
        self._inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._news = asyncio.Event()
        self._read = 0
        self._reading = asyncio.Event()
        if reads:
            self._reading.set()
        self.events: list[JsonObject] = []
        self.invariants = Invariants()
        self.accepted: str | bool | None = False
        self.closed: tuple[int, str] | None = None

    async def __aenter__(self) -> Self:
        await self._inbox.put({"type": "websocket.connect"})
        self._running = asyncio.create_task(self._app(self._scope, self._inbox.get, self._take))
        self._running.add_done_callback(lambda _: self._news.set())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.leave()
        if kind is None:
            self.invariants.finish()

    async def leave(self) -> None:
        """Go, and wait until the server is done with it."""
        self._reading.set()
        await self._inbox.put({"type": "websocket.disconnect", "code": 1000, "reason": ""})
        await self._running

    def send(self, kind: str, **fields: Any) -> None:
        """An event."""
        event = {"type": kind, **fields}
        self.invariants.sent(event)
        self.send_text(json.dumps(event))

    def send_text(self, frame: str) -> None:
        """A frame, whatever is in it."""
        self._inbox.put_nowait({"type": "websocket.receive", "text": frame})

    def say(self, text: str, *, item_id: str | None = None) -> None:
        """Words of the user's, as an item."""
        named = {"id": item_id} if item_id else {}
        content = [{"type": "input_text", "text": text}]
        self.send(
            "conversation.item.create", item={**named, "type": "message", "role": "user", "content": content}
        )

    def ask(self, text: str) -> None:
        """Words that are to be answered."""
        self.say(text)
        self.send("response.create")

    def speak(self, pcm: Pcm, silence: float = 0.0) -> None:
        """Sound, all at once, in frames as a microphone makes them."""
        for audio in frames(pcm, silence):
            self.send("input_audio_buffer.append", audio=audio)

    async def speak_live(self, pcm: Pcm, silence: float = 0.0) -> None:
        """Sound, as fast as it is spoken."""
        for audio in frames(pcm, silence):
            self.send("input_audio_buffer.append", audio=audio)
            await asyncio.sleep(FRAME)

    async def until(
        self, kind: str | Callable[[JsonObject], bool], seconds: float = 60.0
    ) -> list[JsonObject]:
        """The events that were not read yet, up to the first of this kind."""
        async with asyncio.timeout(seconds):
            got: list[JsonObject] = []
            while True:
                while self._read < len(self.events):
                    event = self.events[self._read]
                    self._read += 1
                    got.append(event)
                    if event["type"] == kind if isinstance(kind, str) else kind(event):
                        return got
                if self._running.done():
                    raise AssertionError(f"closed with {self.closed}, before {kind}: {kinds(got)}")
                self._news.clear()
                await self._news.wait()

    async def one(self, kind: str, seconds: float = 60.0) -> JsonObject:
        """The next event of this kind."""
        return (await self.until(kind, seconds))[-1]

    async def answer(self, seconds: float = 60.0) -> JsonObject:
        """The response that ends next."""
        response: JsonObject = (await self.one("response.done", seconds))["response"]
        return response

    async def gone(self) -> tuple[int, str]:
        """How the server closed."""
        await self._running
        assert self.closed
        return self.closed

    def of(self, kind: str) -> list[JsonObject]:
        """All events of this kind."""
        return [event for event in self.events if event["type"] == kind]

    def stop_reading(self) -> None:
        self._reading.clear()

    def read_on(self) -> None:
        self._reading.set()

    async def _take(self, message: Any) -> None:
        if message["type"] == "websocket.accept":
            self.accepted = message.get("subprotocol")
        elif message["type"] == "websocket.close":
            self.closed = (message["code"], message.get("reason", ""))
        else:
            await self._reading.wait()
            assert len(message["text"].encode()) < 1 << 20
            event = json.loads(message["text"])
            _server_event().validate_python(event)
            self.invariants.received(event)
            self.events.append(event)
        self._news.set()


def frames(pcm: Pcm, silence: float = 0.0) -> list[str]:
    """A sound and silence after it, at 24 kHz, 20 ms each, in base64."""
    whole = Pcm.joined([pcm, Pcm.silence(silence, 24_000)], 24_000).to_int16()
    step = round(FRAME * 24_000) * 2
    return [base64.b64encode(whole[at : at + step]).decode() for at in range(0, len(whole), step)]


def kinds(events: list[JsonObject]) -> list[str]:
    """Their types, repeated ones once."""
    found = [event["type"] for event in events]
    return [kind for place, kind in enumerate(found) if not place or found[place - 1] != kind]


def spoken(events: list[JsonObject]) -> Pcm:
    """The speech in them."""
    data = b"".join(
        base64.b64decode(e["delta"]) for e in events if e["type"] == "response.output_audio.delta"
    )
    return Pcm.from_int16(data, 24_000)


def transcript(response: JsonObject) -> str:
    """The words of a response."""
    parts = (part for item in response["output"] for part in item.get("content", ()))
    return " ".join(part.get("transcript", part.get("text")) for part in parts)
