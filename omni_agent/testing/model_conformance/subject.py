"""The model that is checked, and what it has answered so far."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass

from ...errors import OmniError
from ...messages import ToolCall
from ...models.base import (
    Capabilities,
    Done,
    ModelEvent,
    OmniModel,
    Request,
    SpeechDelta,
    TextDelta,
    ToolCallDelta,
    Usage,
)
from .check import OUR_ERRORS, Failed
from .requests import ORDER, PLAIN, SPOKEN
from .samples import Samples

# Nobody writes so much to these questions: it is a stream without an end.
_MOST_EVENTS = 100_000


@dataclass(frozen=True, slots=True)
class Answer:
    """The events of one answer."""

    events: tuple[ModelEvent, ...]

    @property
    def text(self) -> str:
        """Its words."""
        return "".join(event.text for event in self.events if isinstance(event, TextDelta))

    @property
    def calls(self) -> tuple[ToolCall, ...]:
        return tuple(event for event in self.events if isinstance(event, ToolCall))

    @property
    def deltas(self) -> tuple[ToolCallDelta, ...]:
        return tuple(event for event in self.events if isinstance(event, ToolCallDelta))

    @property
    def speech(self) -> tuple[SpeechDelta, ...]:
        return tuple(event for event in self.events if isinstance(event, SpeechDelta))

    @property
    def usages(self) -> tuple[Usage, ...]:
        return tuple(event for event in self.events if isinstance(event, Usage))

    @property
    def reason(self) -> str:
        """Why it stopped; empty where it never said."""
        return next((event.reason for event in self.events if isinstance(event, Done)), "")


class Subject:
    """A model under check.

    Args:
        model: The model.
        samples: Sounds and pictures to hand in.
        patience: Seconds that one answer may take.
        soon: Seconds within which an answer that nobody wants any more must have stopped.
        reproducible: It claims that temperature 0 and a seed give the same answer again.
    """

    def __init__(
        self,
        model: OmniModel,
        samples: Samples,
        *,
        patience: float = 120.0,
        soon: float = 5.0,
        reproducible: bool = False,
    ) -> None:
        self.model = model
        self.samples = samples
        self.patience = patience
        self.soon = soon
        self.reproducible = reproducible
        self.errors: list[OmniError] = []
        self._answered: dict[str, Answer] = {}

    @property
    def capabilities(self) -> Capabilities:
        return self.model.capabilities

    async def attempt(self, request: Request) -> Answer | OmniError:
        """Its answer, or the error that it gave instead.

        Raises:
            Failed: Another error than ours, no end in `patience`, or no end at all.
        """
        waiting = asyncio.timeout(self.patience)
        events: list[ModelEvent] = []
        try:
            async with waiting, aclosing(self.model.stream(request)) as stream:
                async for event in stream:
                    events.append(event)
                    if len(events) > _MOST_EVENTS:
                        raise Failed(f"its answer goes on for over {_MOST_EVENTS} events")
        except OmniError as error:
            self.errors.append(error)
            return error
        except Exception as error:
            if waiting.expired():
                raise Failed(f"its answer did not end within {self.patience:g} seconds") from None
            if isinstance(error, Failed):
                raise
            what = f"{type(error).__name__}: {error}"[:300]
            raise Failed(f"it raised {what}, which is no OmniError", OUR_ERRORS) from error
        return Answer(tuple(events))

    async def ask(self, request: Request) -> Answer:
        """Its answer to a request that it must take.

        Raises:
            Failed: It gave an error, or its answer did not come to an end.
        """
        answer = await self.attempt(request)
        if isinstance(answer, OmniError):
            raise Failed(f"it refused: {answer}", "take it, or do not claim it")
        if not answer.reason:
            raise Failed("its answer ended without Done", "yield Usage and Done last")
        return answer

    async def plain(self) -> Answer:
        """Its answer to a plain question; asked once."""
        return await self._once("plain", PLAIN)

    async def ordered(self) -> Answer:
        """Its answer to an order that a tool is there for; asked once."""
        return await self._once("order", ORDER)

    async def spoken(self) -> Answer:
        """Its answer to the plain question, with speech; asked once."""
        return await self._once("spoken", SPOKEN)

    async def begin(self, request: Request) -> tuple[AsyncGenerator[ModelEvent, None], ModelEvent]:
        """A stream that is open after its first event, and that event.

        Raises:
            Failed: There was none.
        """
        stream = self.model.stream(request)
        try:
            async with asyncio.timeout(self.patience):
                return stream, await anext(stream)
        except StopAsyncIteration:
            raise Failed("its answer has no event") from None
        except TimeoutError:
            raise Failed(f"nothing came within {self.patience:g} seconds") from None

    async def usable(self, after: str) -> None:
        """Ask once more, as if nothing had been.

        Args:
            after: What has been, for the reason.

        Raises:
            Failed: It does not answer as before.
        """
        before = await self.plain()
        try:
            again = await self.ask(PLAIN)
        except Failed as failure:
            raise Failed(f"{after} it cannot be used: {failure.reason}", failure.remedy) from None
        if self.reproducible and again.text != before.text:
            raise Failed(f"{after} it answers {again.text[:80]!r} instead of {before.text[:80]!r}")

    async def _once(self, name: str, request: Request) -> Answer:
        # What raised is not kept: the next check asks again, and fails by itself.
        if name not in self._answered:
            answer = await self.attempt(request)
            if isinstance(answer, OmniError):
                raise Failed(f"it refused: {answer}")
            self._answered[name] = answer
        return self._answered[name]


@contextmanager
def subject_of(
    model: OmniModel, *, patience: float = 120.0, soon: float = 5.0, reproducible: bool = False
) -> Iterator[Subject]:
    """A model as a subject; what was put into the media store for it is taken out again."""
    samples = Samples()
    try:
        yield Subject(model, samples, patience=patience, soon=soon, reproducible=reproducible)
    finally:
        samples.clear()
