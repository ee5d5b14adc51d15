"""What both fake services have in common: a real WebSocket server on loopback, its log, and its faults."""

from __future__ import annotations

import asyncio
import base64
import json
from collections import deque
from http import HTTPStatus
from types import TracebackType
from typing import Any, Literal, Self

import numpy as np
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from tests.models.realtime.brain import Mind, Thought, sound

Event = dict[str, Any]
Fault = Literal[
    "close", "close first", "garbage", "stall", "silent", "error", "wrong order", "foreign", "empty audio",
    "odd bytes", "malformed call", "unknown call", "failed", "busy", "expired", "late", "no frame",
    "empty", "torn base64", "transcript at end", "call at end", "filtered",
]  # fmt: skip


class Service:
    """A service; each connection is a `Talk`.

    Attributes:
        mind: What it answers.
        talks: All connections so far.
        faults: One for each answer to come; empty for none.
        refuses: HTTP status with which connections are refused.
        pace: Seconds from word to word.
        begins_itself: It answers a tool's result before it is asked to.
        echoes: It gives a response's metadata back.
        between: Events that come in the middle of the next answer.
        times: When pictures came, by the loop's time.
        asked: Set when an answer is asked for.
        begun: Set when a response was created.
        stopped: Set for every response that was cancelled.
        wrong: What its own events, or the client's, were found not to be as documented.
    """

    talk: type[Talk]

    def __init__(self) -> None:
        self.mind = Mind()
        self.talks: list[Talk] = []
        self.faults: deque[Fault | None] = deque()
        self.refuses: list[int] = []
        self.greets: Event | None = None
        self.pace = 0.0005
        self.begins_itself = False
        self.echoes = True
        self.between: list[Event] = []
        self.times: list[float] = []
        self.asked = asyncio.Event()
        self.begun = asyncio.Event()
        self.stopped = asyncio.Event()
        self.wrong: list[Exception] = []
        self._server: Server | None = None

    @property
    def url(self) -> str:
        assert self._server is not None
        host, port = next(iter(self._server.sockets)).getsockname()[:2]
        return f"ws://{host}:{port}/realtime"

    @property
    def received(self) -> list[Event]:
        """All events of all clients."""
        return [event for talk in self.talks for event in talk.received]

    def of(self, kind: str) -> list[Event]:
        return [event for event in self.received if event["type"] == kind]

    async def __aenter__(self) -> Self:
        self._server = await serve(self._serve, "127.0.0.1", 0, process_request=self._look, max_size=None)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        for talk in self.talks:
            talk.stop()
        self._server.close()
        await self._server.wait_closed()
        if kind is None and self.wrong:
            raise self.wrong[0]

    def _look(self, wire: ServerConnection, request: Request) -> Response | None:
        if self.refuses:
            return wire.respond(HTTPStatus(self.refuses.pop(0)), "no")
        return None

    async def _serve(self, wire: ServerConnection) -> None:
        talk = self.talk(self, wire)
        self.talks.append(talk)
        try:
            await talk.serve()
        except ConnectionClosed:
            pass
        except Exception as error:
            self.wrong.append(error)
        finally:
            talk.stop()


class Talk:
    """One connection.

    Attributes:
        received: The client's events.
        sent: Its own.
        items: The conversation, oldest first.
    """

    word = "response.text.delta"
    rate = 16_000
    silence = 0.8

    def __init__(self, service: Service, wire: ServerConnection) -> None:
        self.service = service
        self.wire = wire
        self.received: list[Event] = []
        self.sent: list[Event] = []
        self.items: list[Event] = []
        self.audio = b""
        self.shown: list[str] = []
        self.session: Event = {}
        self.active = ""
        self._answering: asyncio.Task[None] | None = None
        self._count = 0
        self._streamed = self._voiced = 0.0
        self._utterance = ""

    @property
    def request(self) -> Request:
        assert self.wire.request is not None
        return self.wire.request

    async def serve(self) -> None:
        await self.greet()
        async for text in self.wire:
            event = json.loads(text)
            self.received.append(event)
            self.check(event)
            method = getattr(self, "on_" + event["type"].replace(".", "_"), None)
            if method is None:
                await self.complain("invalid_value", f"unknown event {event['type']}", event)
            else:
                await method(event)

    def stop(self) -> None:
        if self._answering:
            self._answering.cancel()

    async def greet(self) -> None:
        raise NotImplementedError

    def check(self, event: Event) -> None:
        """Hold a client's event against what is known of them."""

    async def send(self, kind: str, **fields: Any) -> None:
        self._count += 1
        event = {"event_id": f"event_{self._count}", "type": kind, **fields}
        if kind == "response.created":
            self.service.begun.set()
        self.sent.append(event)
        self.checked(event)
        await self.wire.send(json.dumps(event))

    def checked(self, event: Event) -> None:
        """Hold an event of our own against what is known of them."""

    async def complain(self, code: str, message: str, event: Event | None = None, kind: str = "") -> None:
        name = event.get("event_id") if event else None
        error = {
            "type": kind or "invalid_request_error",
            "code": code,
            "message": message,
            "param": None,
            "event_id": name,
        }
        await self.send("error", error=error)

    def new(self, kind: str) -> str:
        self._count += 1
        return f"{kind}_{self._count}"

    async def on_input_audio_buffer_append(self, event: Event) -> None:
        data = base64.b64decode(event["audio"], validate=True)
        self.audio += data
        if self.detection():
            await self._detect(data)

    def detection(self) -> Event | None:
        """What tells turns, where that is on."""
        raise NotImplementedError

    async def _detect(self, data: bytes) -> None:
        """Tell the turns in what is streamed; a packet is voice, or it is not."""
        began = self._streamed
        self._streamed += len(data) / 2 / self.rate
        if np.abs(np.frombuffer(data, np.int16)).mean() > 500:
            self._voiced = self._streamed
            if not self._utterance:
                self._utterance = self.new("item")
                start = max(0, round(began * 1000) - 300)
                await self.send(
                    "input_audio_buffer.speech_started", audio_start_ms=start, item_id=self._utterance
                )
        elif self._utterance and self._streamed - self._voiced >= self.silence:
            item, self._utterance = self._utterance, ""
            end = round(self._voiced * 1000)
            await self.send("input_audio_buffer.speech_stopped", audio_end_ms=end, item_id=item)
            await self.commit(item)
            if (self.detection() or {}).get("create_response", True):
                self.active = self.new("resp")
                self._answering = asyncio.create_task(self._answered({}, None))

    async def commit(self, item: str) -> None:
        """Make an item of what was appended."""
        raise NotImplementedError

    async def on_input_audio_buffer_clear(self, event: Event) -> None:
        self.audio = b""
        await self.send("input_audio_buffer.cleared")

    async def on_response_create(self, event: Event) -> None:
        self.service.asked.set()
        fault = self.service.faults.popleft() if self.service.faults else None
        if fault == "busy":
            await self.complain(
                "conversation_already_has_active_response", "Conversation already has one", event
            )
            await self.other()
            return
        if self.active:
            await self.complain(
                "invalid_value", "Cannot create response while another response is in progress.", event
            )
            return
        self.active = self.new("resp")
        self._answering = asyncio.create_task(self._answered(event, fault))

    async def on_response_cancel(self, event: Event) -> None:
        raise NotImplementedError

    async def begin_itself(self) -> None:
        if self.service.begins_itself and not self.active:
            self.active = self.new("resp")
            self.service.begun.clear()
            self._answering = asyncio.create_task(self._answered({}, None))
            await self.service.begun.wait()

    async def other(self) -> None:
        """The end of a response that nobody here asked for."""
        raise NotImplementedError

    async def answer(self, event: Event, thought: Thought, fault: Fault | None) -> None:
        raise NotImplementedError

    def thought(self, event: Event) -> Thought:
        raise NotImplementedError

    async def _answered(self, event: Event, fault: Fault | None) -> None:
        try:
            if fault == "silent":
                return
            if fault == "close first":
                await self.wire.close(1001, "Your session hit the maximum duration of 60 minutes.")
                return
            if fault == "expired":
                await self.complain("session_expired", "Your session is over", event)
                return
            if fault == "error":
                await self.complain(
                    "server_error", "The server had an error: sk-secret-123456", kind="server_error"
                )
                return
            await self.answer(event, self.thought(event), fault)
        except ConnectionClosed:
            pass
        except Exception as error:
            self.service.wrong.append(error)
            self.wire.transport.abort()

    async def interrupt(self, fault: Fault | None) -> bool:
        """A fault in the middle of the words; whether the answer ends with it."""
        while self.service.between:
            await self.wire.send(json.dumps(self.service.between.pop(0)))
        match fault:
            case "close":
                self.wire.transport.abort()
            case "garbage":
                await self.wire.send('{"type": "response.audio.delta", ')
            case "no frame":
                await self.wire.send("[1, 2]")
            case "stall":
                await asyncio.Event().wait()
            case "foreign":
                place = {"item_id": "x", "output_index": 0, "content_index": 0}
                await self.send(self.word, response_id="resp_nobody", **place, delta="boo")
            case _:
                return False
        return True

    def speech(self, words: int, fault: Fault | None) -> list[str]:
        """So many words as audio deltas."""
        data = sound(words)
        if fault == "empty audio":
            return []
        if fault == "odd bytes":
            return [base64.b64encode(part).decode() for part in (data[:301], data[301:304], data[304:])]
        if fault == "torn base64":
            text = base64.b64encode(data).decode()
            return [text[:5], text[5:7], text[7:]]
        return [base64.b64encode(data).decode()]
