"""For your tests: a model that follows a script, senses without files, and a clock that you turn.

    with ScriptedModel(Step("pasta", calls={"set_timer": {"minutes": 10}}), Step(says="Done.")) as model:
        agent = Agent(model=model, memory=None, tools=[set_timer])
        reply = await agent.ask("ten minutes for the pasta")

A request that no step expects fails, and so does a step that no request used up.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Self

from .messages import Hearing, JsonObject, Reading, TextBox, ToolCall
from .models.base import Capabilities, Done, ModelEvent, Request, TextDelta, Usage
from .senses import Senses
from .speech.pcm import Pcm


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
    """

    expect: str | Callable[[Request], bool] = ""
    says: str = ""
    calls: Mapping[str, JsonObject] | Sequence[tuple[str, JsonObject]] = field(default_factory=dict)
    raises: Exception | None = None
    holds: asyncio.Event | None = None


class ScriptedModel:
    """A model that answers step by step and keeps every request in `requests`.

    Args:
        steps: What it answers, in order.
        capabilities: What it claims to be able to do.
        senses: What it brings along.
    """

    def __init__(
        self, *steps: Step, capabilities: Capabilities | None = None, senses: Senses | None = None
    ) -> None:
        self._steps = list(steps)
        self._capabilities = capabilities or Capabilities()
        self._senses = senses or Senses()
        self._count = 0
        self.requests: list[Request] = []

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
        for word in _words(step.says):
            yield TextDelta(word)
        if step.holds:
            await step.holds.wait()
        if step.raises:
            raise step.raises
        pairs = list(step.calls.items() if isinstance(step.calls, Mapping) else step.calls)
        for name, arguments in pairs:
            self._count += 1
            yield ToolCall(f"call_{self._count}", name, arguments)
        yield Usage(
            prompt_tokens=len(request.messages), completion_tokens=len(_words(step.says)) + len(pairs)
        )
        yield Done("tool_calls" if pairs else "stop")

    async def prewarm(self, request: Request | None = None) -> None:
        """Nothing to load."""

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

    def _next(self, request: Request) -> Step:
        if not self._steps:
            raise UnexpectedRequest(f"the script is over, but was asked: {_last(request)!r}")
        step = self._steps[0]
        fits = step.expect(request) if callable(step.expect) else step.expect in _last(request)
        if not fits:
            raise UnexpectedRequest(f"expected {step.expect!r}, was asked: {_last(request)!r}")
        return self._steps.pop(0)


class ScriptedEars:
    """Ears that hear the given hearings, one after the other, whatever the sound."""

    def __init__(self, *hearings: Hearing) -> None:
        self._hearings = list(hearings)

    async def transcribe(self, audio: Pcm, *, language: str = "", hints: Sequence[str] = ()) -> Hearing:
        if not self._hearings:
            raise UnexpectedRequest("the ears' script is over")
        return self._hearings.pop(0)

    async def prewarm(self) -> None:
        """Nothing to load."""

    async def close(self) -> None:
        """Nothing to free."""


class ScriptedEyes:
    """Eyes that read the same lines in every picture."""

    def __init__(self, *lines: str) -> None:
        self._reading = Reading(
            tuple(TextBox(line, (0, 20 * i, 100, 20 * i + 20)) for i, line in enumerate(lines))
        )

    async def read(self, image: bytes) -> Reading:
        return self._reading

    async def prewarm(self) -> None:
        """Nothing to load."""

    async def close(self) -> None:
        """Nothing to free."""


class ToneVoice:
    """A voice that hums: 60 ms of a tone for each character. `spoken` keeps what it was given to say."""

    def __init__(self, languages: Sequence[str] = ("en",), rate: int = 8000) -> None:
        self._languages = frozenset(languages)
        self._rate = rate
        self.spoken: list[tuple[str, str]] = []

    @property
    def languages(self) -> frozenset[str]:
        return self._languages

    async def speak(self, text: str, *, language: str = "en", voice: str = "", rate: float = 1.0) -> Pcm:
        import numpy as np

        self.spoken.append((text, language))
        time = np.arange(round(len(text) * 0.06 / rate * self._rate)) / self._rate
        return Pcm((0.3 * np.sin(2 * np.pi * 220 * time)).astype(np.float32), self._rate)

    async def prewarm(self) -> None:
        """Nothing to load."""

    async def close(self) -> None:
        """Nothing to free."""


class VirtualClock:
    """A clock that stands still until `advance`."""

    def __init__(self, start: datetime | None = None) -> None:
        self._start = start or datetime(2026, 1, 1, tzinfo=UTC)
        self._seconds = 0.0
        self._sleeping: list[tuple[float, asyncio.Event]] = []

    def monotonic(self) -> float:
        return self._seconds

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._seconds)

    async def sleep(self, seconds: float) -> None:
        if seconds > 0:
            woken = asyncio.Event()
            self._sleeping.append((self._seconds + seconds, woken))
            await woken.wait()

    def advance(self, seconds: float) -> None:
        """Let time pass; whoever sleeps until then wakes when the loop next runs."""
        self._seconds += seconds
        for until, woken in self._sleeping:
            if until <= self._seconds:
                woken.set()
        self._sleeping = [sleeper for sleeper in self._sleeping if sleeper[0] > self._seconds]


def _words(text: str) -> list[str]:
    pieces = text.split(" ")
    return [word for i, piece in enumerate(pieces) if (word := piece if i == 0 else f" {piece}")]


def _last(request: Request) -> str:
    message = request.messages[-1]
    results: list[Any] = [getattr(part, "content", "") for part in message.parts]
    return message.text or " ".join(results)
