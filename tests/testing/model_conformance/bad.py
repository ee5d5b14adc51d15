"""Bad models: each breaks one requirement."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from omni_agent.errors import ModelError
from omni_agent.messages import Audio, Image, Message, ToolCall, ToolResult, Video
from omni_agent.models.base import (
    Capabilities,
    Done,
    ModelEvent,
    Request,
    SpeechDelta,
    TextDelta,
    ToolCallDelta,
    Usage,
)
from omni_agent.senses import Senses
from tests.testing.model_conformance.models import BLIND, EVERYTHING, Events, conforming


@dataclass
class Bad:
    """A conforming model with something done to its requests and events."""

    change: Callable[[Bad, Request], Events]
    able: Capabilities = EVERYTHING
    senses: Senses = field(default_factory=Senses)
    seen: int = 0
    closed: bool = False
    latest: asyncio.Event | None = None
    request: Request | None = None

    def __post_init__(self) -> None:
        self.good = conforming(self.able)

    @property
    def capabilities(self) -> Capabilities:
        return self.able

    def stream(self, request: Request) -> Events:
        return self.change(self, request)

    async def prewarm(self, request: Request | None = None) -> None:
        """Nothing to load."""

    async def close(self) -> None:
        self.closed = True


def each(change: Callable[[Request, ModelEvent], list[ModelEvent]]) -> Callable[[], Bad]:
    """A model whose events are changed one by one."""

    async def changed(model: Bad, request: Request) -> Events:
        async with aclosing(model.good.stream(request)) as events:
            async for event in events:
                for given in change(request, event):
                    yield given

    return lambda: Bad(changed)


def asking(change: Callable[[Request], Request]) -> Callable[[], Bad]:
    """A model that takes another request than it was given; the change may raise."""

    async def changed(model: Bad, request: Request) -> Events:
        async with aclosing(model.good.stream(change(request))) as events:
            async for event in events:
                yield event

    return lambda: Bad(changed)


def _at(kind: type, *events: ModelEvent) -> Callable[[Request, ModelEvent], list[ModelEvent]]:
    return lambda request, event: list(events) if isinstance(event, kind) else [event]


async def _counting(model: Bad, request: Request) -> Events:
    model.seen += 1
    yield TextDelta(f"{model.seen}. ")
    async with aclosing(model.good.stream(request)) as events:
        async for event in events:
            yield event


async def _slow_to_close(model: Bad, request: Request) -> Events:
    try:
        async for event in model.good.stream(request):
            yield event
    except GeneratorExit:
        await asyncio.sleep(60)
        raise


def _eager(model: Bad, request: Request) -> Events:
    turn, model.latest = model.latest, asyncio.Event()
    done = model.latest

    async def answer() -> Events:
        if turn:
            await turn.wait()
        try:
            async for event in model.good.stream(request):
                yield event
        finally:
            done.set()

    return answer()


async def _deaf_to_cancel(model: Bad, request: Request) -> Events:
    stream = model.good.stream(request)
    async for event in stream:
        yield event
        try:
            await asyncio.sleep(0.1)
        except asyncio.CancelledError:
            yield TextDelta("No.")


async def _slow_to_cancel(model: Bad, request: Request) -> Events:
    try:
        await asyncio.sleep(0.1)
    except asyncio.CancelledError:
        await asyncio.sleep(60)
        raise
    async with aclosing(model.good.stream(request)) as events:
        async for event in events:
            yield event


async def _forgetful(model: Bad, request: Request) -> Events:
    model.request = request
    await asyncio.sleep(0.1)
    async with aclosing(model.good.stream(model.request)) as events:
        async for event in events:
            yield event


async def _speaks_last(model: Bad, request: Request) -> Events:
    sounds = []
    async with aclosing(model.good.stream(request)) as events:
        async for event in events:
            if isinstance(event, SpeechDelta):
                sounds.append(event)
                continue
            if isinstance(event, Usage):
                for sound in sounds:
                    yield sound
            yield event


async def _speaks_calls(model: Bad, request: Request) -> Events:
    async with aclosing(model.good.stream(request)) as events:
        async for event in events:
            if isinstance(event, ToolCall) and request.speech:
                yield SpeechDelta(b"\x01\x00" * 240, 24_000)
            yield event


async def _once(model: Bad, request: Request) -> Events:
    if model.closed:
        raise ModelError("it is closed", remedy="make another")
    async with aclosing(model.good.stream(request)) as events:
        async for event in events:
            yield event


class _Unwarmed(Bad):
    async def prewarm(self, request: Request | None = None) -> None:
        if request and not request.messages:
            raise IndexError("tuple index out of range")


def _without(kind: type) -> Callable[[Request], Request]:
    def look(request: Request) -> Request:
        if any(isinstance(part, kind) for message in request.messages for part in message.parts):
            raise KeyError(kind.__name__)
        return request

    return look


def _without_background(request: Request) -> Request:
    if request.background:
        raise TypeError("sequence item 0: expected str instance, dict found")
    return request


def _refusing(when: Callable[[tuple[Message, ...]], object]) -> Callable[[Request], Request]:
    def look(request: Request) -> Request:
        if when(request.messages):
            raise ModelError("not this", remedy="something else")
        return request

    return look


def _long(error: Exception) -> Callable[[Request], Request]:
    def look(request: Request) -> Request:
        if len(request.messages[-1].text) > 4000:
            raise error
        return request

    return look


def _open(request: Request) -> Request:
    for message in request.messages:
        for part in message.media:
            if part.ref.endswith("0" * 64):
                raise FileNotFoundError(part.ref)
    return request


def _twice_as_fast(request: Request, event: ModelEvent) -> list[ModelEvent]:
    return [event, replace(event, sample_rate=48_000)] if isinstance(event, SpeechDelta) else [event]


def _more_arguments(request: Request, event: ModelEvent) -> list[ModelEvent]:
    if isinstance(event, ToolCall):
        return [replace(event, arguments={**event.arguments, "volume": 11})]
    return [event]


def _shifted(request: Request, event: ModelEvent) -> list[ModelEvent]:
    return [replace(event, index=event.index + 1)] if isinstance(event, ToolCallDelta) else [event]


def _coded(request: Request, event: ModelEvent) -> list[ModelEvent]:
    if isinstance(event, SpeechDelta):
        return [event, TextDelta(base64.b64encode(event.pcm).decode())]
    return [event]


def _marked(request: Request, event: ModelEvent) -> list[ModelEvent]:
    return [TextDelta('<tool_call>{"na'), event] if isinstance(event, ToolCall) else [event]


def _unfit(request: Request, event: ModelEvent) -> list[ModelEvent]:
    if request.format is None:
        return [event]
    return [TextDelta('{"city": 8010}'), event] if isinstance(event, Done) else []


BAD: dict[str, Callable[[], Bad]] = {
    "capabilities": lambda: replace(asking(lambda r: r)(), able=Capabilities(streams_speech=True)),
    "prewarm": lambda: _Unwarmed(_once),
    "text.words": each(lambda r, event: [] if isinstance(event, TextDelta) else [event]),
    "text.events": each(_at(TextDelta, "Hello", Done("stop"))),  # type: ignore[arg-type]
    "text.markup": each(_marked),
    "text.known": asking(_without_background),
    "end.usage": each(lambda r, event: [event, event] if isinstance(event, Usage) else [event]),
    "end.done": each(lambda r, event: [event, TextDelta("!")] if isinstance(event, Done) else [event]),
    "length": asking(lambda request: replace(request, max_tokens=512)),
    "seed": lambda: Bad(_counting),
    "format": each(_unfit),
    "close": lambda: Bad(_slow_to_close),
    "close.unread": lambda: Bad(_eager),
    "cancel": lambda: Bad(_deaf_to_cancel),
    "cancel.early": lambda: Bad(_slow_to_cancel),
    "together": lambda: Bad(_forgetful),
    "calls.deltas": each(_shifted),
    "calls.arguments": each(_more_arguments),
    "calls.reason": each(_at(Done, Done("stop"))),
    "calls.results": asking(_without(ToolResult)),
    "calls.withheld": asking(lambda request: replace(request, withheld=frozenset())),
    "calls.choice": asking(lambda request: replace(request, tool_choice="")),
    "calls.offered": each(
        lambda r, event: [ToolCall("c", "set_timer"), event] if isinstance(event, Usage) else [event]
    ),
    "speech.asked": asking(lambda request: replace(request, speech=True)),
    "speech.samples": each(_at(SpeechDelta, SpeechDelta(b"\x01", 24_000))),
    "speech.rate": each(_twice_as_fast),
    "speech.words": each(_coded),
    "speech.first": lambda: Bad(_speaks_last),
    "speech.voices": asking(lambda request: replace(request, speech=request.speech and not request.voice)),
    "speech.calls": lambda: Bad(_speaks_calls),
    "input.audio": asking(_without(Audio)),
    "input.image": asking(_without(Image)),
    "input.video": asking(_without(Video)),
    "input.described": lambda: replace(asking(_refusing(lambda messages: messages[-1].media))(), able=BLIND),
    "input.most": asking(_refusing(lambda messages: len(messages[-1].media) > 1)),
    "input.mixed": asking(_refusing(lambda messages: len({part.type for part in messages[-1].media}) > 1)),
    "input.earlier": asking(_refusing(lambda messages: any(message.media for message in messages[:-1]))),
    "input.missing": asking(_open),
    "errors.context": asking(_long(RecursionError("maximum recursion depth exceeded"))),
    "errors.remedy": asking(_long(ModelError("CUDA out of memory"))),
    "close.again": lambda: Bad(_once),
}
"""By the check that finds it out."""
