"""A model that follows a script."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self

from ..messages import JsonObject, ToolCall
from ..models.base import (
    Capabilities,
    Done,
    ModelEvent,
    Request,
    SpeechDelta,
    TextDelta,
    ToolCallDelta,
    Usage,
)
from ..senses import Senses

if TYPE_CHECKING:
    from ..speech.pcm import Pcm


class ScriptError(AssertionError):
    """The conversation did not follow the script."""


class UnexpectedRequest(ScriptError):
    """The model was asked something that the next step does not expect, or the script is over."""


class UnconsumedSteps(ScriptError):
    """Steps of the script were never asked for."""


@dataclass(frozen=True, slots=True)
class Step:
    """One answer of the scripted model.

    Attributes:
        expect: Words that the last message must hold, or a test of the whole request; empty for anything.
        says: The answer's text, streamed word by word.
        calls: Tool calls by name; a list of pairs where one tool is called twice.
        raises: An error instead of an answer (after `says`, where both are given).
        holds: Waits for this event after `says`: for tests of interruption.
        takes: Seconds of the loop's time before the first word; for virtual time.
        pace: Seconds of the loop's time before each further word.
        speaks: Its sound, for a model that claims a voice of its own: given where speech is asked for, spread
            among the words if the model claims to speak while it writes, else after them.
        stops: Why it stopped; empty for `tool_calls` where it calls, else `stop`.
    """

    expect: str | Callable[[Request], bool] = ""
    says: str = ""
    speaks: Sequence[Pcm] = ()
    calls: Mapping[str, JsonObject] | Sequence[tuple[str, JsonObject]] = field(default_factory=dict)
    raises: Exception | None = None
    holds: asyncio.Event | None = None
    takes: float = 0.0
    pace: float = 0.0
    stops: Literal["", "stop", "length"] = ""


class ScriptedModel:
    """A model that answers step by step.

    It keeps every request in `requests`, and in `prepared` those that were to be computed ahead.

    Args:
        steps: What it answers, in order.
        capabilities: What it claims to be able to do.
        senses: What it brings along.
        otherwise: Makes the step for a request that comes when the others are used up, or raises.
    """

    def __init__(
        self,
        *steps: Step,
        capabilities: Capabilities | None = None,
        senses: Senses | None = None,
        otherwise: Callable[[Request], Step] | None = None,
    ) -> None:
        self._steps = list(steps)
        self._otherwise = otherwise
        self._capabilities = capabilities or Capabilities()
        self._senses = senses or Senses()
        self._count = 0
        self.requests: list[Request] = []
        self.prepared: list[Request] = []

    @property
    def capabilities(self) -> Capabilities:
        return self._capabilities

    @property
    def senses(self) -> Senses:
        return self._senses

    async def stream(self, request: Request) -> AsyncGenerator[ModelEvent, None]:
        """Answer as the next step says.

        Raises:
            UnexpectedRequest: The script is over, or its next step expects something else.
        """
        self.requests.append(request)
        step = self._next(request)
        if step.takes:
            await asyncio.sleep(step.takes)
        for number, (word, sounds) in enumerate(self._said(step, request)):
            if number and step.pace:
                await asyncio.sleep(step.pace)
            if word:
                yield TextDelta(word)
            for sound in sounds:
                yield SpeechDelta(sound.to_int16(), sound.rate)
        if step.holds:
            await step.holds.wait()
        if step.raises:
            raise step.raises
        pairs = list(step.calls.items() if isinstance(step.calls, Mapping) else step.calls)
        for index, (name, arguments) in enumerate(pairs):
            self._count += 1
            yield ToolCallDelta(index, name, json.dumps(arguments, ensure_ascii=False))
            yield ToolCall(f"call_{self._count}", name, arguments)
        yield Usage(
            prompt_tokens=len(request.messages), completion_tokens=len(_words(step.says)) + len(pairs)
        )
        yield Done(step.stops or ("tool_calls" if pairs else "stop"))

    async def prewarm(self, request: Request | None = None) -> None:
        """Nothing to load; what was to be computed ahead is noted in `prepared`."""
        if request:
            self.prepared.append(request)

    async def close(self) -> None:
        """Nothing to free."""

    def finish(self) -> None:
        """Check that the whole script was played.

        Raises:
            UnconsumedSteps: It was not.
        """
        if self._steps:
            raise UnconsumedSteps(f"{len(self._steps)} step(s) never asked for, next: {self._steps[0]}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.finish()

    def _said(self, step: Step, request: Request) -> Iterator[tuple[str, Sequence[Pcm]]]:
        """Its words, each with the sounds that follow it."""
        words, able = _words(step.says), self._capabilities
        sounds = step.speaks if able.speech and request.speech else ()
        for number, word in enumerate(words):
            share = slice(number * len(sounds) // len(words), (number + 1) * len(sounds) // len(words))
            yield word, sounds[share] if able.streams_speech else ()
        if sounds and not able.streams_speech:
            yield "", sounds

    def _next(self, request: Request) -> Step:
        if not self._steps and self._otherwise:
            return self._otherwise(request)
        if not self._steps:
            raise UnexpectedRequest(f"the script is over, but was asked: {_last(request)!r}")
        step = self._steps[0]
        fits = step.expect(request) if callable(step.expect) else step.expect in _last(request)
        if not fits:
            raise UnexpectedRequest(f"expected {step.expect!r}, was asked: {_last(request)!r}")
        return self._steps.pop(0)


def _words(text: str) -> list[str]:
    pieces = text.split(" ")
    return [word for i, piece in enumerate(pieces) if (word := piece if i == 0 else f" {piece}")]


def _last(request: Request) -> str:
    message = request.messages[-1]
    results: list[Any] = [getattr(part, "content", "") for part in message.parts]
    return message.text or " ".join(results)
