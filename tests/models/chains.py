"""Models for chains: one that refuses, one that answers as it is told to."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from omni_agent.errors import InputError, ModelError, ModelUnavailable
from omni_agent.messages import Message, Text
from omni_agent.models.base import Capabilities, ModelEvent, Request, TextDelta
from omni_agent.models.fallback import Fallback
from omni_agent.senses import Senses
from omni_agent.testing import (
    ScriptedModel,
    Step,
)

HI = Request("You are Ada.", (Message("user", (Text("hi"),)),))
DOWN = ModelUnavailable("the server is down", remedy="start it")


async def said(model: Fallback, request: Request = HI) -> str:
    async with aclosing(model.stream(request)) as events:
        return "".join([event.text async for event in events if isinstance(event, TextDelta)])


def saying(text: str, **fields: object) -> ScriptedModel:
    return ScriptedModel(otherwise=lambda request: Step(says=text), **fields)  # type: ignore[arg-type]


class Refusing:
    """Raises at once."""

    senses = Senses()

    def __init__(self, error: Exception, able: Capabilities | None = None) -> None:
        self.error = error
        self.capabilities = able or Capabilities()
        self.asked = 0

    async def stream(self, request: Request) -> AsyncGenerator[ModelEvent, None]:
        self.asked += 1
        raise self.error
        yield TextDelta("")

    async def prewarm(self, request: Request | None = None) -> None: ...

    async def close(self) -> None: ...


class Moody:
    """Answers, or not, as it is told to."""

    capabilities = Capabilities()
    senses = Senses()

    def __init__(self, name: str) -> None:
        self.name, self.mood, self.asked = name, "well", 0

    async def stream(self, request: Request) -> AsyncGenerator[ModelEvent, None]:
        self.asked += 1
        if self.mood == "down":
            raise DOWN
        if self.mood == "wrong":
            raise InputError("no", remedy="another")
        if self.mood == "long":
            raise ModelError("long", code="context_exceeded", remedy="shorten it")
        yield TextDelta(self.name)
        if self.mood == "broken":
            raise ModelError("it broke", remedy="try again")

    async def prewarm(self, request: Request | None = None) -> None:
        if self.mood == "down":
            raise DOWN

    async def close(self) -> None: ...
