"""A model that remembers what it was shown, so that a miss can be told from a forgotten fact."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from omni_agent.models.base import Capabilities, Done, ModelEvent, OmniModel, Request, TextDelta, Usage
from omni_agent.models.prompt import render
from omni_agent.senses import Senses


class SeenModel:
    """A model as it is, with its requests kept.

    Args:
        model: The one that answers, unless `stand_in` holds an answer.
    """

    def __init__(self, model: OmniModel) -> None:
        self._model = model
        self.requests: list[Request] = []
        self.stand_in = ""

    @property
    def capabilities(self) -> Capabilities:
        """Those of the model."""
        return self._model.capabilities

    @property
    def senses(self) -> Senses:
        """Those of the model."""
        return self._model.senses

    @property
    def shown(self) -> str:
        """The last request as the model reads it."""
        chat = render(self.requests[-1]) if self.requests else []
        return "\n".join(f"{message['role']}: {message['content']}" for message in chat)

    @property
    def added(self) -> str:
        """What memory gave to the last request."""
        last = self.requests[-1] if self.requests else None
        return "\n".join(filter(None, (last.background, last.context))) if last else ""

    async def stream(self, request: Request) -> AsyncGenerator[ModelEvent, None]:
        """Answer as the model does."""
        self.requests.append(request)
        if self.stand_in:
            yield TextDelta(self.stand_in)
            yield Usage()
            yield Done("stop")
            return
        async with aclosing(self._model.stream(request)) as events:
            async for event in events:
                yield event

    async def prewarm(self, request: Request | None = None) -> None:
        """As the model does."""
        await self._model.prewarm(request)

    async def close(self) -> None:
        """Free the model."""
        await self._model.close()
