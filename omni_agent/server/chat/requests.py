"""What a client sends to Chat Completions.

Source of the shape: `openai` 3.57, `types/chat/completion_create_params.py`. `video_url` is that of vLLM's
and Qwen's servers.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field, JsonValue

from .parsing import AnyObject, Loose

MOST_CHOICES = 8
MOST_TOOLS = 128
# What an engine can still count.
MOST_TOKENS = 2**31 - 1
SEEDS = 2**63

Name: TypeAlias = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_-]{0,63}$")]


class TextContent(Loose):
    type: Literal["text"]
    text: str


class RefusalContent(Loose):
    type: Literal["refusal"]
    refusal: str


class Address(Loose):
    url: str


class ImageContent(Loose):
    type: Literal["image_url"]
    image_url: Address


class VideoContent(Loose):
    type: Literal["video_url"]
    video_url: Address


class Sound(Loose):
    data: str
    format: Literal["wav", "mp3"]


class AudioContent(Loose):
    type: Literal["input_audio"]
    input_audio: Sound


Content: TypeAlias = Annotated[
    TextContent | ImageContent | AudioContent | VideoContent, Field(discriminator="type")
]
Said: TypeAlias = Annotated[TextContent | RefusalContent, Field(discriminator="type")]


class SystemMessage(Loose):
    role: Literal["system", "developer"]
    content: str | tuple[TextContent, ...]


class UserMessage(Loose):
    role: Literal["user"]
    content: str | tuple[Content, ...]


class FunctionCall(Loose):
    name: str
    arguments: str = ""


class Call(Loose):
    id: str
    type: Literal["function"] = "function"
    function: FunctionCall


class AudioReference(Loose):
    id: str


class AssistantMessage(Loose):
    role: Literal["assistant"]
    content: str | tuple[Said, ...] | None = None
    tool_calls: tuple[Call, ...] | None = None
    audio: AudioReference | None = None


class ToolMessage(Loose):
    role: Literal["tool"]
    content: str | tuple[TextContent, ...]
    tool_call_id: str


ChatMessage: TypeAlias = Annotated[
    SystemMessage | UserMessage | AssistantMessage | ToolMessage, Field(discriminator="role")
]


class Function(Loose):
    name: Name
    description: str | None = None
    parameters: AnyObject | None = None


class FunctionTool(Loose):
    type: Literal["function"]
    function: Function


class NamedFunction(Loose):
    name: str


class ChosenFunction(Loose):
    type: Literal["function"]
    function: NamedFunction


class AllowedTool(Loose):
    type: Literal["function"] = "function"
    function: NamedFunction


class AllowedTools(Loose):
    mode: Literal["auto", "required"]
    tools: tuple[AllowedTool, ...]


class ChosenTools(Loose):
    type: Literal["allowed_tools"]
    allowed_tools: AllowedTools


ToolChoice: TypeAlias = (
    Literal["none", "auto", "required"] | Annotated[ChosenFunction | ChosenTools, Field(discriminator="type")]
)


class JsonSchema(Loose):
    name: str = "answer"
    schema_: AnyObject = Field(default_factory=dict, alias="schema")


class ResponseFormat(Loose):
    type: Literal["text", "json_object", "json_schema"]
    json_schema: JsonSchema | None = None


class VoiceId(Loose):
    id: str


class AudioWanted(Loose):
    format: Literal["wav", "mp3", "flac", "opus", "pcm16", "aac"]
    voice: str | VoiceId = ""

    @property
    def voice_name(self) -> str:
        """The name of the voice that is wanted."""
        return self.voice if isinstance(self.voice, str) else self.voice.id


class StreamOptions(Loose):
    include_usage: bool | None = None


class ChatRequest(Loose):
    """The body of a request. What is declared here and not used elsewhere is refused where it is set."""

    model: str = ""
    messages: tuple[ChatMessage, ...] = Field(min_length=1)
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    n: int | None = Field(None, ge=1, le=MOST_CHOICES)
    stop: str | tuple[str, ...] | None = None
    seed: int | None = Field(None, ge=-SEEDS, lt=SEEDS)
    max_tokens: int | None = Field(None, ge=1, le=MOST_TOKENS)
    max_completion_tokens: int | None = Field(None, ge=1, le=MOST_TOKENS)
    temperature: float | None = Field(None, ge=0, le=2)
    tools: tuple[FunctionTool, ...] | None = Field(None, max_length=MOST_TOOLS)
    tool_choice: ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    response_format: ResponseFormat | None = None
    modalities: tuple[Literal["text", "audio"], ...] | None = None
    audio: AudioWanted | None = None
    user: str | None = Field(None, max_length=256)
    metadata: dict[Annotated[str, Field(max_length=64)], Annotated[str, Field(max_length=512)]] | None = None
    functions: JsonValue = None
    function_call: JsonValue = None
    logprobs: JsonValue = None
    top_logprobs: JsonValue = None
    logit_bias: JsonValue = None
    web_search_options: JsonValue = None

    @property
    def speaks(self) -> bool:
        """Whether the answer is wanted as speech too."""
        return "audio" in (self.modalities or ())

    @property
    def counts(self) -> bool:
        """Whether a stream ends with its usage."""
        return bool(self.stream_options and self.stream_options.include_usage)

    @property
    def choices(self) -> int:
        """How many answers."""
        return self.n or 1

    @property
    def most_tokens(self) -> int | None:
        """Of an answer, by whichever of its two names it was given."""
        return self.max_completion_tokens or self.max_tokens

    @property
    def session(self) -> str:
        """The conversation that the client names; empty where it names none."""
        return (self.metadata or {}).get("session", "")
