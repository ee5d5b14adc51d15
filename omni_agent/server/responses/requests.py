"""What a client sends to Responses.

Source of the shape: `openai` 3.57, `types/responses/`: `response_create_params.py`,
`response_input_item_param.py`.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Discriminator, Field, JsonValue, Tag

from ..chat.parsing import AnyObject, Loose
from ..chat.requests import MOST_TOKENS, MOST_TOOLS, Name, Sound

Pairs: TypeAlias = dict[Annotated[str, Field(max_length=64)], Annotated[str, Field(max_length=512)]]


class TextContent(Loose):
    type: Literal["input_text", "output_text", "text"]
    text: str


class RefusalContent(Loose):
    type: Literal["refusal"]
    refusal: str


class ImageContent(Loose):
    type: Literal["input_image"]
    image_url: str | None = None
    file_id: str | None = None


class AudioContent(Loose):
    type: Literal["input_audio"]
    input_audio: Sound


Content: TypeAlias = Annotated[
    TextContent | RefusalContent | ImageContent | AudioContent, Field(discriminator="type")
]
Shown: TypeAlias = Annotated[TextContent | ImageContent, Field(discriminator="type")]


class MessageItem(Loose):
    type: Literal["message"] = "message"
    role: Literal["user", "assistant", "system", "developer"]
    content: str | tuple[Content, ...]


class CallItem(Loose):
    type: Literal["function_call"]
    call_id: str
    name: str
    arguments: str


class ResultItem(Loose):
    type: Literal["function_call_output"]
    call_id: str
    output: str | tuple[Shown, ...]


class ReasoningItem(Loose):
    """Another model's thoughts, which are passed over."""

    type: Literal["reasoning"]


def _kind(item: object) -> str:
    kind = item.get("type") if isinstance(item, dict) else getattr(item, "type", None)
    return kind if isinstance(kind, str) else "message"


Item: TypeAlias = Annotated[
    Annotated[MessageItem, Tag("message")]
    | Annotated[CallItem, Tag("function_call")]
    | Annotated[ResultItem, Tag("function_call_output")]
    | Annotated[ReasoningItem, Tag("reasoning")],
    Discriminator(_kind),
]


class FunctionTool(Loose):
    type: Literal["function"]
    name: Name
    description: str | None = None
    parameters: AnyObject | None = None
    strict: bool | None = None


class ChosenFunction(Loose):
    type: Literal["function"]
    name: str


class AllowedTool(Loose):
    type: Literal["function"]
    name: str


class ChosenTools(Loose):
    type: Literal["allowed_tools"]
    mode: Literal["auto", "required"]
    tools: tuple[AllowedTool, ...]


ToolChoice: TypeAlias = (
    Literal["none", "auto", "required"] | Annotated[ChosenFunction | ChosenTools, Field(discriminator="type")]
)


class Format(Loose):
    type: Literal["text", "json_object", "json_schema"]
    name: str = "answer"
    schema_: AnyObject | None = Field(None, alias="schema")
    strict: bool | None = None


class TextWanted(Loose):
    format: Format | None = None


class ConversationId(Loose):
    id: str = Field(min_length=1, max_length=256)


class ResponsesRequest(Loose):
    """The body of a request. What is declared here and not used elsewhere is refused where it is set."""

    model: str = ""
    input: str | Annotated[tuple[Item, ...], Field(min_length=1)]
    instructions: str | None = None
    previous_response_id: str | None = None
    conversation: Annotated[str, Field(min_length=1, max_length=256)] | ConversationId | None = None
    store: bool | None = None
    stream: bool | None = None
    tools: tuple[FunctionTool, ...] | None = Field(None, max_length=MOST_TOOLS)
    tool_choice: ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    text: TextWanted | None = None
    max_output_tokens: int | None = Field(None, ge=1, le=MOST_TOKENS)
    temperature: float | None = Field(None, ge=0, le=2)
    top_p: float | None = None
    metadata: Pairs | None = None
    user: str | None = Field(None, max_length=256)
    background: JsonValue = None
    prompt: JsonValue = None
    top_logprobs: JsonValue = None

    @property
    def keeps(self) -> bool:
        """Whether the answer is to be had again later, which is so unless the client says no."""
        return self.store is not False

    @property
    def brings_only_results(self) -> bool:
        """Whether all that it holds are results of calls that were made before it."""
        return not isinstance(self.input, str) and all(isinstance(item, ResultItem) for item in self.input)

    @property
    def session(self) -> str:
        """The conversation that the client names; empty where it names none."""
        named = self.conversation
        if named is None:
            return (self.metadata or {}).get("session", "")
        return named if isinstance(named, str) else named.id
