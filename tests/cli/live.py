"""A live session that follows a script, for the screen of `omni-agent talk`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Self

from omni_agent import Agent
from omni_agent.errors import InputError
from omni_agent.events import (
    AgentEvent,
    Interrupted,
    MemoryWritten,
    PartialTranscript,
    TextDelta,
    Timings,
    ToolFinished,
    ToolStarted,
    Transcript,
    TurnEnded,
    TurnStarted,
    Usage,
    UserStarted,
    UserStopped,
    WordSpoken,
)
from omni_agent.speech.pcm import Pcm


def spoken(text: str) -> list[AgentEvent]:
    """A reply's text, then its words as they are heard."""
    words: list[AgentEvent] = []
    at = 0
    for word in text.split():
        start = text.index(word, at)
        at = start + len(word)
        words.append(WordSpoken(word, start, at))
    return [TextDelta(text), *words]


def ended(text: str, status: Any = "done", heard: str | None = None) -> TurnEnded:
    """The end of a turn."""
    return TurnEnded(text, text if heard is None else heard, status, Timings(total=1.0), Usage())


TURN: list[AgentEvent] = [
    UserStarted(),
    PartialTranscript("ten minutes", "en"),
    PartialTranscript("ten minutes for the pasta", "en"),
    UserStopped(1.5),
    TurnStarted("t1", "talk"),
    Transcript("Ten minutes for the pasta.", "en", 0.9),
    ToolStarted("c1", "set_timer", {"minutes": 10}),
    ToolFinished("c1", "set_timer", "done", "runs"),
    *spoken("The timer runs."),
    MemoryWritten("t1"),
    ended("The timer runs."),
]


class FakeSession:
    """Emits `script` when the first frame is heard, and answers what is done to it.

    Attributes:
        heard: Seconds of sound.
        done: What was done, in order.
    """

    def __init__(self, script: Sequence[AgentEvent] = (), reply: Callable[[str], str] = str.upper) -> None:
        self._script, self._reply = list(script), reply
        self._events: asyncio.Queue[AgentEvent | None] = asyncio.Queue()
        self.heard = 0.0
        self.done: list[str] = []
        self.muted = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        self.end()

    async def hear(self, pcm: Pcm) -> None:
        self.heard += pcm.seconds
        if self._script:
            self.emit(*self._script)
            self._script = []

    async def send(self, text: str) -> None:
        self.done.append(f"send {text}")
        if text == "bad":
            raise InputError("there is nothing in it", remedy="say more")
        answer = self._reply(text)
        self.emit(TurnStarted("t", "talk"), *spoken(answer), ended(answer))

    def greet(self) -> None:
        """Nothing to say."""

    def interrupt(self) -> None:
        self.done.append("interrupt")
        self.emit(Interrupted("One"), ended("One two three", "interrupted", "One"))

    def press(self) -> None:
        self.done.append("press")

    def release(self) -> None:
        self.done.append("release")

    def emit(self, *events: AgentEvent) -> None:
        """Let something happen."""
        for event in events:
            self._events.put_nowait(event)

    def end(self) -> None:
        """Let the events end."""
        self._events.put_nowait(None)

    async def events(self) -> AsyncIterator[AgentEvent]:
        while (event := await self._events.get()) is not None:
            yield event


class LiveAgent(Agent):
    """An agent whose live sessions follow a script."""

    def session(self, **options: Any) -> Any:
        return FakeSession(TURN)
