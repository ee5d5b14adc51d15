"""A whole reply, gathered from the events of its turn."""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable
from dataclasses import dataclass
from typing import Generic, Self

from typing_extensions import TypeVar

from .errors import OmniError
from .events import (
    AgentEvent,
    ApprovalRequested,
    ErrorRaised,
    SpeechChunk,
    TextDelta,
    Timings,
    ToolFinished,
    ToolStarted,
    Transcript,
    TurnEnded,
    TurnStatus,
    Usage,
)
from .messages import JsonObject
from .speech.pcm import Pcm

T = TypeVar("T", default=None)


@dataclass(frozen=True, slots=True)
class CalledTool:
    """A call that ran in the turn, and what came of it."""

    id: str
    name: str
    arguments: JsonObject
    status: str = "unknown"
    result: str = ""


@dataclass(frozen=True, slots=True)
class Reply(Generic[T]):
    """What an agent answered.

    Attributes:
        text: The words.
        speech: The words spoken; None where no voice speaks them or none was wanted.
        tool_calls: What ran, in order of start.
        transcript: What was heard of the user; empty for typed text.
        language: ISO 639-1 code of what was heard; empty for typed text.
        approvals: Calls that wait for `Agent.decide`.
        status: How the turn ended.
        timings: Seconds by stage.
        usage: Tokens.
        output: The answer as a value of the type that was asked for (`Agent.ask(output=…)`); None where none
            was, or the turn did not come to its own end.
    """

    text: str
    speech: Pcm | None
    tool_calls: tuple[CalledTool, ...]
    transcript: str
    language: str
    approvals: tuple[ApprovalRequested, ...]
    status: TurnStatus
    timings: Timings
    usage: Usage
    output: T | None = None

    @classmethod
    async def of(cls, events: AsyncIterable[AgentEvent]) -> Self:
        """Read a turn's events to the end.

        Raises:
            OmniError: The turn failed; code, message and remedy are its own.
        """
        seen = [event async for event in events]
        raise_failure(seen)
        ended = next(e for e in seen if isinstance(e, TurnEnded))
        transcript = next((e for e in seen if isinstance(e, Transcript)), Transcript("", "", 0.0))
        return cls(
            text="".join(e.text for e in seen if isinstance(e, TextDelta)),
            speech=speech_of(e for e in seen if isinstance(e, SpeechChunk)),
            tool_calls=_called(seen),
            transcript=transcript.text,
            language=transcript.language,
            approvals=tuple(e for e in seen if isinstance(e, ApprovalRequested)),
            status=ended.status,
            timings=ended.timings,
            usage=ended.usage,
        )


def raise_failure(events: Iterable[AgentEvent]) -> None:
    """Raise what a turn failed with, if it failed."""
    failed = next((e for e in events if isinstance(e, ErrorRaised) and e.severity == "error"), None)
    if failed:
        raise failed.cause or OmniError(failed.message, code=failed.code, remedy=failed.remedy)


def speech_of(chunks: Iterable[SpeechChunk]) -> Pcm | None:
    """The chunks as one sound, at the first one's rate; None where there are none."""
    pieces = [Pcm.from_int16(chunk.pcm, chunk.sample_rate) for chunk in chunks]
    return Pcm.joined(pieces, pieces[0].rate) if pieces else None


def _called(events: list[AgentEvent]) -> tuple[CalledTool, ...]:
    finished = {e.id: e for e in events if isinstance(e, ToolFinished)}
    started = [e for e in events if isinstance(e, ToolStarted)]
    return tuple(
        CalledTool(e.id, e.name, e.arguments, end.status, end.result)
        if (end := finished.get(e.id))
        else CalledTool(e.id, e.name, e.arguments)
        for e in started
    )
