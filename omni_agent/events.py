"""What a caller sees while an agent works: a closed union of frozen events.

One turn yields `TurnStarted`, then any of the middle ones, and always exactly one `TurnEnded` last.
Events hold plain values, so that this file depends on nothing; `to_json` gives the command line's and the
server's form of each (the types are listed in docs/events.md).
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Literal, TypeAlias

_HELD_BACK = {"pcm", "cause"}

ApprovalReason = Literal["irreversible", "unsure", "untrusted", "unknown", "guardrail"]
TurnStatus = Literal["done", "interrupted", "waiting", "calling", "failed"]


@dataclass(frozen=True, slots=True)
class Timings:
    """Seconds from the end of the input (the call of `ask` or `stream`), or None where it did not happen.

    Attributes:
        ingested: Media are stored, speech is transcribed, pictures are read.
        recalled: Memory has answered or its budget is spent.
        first_text: The first words of the answer left the model.
        first_speech: The first chunk of speech was handed out.
        total: The turn ended.
        tools: Seconds spent in tools, summed.
    """

    ingested: float | None = None
    recalled: float | None = None
    first_text: float | None = None
    first_speech: float | None = None
    total: float | None = None
    tools: float = 0.0


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of a turn, summed over its model calls.

    `cached_tokens` of the `prompt_tokens` were not computed again, because the model had seen that prefix.
    """

    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.prompt_tokens + other.prompt_tokens,
            self.cached_tokens + other.cached_tokens,
            self.completion_tokens + other.completion_tokens,
        )


@dataclass(frozen=True, slots=True)
class TurnStarted:
    """A turn began."""

    turn: str
    session: str
    type: ClassVar[str] = "turn.started"


@dataclass(frozen=True, slots=True)
class Transcript:
    """What was heard in the user's sound, `language` as ISO 639-1, `confidence` 0 to 1."""

    text: str
    language: str
    confidence: float
    type: ClassVar[str] = "transcript"


@dataclass(frozen=True, slots=True)
class UserStarted:
    """In a live conversation: the user's voice has begun."""

    type: ClassVar[str] = "user.started"


@dataclass(frozen=True, slots=True)
class UserStopped:
    """In a live conversation: the user's turn is over, after so many seconds from its first sound."""

    seconds: float
    type: ClassVar[str] = "user.stopped"


@dataclass(frozen=True, slots=True)
class PartialTranscript:
    """What is understood so far of words that are still being said; the next one replaces it."""

    text: str
    language: str
    type: ClassVar[str] = "transcript.partial"


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A piece of the answer, in order; together they are the reply's text."""

    text: str
    type: ClassVar[str] = "text.delta"


@dataclass(frozen=True, slots=True)
class WordTime:
    """Where a word of the reply is in a chunk of speech.

    Attributes:
        start, end: Offsets into the reply's text.
        begin, until: Milliseconds from the chunk's beginning.
    """

    start: int
    end: int
    begin: int
    until: int


@dataclass(frozen=True, slots=True)
class SpeechChunk:
    """A piece of speech, in order.

    Attributes:
        pcm: Signed 16-bit little-endian mono samples.
        sample_rate: Samples a second.
        span: Offsets into the reply's text, start and end, that this chunk speaks.
        milliseconds: Its length.
        ref: Where it is kept in the media store, once it is.
        words: When each word of the span is said, as well as that is known.
    """

    pcm: bytes
    sample_rate: int
    span: tuple[int, int]
    milliseconds: int
    ref: str = ""
    words: tuple[WordTime, ...] = ()
    type: ClassVar[str] = "speech.chunk"


@dataclass(frozen=True, slots=True)
class WordSpoken:
    """In a live conversation: the listener has just heard this word; `start` and `end` are its place in the
    reply's text."""

    text: str
    start: int
    end: int
    type: ClassVar[str] = "word.spoken"


@dataclass(frozen=True, slots=True)
class SpeechHeld:
    """In a live conversation: the agent fell silent because of a voice that may want the floor."""

    type: ClassVar[str] = "speech.held"


@dataclass(frozen=True, slots=True)
class SpeechResumed:
    """In a live conversation: that voice did not want the floor; the agent goes on where it stopped."""

    type: ClassVar[str] = "speech.resumed"


@dataclass(frozen=True, slots=True)
class Idle:
    """In a live conversation: nobody has said anything for so many seconds."""

    seconds: float
    type: ClassVar[str] = "idle"


@dataclass(frozen=True, slots=True)
class ToolRequested:
    """A call that the caller is to run himself, of a tool that he brought: the turn ends with it
    (`TurnEnded(status="calling")`), and goes on when he comes back with the result."""

    id: str
    name: str
    arguments: dict[str, Any]
    type: ClassVar[str] = "tool.requested"


@dataclass(frozen=True, slots=True)
class ToolStarted:
    """A tool runs. `provenance` says for each argument what it rests on, where that is known."""

    id: str
    name: str
    arguments: dict[str, Any]
    provenance: dict[str, Any] = field(default_factory=dict)
    type: ClassVar[str] = "tool.started"


@dataclass(frozen=True, slots=True)
class ToolProgress:
    """A running tool reports."""

    id: str
    message: str
    type: ClassVar[str] = "tool.progress"


@dataclass(frozen=True, slots=True)
class ToolFinished:
    """A tool ended; `status` is `done`, `failed` or `unknown`: it may have taken effect."""

    id: str
    name: str
    status: str
    result: str
    type: ClassVar[str] = "tool.finished"


@dataclass(frozen=True, slots=True)
class ApprovalRequested:
    """A call waits for a yes: the user's next words, or `Agent.approve` and `Agent.deny`.

    Attributes:
        id: The call's.
        name: The tool's.
        arguments: What it would run with.
        question: How it is read back.
        reason: `irreversible`: it cannot be put right. `unsure`: its arguments were badly heard. `untrusted`:
            it follows on words of strangers. `unknown`: it may have been done before. `guardrail`: no
            call, but words that the guardrail `name` asks about.
        digest: Of tool and arguments: a yes is a yes to just these.
    """

    id: str
    name: str
    arguments: dict[str, Any]
    question: str
    reason: ApprovalReason = "irreversible"
    digest: str = ""
    type: ClassVar[str] = "approval.requested"


@dataclass(frozen=True, slots=True)
class HandedOver:
    """Another agent goes on with the conversation, from the next words on."""

    agent: str
    type: ClassVar[str] = "handed.over"


@dataclass(frozen=True, slots=True)
class AlarmRaised:
    """The moment has come that a tool was asked to wait for; `text` is what to say."""

    key: str
    text: str
    type: ClassVar[str] = "alarm"


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The reply was cut; `heard_text` is what had been delivered of it."""

    heard_text: str
    type: ClassVar[str] = "interrupted"


@dataclass(frozen=True, slots=True)
class MemoryWritten:
    """The turn is in memory under this id."""

    turn: str
    type: ClassVar[str] = "memory.written"


@dataclass(frozen=True, slots=True)
class TurnEnded:
    """The turn is over. `text` is the whole answer, `heard_text` what was delivered of it; it is `truncated`
    where the model had no more tokens to end it."""

    text: str
    heard_text: str
    status: TurnStatus
    timings: Timings
    usage: Usage
    truncated: bool = False
    type: ClassVar[str] = "turn.ended"


@dataclass(frozen=True, slots=True)
class ErrorRaised:
    """Something went wrong: `code` for programs, `message` and `remedy` for people.

    A turn that fails ends with `TurnEnded(status="failed")` after this; a `note` is no failure.
    `cause` is the exception itself, for callers in the same process.
    """

    code: str
    message: str
    remedy: str = ""
    severity: Literal["error", "note"] = "error"
    cause: Exception | None = field(default=None, repr=False, compare=False)
    type: ClassVar[str] = "error"


AgentEvent: TypeAlias = (
    TurnStarted
    | UserStarted
    | UserStopped
    | PartialTranscript
    | Transcript
    | TextDelta
    | SpeechChunk
    | WordSpoken
    | SpeechHeld
    | SpeechResumed
    | Idle
    | ToolRequested
    | ToolStarted
    | ToolProgress
    | ToolFinished
    | ApprovalRequested
    | HandedOver
    | AlarmRaised
    | Interrupted
    | MemoryWritten
    | TurnEnded
    | ErrorRaised
)


def to_json(event: AgentEvent) -> dict[str, Any]:
    """The event as plain JSON with its `type`; speech as a reference, never as samples."""
    shown = (f.name for f in fields(event) if f.name not in _HELD_BACK)
    return {"type": event.type} | {name: _plain(getattr(event, name)) for name in shown}


def _plain(value: object) -> object:
    if isinstance(value, Timings | Usage | WordTime):
        return {f.name: getattr(value, f.name) for f in fields(value)}
    return [_plain(item) for item in value] if isinstance(value, tuple) else value
