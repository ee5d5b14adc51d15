"""A fake service with a model that talks to it, and what tests ask of them."""

from __future__ import annotations

import io
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from PIL import Image as Pictures

from omni_agent.media import MediaStore, load_audio, load_image
from omni_agent.messages import Audio, Image, Message, Part, Text, ToolCall
from omni_agent.models.base import Done, ModelEvent, Request, SpeechDelta, TextDelta
from omni_agent.models.realtime import Limits, Profile, RealtimeModel
from omni_agent.speech.pcm import Pcm
from omni_agent.testing import VirtualClock
from tests.models.realtime.service import Service

KEY = "sk-test-0123456789abcdef"
# For what does not end: it costs the test its time. Elsewhere a busy machine must not look like a stall.
QUICK = Limits(first=0.9, between=0.8, ending=0.5)
ROOMY = Limits(ending=0.5)
HI = Request("You are Ada.", (Message("user", (Text("What colour is the sky?"),)),), max_tokens=64)


@dataclass
class Pair:
    """A service and a model of it."""

    service: Service
    model: RealtimeModel
    profile: Profile
    clock: VirtualClock

    def hasty(self) -> RealtimeModel:
        """A model of the same service that waits for less than a second."""
        return RealtimeModel(self.profile, url=self.service.url, key=KEY, limits=QUICK, clock=self.clock)


@asynccontextmanager
async def paired(service: Service, profile: Profile, **fields: Any) -> AsyncIterator[Pair]:
    async with service:
        clock = VirtualClock()
        model = RealtimeModel(
            profile, url=service.url, **{"key": KEY, "limits": ROOMY, "clock": clock, **fields}
        )
        yield Pair(service, model, profile, clock)
        await model.close()


def user(*parts: Part | str) -> Message:
    return Message("user", tuple(Text(part) if isinstance(part, str) else part for part in parts))


def said(text: str) -> Message:
    return Message("assistant", (Text(text),))


def asked(*messages: Message, **fields: Any) -> Request:
    return replace(HI, messages=messages, **fields)


async def events_of(model: RealtimeModel, request: Request) -> list[ModelEvent]:
    async with aclosing(model.stream(request)) as events:
        return [event async for event in events]


async def until(stream: AsyncGenerator[ModelEvent, None], kind: type, count: int = 1) -> list[ModelEvent]:
    """Read on to the `count`-th event of a kind."""
    seen: list[ModelEvent] = []
    async for event in stream:
        seen.append(event)
        count -= isinstance(event, kind)
        if not count:
            break
    return seen


def text_of(events: list[ModelEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def speech_of(events: list[ModelEvent]) -> bytes:
    return b"".join(event.pcm for event in events if isinstance(event, SpeechDelta))


def calls_of(events: list[ModelEvent]) -> list[ToolCall]:
    return [event for event in events if isinstance(event, ToolCall)]


def reason_of(events: list[ModelEvent]) -> str:
    last = events[-1]
    assert isinstance(last, Done)
    return last.reason


async def tone(seconds: float = 0.5, rate: int = 16_000, hertz: float = 440.0) -> Audio:
    at = np.arange(round(seconds * rate), dtype=np.float32) / rate
    samples = (0.3 * np.sin(2 * np.pi * hertz * at)).astype(np.float32)
    part, _ = await load_audio(MediaStore(), Pcm(samples, rate).to_wav())
    return part


async def picture(side: int = 64, *, noisy: bool = False, shade: int = 90) -> Image:
    pixels = np.full((side, side, 3), shade, dtype=np.uint8)
    if noisy:
        pixels = np.random.default_rng(1).integers(0, 255, (side, side, 3), dtype=np.uint8)
    kept = io.BytesIO()
    Pictures.fromarray(pixels).save(kept, "PNG")
    return await load_image(MediaStore(), kept.getvalue())
