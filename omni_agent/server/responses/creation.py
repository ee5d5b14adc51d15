"""A response while it is made: the turn, its events for a stream, and what is kept of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

from ...ids import random_id
from ...kept_answers import Kept, KeptAnswers
from ...messages import JsonObject, Message, Text, ToolCall
from ...terms import Terms
from ..chat.envelope import told
from ..chat.event_stream import packed
from ..chat.standing import Standing
from .output import Output
from .resource import Resource


@dataclass(frozen=True)
class Creation:
    """One response.

    Attributes:
        resource: What it will be.
        standing: Who answers whom.
        root: Id of the response that its conversation began with.
        earlier: The conversation before it.
        new: The messages that its input adds.
        terms: What the caller sets.
        store: Where it is kept, if it is.
    """

    resource: Resource
    standing: Standing
    root: str
    earlier: tuple[Message, ...]
    new: tuple[Message, ...]
    terms: Terms
    store: KeptAnswers

    async def whole(self) -> JsonObject:
        """Its body.

        Raises:
            ApiError: It failed.
            OmniError: The same, where it did not begin.
        """
        output = self._output()
        async with aclosing(self._events(output)) as events:
            async for _ in events:
                pass
        return output.body

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """Its events, as server-sent ones."""
        output = self._output()
        for event in output.begin():
            yield packed(event, event["type"])
        try:
            async with aclosing(self._events(output)) as events:
                async for event in events:
                    yield packed(event, event["type"])
        except Exception as error:
            for event in output.fail(told(error)):
                yield packed(event, event["type"])

    async def _events(self, output: Output) -> AsyncGenerator[JsonObject, None]:
        """The events of the turn; what is to be kept is kept before the last of them leaves."""
        messages = (*self.earlier, *self.new)
        async with aclosing(self.standing.answer(messages, self.terms)) as turn:
            async for event in turn:
                for wire in output.take(event):
                    if "response" in wire:
                        await self._keep(output)
                    yield wire

    async def _keep(self, output: Output) -> None:
        if not self.resource.request.keeps:
            return
        kept = Kept(output.body, self.root, (*self.new, *_said(output)), self.standing.user or "")
        await asyncio.to_thread(self.store.put, self.standing.caller.name, kept)

    def _output(self) -> Output:
        return Output(self.resource, random_id, self._now)

    def _now(self) -> int:
        return int(self.standing.agent.clock.now().timestamp())


def _said(output: Output) -> tuple[Message, ...]:
    words = (Text(output.text),) if output.text else ()
    calls = tuple(ToolCall(call.id, call.name, call.arguments) for call in output.calls)
    return (Message("assistant", (*words, *calls)),) if words or calls else ()
