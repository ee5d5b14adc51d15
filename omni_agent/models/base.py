"""The seam to every model: one method, `stream`, and what the model can do.

The graph asks `Capabilities`, never a class. Model events are not what callers see (that is
`omni_agent.events`) and not what goes over a wire.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias, runtime_checkable

from ..events import Usage
from ..messages import JsonObject, Message, ToolCall, ToolSpec
from ..senses import Senses

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from ..speech.turn_end.service import TurnService

Modality = Literal["text", "audio", "image", "video"]
# No tool can have this name.
ANY_TOOL = "*"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a model can take and give by itself, without the senses.

    Attributes:
        inputs: Modalities that its messages may hold.
        most: How many of a modality one message may hold; any number of one that is not named.
        video_sound: It hears the sound of a clip beside its pictures.
        speech: It speaks its answer itself.
        streams_speech: It speaks while it writes; else the speech comes when the words are done.
        voices: Names of its voices, the first its usual one; empty where it has one without a name.
        speech_rate: Samples a second of its speech, 0 where it has none or its events tell.
        tools: It can call tools.
        tools_with_speech: It can call tools in a request that also asks for speech.
        context_tokens: Length of its context, prompt and answer together.
        languages: ISO 639-1 codes of its written languages; empty where the maker names no limit.
        invents: It fills in arguments that nobody gave and calls tools that do not fit, as small models do:
            its calls are grounded in what was said before they run.
        tells_turns: It hears the user while he speaks and tells where his turns end, as `TellsTurns`.
    """

    inputs: frozenset[Modality] = frozenset({"text"})
    most: Mapping[Modality, int] = field(default_factory=dict)
    video_sound: bool = False
    speech: bool = False
    streams_speech: bool = False
    voices: tuple[str, ...] = ()
    speech_rate: int = 0
    tools: bool = True
    tools_with_speech: bool = False
    context_tokens: int = 8192
    languages: frozenset[str] = frozenset()
    invents: bool = False
    tells_turns: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """One call of a model.

    Attributes:
        system: The system prompt; the same from turn to turn, so that its prefix stays cached.
        messages: The conversation, oldest first; the last is the user's or the tools'.
        tools: What may be called; empty for talk only.
        talk: The last message is a user's who is to be answered; else it is material for the task that
            `system` sets, such as to sum it up.
        tool_choice: Name of the one of them that the answer must call, `ANY_TOOL` for any of them; empty
            leaves it to the model.
        withheld: Names of those that the answer may not call, though the prompt, being cached, shows them.
        background: What the messages begin after: what is known of the user, and the conversation before them
            in short. It changes seldom, and is part of the prefix of that conversation.
        context: Words for this request only (what memory recalled), not part of the stable prefix.
        language: ISO 639-1 code that the answer is wanted in; empty for the user's own.
        languages: Codes that all answers of the conversation are in, the first where the user's own is not
            among them; empty for any.
        max_tokens: Most tokens of the answer.
        temperature: 0 for the most likely words.
        seed: For what is random.
        speech: Speech is wanted, if the model has a voice of its own.
        voice: Which of its voices; empty for its usual one.
        format: JSON Schema that the answer's text must fit; such an answer neither talks nor calls, so it
            goes without tools.
        recalling: The answer stands in `context`, the messages are only the question and what it leans on.
            The embedded model reads it as a task of its own: the conversation's prefix stays cached.
    """

    system: str
    messages: tuple[Message, ...]
    tools: tuple[ToolSpec, ...] = ()
    talk: bool = True
    tool_choice: str = ""
    withheld: frozenset[str] = frozenset()
    background: str = ""
    context: str = ""
    language: str = ""
    languages: tuple[str, ...] = ()
    max_tokens: int = 512
    temperature: float = 0.0
    seed: int = 0
    speech: bool = False
    voice: str = ""
    format: JsonObject | None = None
    recalling: bool = False

    @property
    def demand(self) -> str:
        """The tool choice in words, for models that are told it; empty where there is none."""
        if not self.tool_choice:
            return ""
        what = "one of the tools" if self.tool_choice == ANY_TOOL else self.tool_choice
        return f"Call {what} now."


@dataclass(frozen=True, slots=True)
class TextDelta:
    """Words of the answer; never markup of a call."""

    text: str


@dataclass(frozen=True, slots=True)
class SpeechDelta:
    """Speech of a model with its own voice: signed 16-bit little-endian mono samples."""

    pcm: bytes
    sample_rate: int


@dataclass(frozen=True, slots=True)
class ToolCallDelta:
    """A call is being written: `name` is known, `arguments` is the JSON text so far added."""

    index: int
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Done:
    """The last event. `reason` is why the model stopped."""

    reason: Literal["stop", "length", "tool_calls"]


ModelEvent: TypeAlias = TextDelta | SpeechDelta | ToolCallDelta | ToolCall | Usage | Done

__all__ = [
    "ANY_TOOL",
    "Capabilities",
    "Done",
    "Message",
    "Modality",
    "ModelEvent",
    "OmniModel",
    "Request",
    "Senses",
    "SpeechDelta",
    "TellsTurns",
    "TextDelta",
    "ToolCall",
    "ToolCallDelta",
    "ToolSpec",
    "Usage",
]


@runtime_checkable
class OmniModel(Protocol):
    """Anything that answers a conversation."""

    @property
    def capabilities(self) -> Capabilities:
        """What it can do by itself."""
        ...

    @property
    def senses(self) -> Senses:
        """Ears, eyes and voice that come with it, for what it cannot do by itself."""
        ...

    def stream(self, request: Request) -> AsyncGenerator[ModelEvent, None]:
        """Answer, event by event, ending with `Usage` and `Done`.

        Closing the generator or cancelling its consumer stops the model at the next token.

        Raises:
            ModelUnavailable: It cannot be loaded or reached.
            ModelError: It failed on the way.
        """
        ...

    async def prewarm(self, request: Request | None = None) -> None:
        """Load, and compute the prefix of `request`, so that the first reply is not the slow one."""
        ...

    async def close(self) -> None:
        """Free what it holds; a closed model may load again at its next use."""
        ...


class TellsTurns(Protocol):
    """What a model with `tells_turns` can do besides."""

    def turn_service(self) -> TurnService | None:
        """What tells the turns of one live conversation; None where it cannot now."""
        ...
