"""A scripted model that does all that is required of a model."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator

import numpy as np

from omni_agent.errors import InputError, ModelError
from omni_agent.media import MediaStore
from omni_agent.messages import JsonObject
from omni_agent.models.base import (
    Capabilities,
    ModelEvent,
    Request,
)
from omni_agent.speech.pcm import Pcm
from omni_agent.testing import ScriptedModel, Step

EVERYTHING = Capabilities(
    inputs=frozenset({"text", "audio", "image", "video"}),
    most={"image": 2},
    video_sound=True,
    speech=True,
    streams_speech=True,
    voices=("Ethan", "Chelsie"),
    speech_rate=24_000,
    tools_with_speech=True,
    context_tokens=2000,
)
BLIND = Capabilities(context_tokens=2000)
Events = AsyncGenerator[ModelEvent, None]

_TONE = Pcm(np.full(240, 0.1, dtype=np.float32), 24_000)
_ORDERS: dict[str, tuple[str, JsonObject]] = {
    "set_timer": ("timer", {"minutes": 10}),
    "switch_lamp": ("lamp", {"room": "hall", "on": True}),
}


def conforming(able: Capabilities = EVERYTHING, *, pace: float = 0.05) -> ScriptedModel:
    """A model that answers every request as it should; a token is a word, and takes so many seconds."""
    return ScriptedModel(capabilities=able, otherwise=lambda request: _answer(request, able, pace))


def _answer(request: Request, able: Capabilities, pace: float) -> Step:
    if wrong := _refusal(request, able):
        return Step(raises=wrong)
    last = request.messages[-1]
    orders = {
        name: arguments
        for name, (word, arguments) in _ORDERS.items()
        if able.tools
        and word in last.text
        and name in {tool.name for tool in request.tools} - request.withheld
        and request.tool_choice in ("", name)
    }
    if orders:
        return Step(calls=orders, takes=4 * pace)
    words = _words(request).split()
    cut = len(words) > request.max_tokens
    said = words[: request.max_tokens]
    return Step(
        says=" ".join(said),
        speaks=[_TONE] * len(said),
        stops="length" if cut else "",
        takes=4 * pace,
        pace=pace,
    )


def _words(request: Request) -> str:
    text = request.messages[-1].text
    if request.format is not None:
        return json.dumps({"city": "Graz", "country": "Austria"})
    if "cat" in text:
        return "Miso, you told me." if "Miso" in request.context else "I do not know."
    if "Count" in text:
        return " ".join(["and another number"] * 60)
    return next((f"{word} {word} {word}" for word in ("banana", "zebra") if word in text), "It is blue.")


def _refusal(request: Request, able: Capabilities) -> Exception | None:
    if request.voice not in ("", *able.voices):
        return ModelError(f"there is no voice '{request.voice}'", remedy=f"it has {', '.join(able.voices)}")
    for message in request.messages:
        for part in message.media:
            kinds = [other.type for other in message.media]
            if part.type in able.inputs and kinds.count(part.type) > able.most.get(part.type, 9):
                return InputError(f"too many of {part.type}", remedy="send fewer")
            if part.type in able.inputs:
                try:
                    MediaStore().get(part.ref)
                except InputError as error:
                    return error
            elif not (getattr(part, "hearing", None) or getattr(part, "reading", None)):
                return InputError(f"it takes no {part.type}", remedy="describe it")
    if len(request.messages[-1].text.split()) > able.context_tokens:
        return ModelError("the message is longer than the context", remedy="shorten it")
    return None
