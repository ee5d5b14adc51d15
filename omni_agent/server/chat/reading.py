"""The messages of a request, as the agent's own: media kept in the store, calls and their results paired."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pydantic_core import from_json

from ...messages import JsonObject, Message, Part, Text, ToolCall, ToolResult
from ..errors import ApiError
from .attachments import Attachments
from .parsing import finite, invalid
from .requests import (
    AssistantMessage,
    AudioContent,
    Call,
    ChatRequest,
    Content,
    ImageContent,
    SystemMessage,
    TextContent,
    ToolMessage,
    UserMessage,
    VideoContent,
)


@dataclass(frozen=True, slots=True)
class Conversation:
    """What a client brings along.

    Attributes:
        instructions: What it says as the system.
        messages: The conversation, oldest first.
    """

    instructions: str
    messages: tuple[Message, ...]


async def conversation_of(
    request: ChatRequest, attachments: Attachments, spoken: Callable[[str], str]
) -> Conversation:
    """The conversation of a request.

    Args:
        request: The request.
        attachments: Takes in pictures and sounds.
        spoken: The words of an earlier spoken answer, by its id.

    Raises:
        ApiError: Media cannot be read, or a result belongs to no call; `param` names the place.
    """
    instructions, messages = list[str](), list[Message]()
    calls = dict[str, str]()
    for number, message in enumerate(request.messages):
        place = f"messages[{number}]"
        match message:
            case SystemMessage():
                instructions.append(_text(message.content))
            case UserMessage():
                messages.append(Message("user", await _parts(message, attachments, place)))
            case AssistantMessage():
                said = _assistant(message, spoken, place)
                calls |= {call.id: call.name for call in said.tool_calls}
                messages += [said] if said.parts else []
            case ToolMessage():
                _add_result(messages, _result(message, calls, place))
    return Conversation("\n\n".join(filter(None, instructions)), tuple(messages))


async def _parts(message: UserMessage, attachments: Attachments, place: str) -> tuple[Part, ...]:
    if isinstance(message.content, str):
        return (Text(message.content),) if message.content else ()
    return tuple(
        [await _part(item, attachments, f"{place}.content[{i}]") for i, item in enumerate(message.content)]
    )


async def _part(item: Content, attachments: Attachments, place: str) -> Part:
    match item:
        case TextContent():
            return Text(item.text)
        case ImageContent():
            return await attachments.image(item.image_url.url, f"{place}.image_url.url")
        case AudioContent():
            return await attachments.audio(item.input_audio.data, f"{place}.input_audio.data")
        case VideoContent():
            return await attachments.video(item.video_url.url, f"{place}.video_url.url")


def _assistant(message: AssistantMessage, spoken: Callable[[str], str], place: str) -> Message:
    content = message.content or ""
    words = content if isinstance(content, str) else "".join(_said(part) for part in content)
    if not words and message.audio:
        words = spoken(message.audio.id)
    calls = [_call(call, f"{place}.tool_calls[{i}]") for i, call in enumerate(message.tool_calls or ())]
    return Message("assistant", (*([Text(words)] if words else []), *calls))


def _said(part: object) -> str:
    return part.text if isinstance(part, TextContent) else getattr(part, "refusal", "")


def _text(content: str | tuple[TextContent, ...]) -> str:
    return content if isinstance(content, str) else "\n".join(part.text for part in content)


def _call(call: Call, place: str) -> ToolCall:
    arguments = arguments_of(call.function.arguments, f"{place}.function.arguments")
    return ToolCall(call.id, call.function.name, arguments)


def arguments_of(text: str, param: str) -> JsonObject:
    """The arguments of a call, which travel as JSON within JSON.

    Raises:
        ApiError: They are no JSON object.
    """
    try:
        arguments = finite(from_json(text)) if text.strip() else {}
    except ValueError:
        arguments = None
    if not isinstance(arguments, dict):
        raise invalid(param, "is no JSON object")
    return arguments


def _result(message: ToolMessage, calls: dict[str, str], place: str) -> ToolResult:
    name = calls.get(message.tool_call_id)
    if name is None:
        raise orphan(f"{place}.tool_call_id")
    return ToolResult(message.tool_call_id, name, "done", _text(message.content))


def orphan(param: str) -> ApiError:
    """A result of a call that was never made."""
    return invalid(param, "answers no call of an earlier message of the assistant")


def _add_result(messages: list[Message], result: ToolResult) -> None:
    """Results of one answer's calls are one message."""
    if messages and messages[-1].role == "tool":
        messages[-1] = Message("tool", (*messages[-1].parts, result))
    else:
        messages.append(Message("tool", (result,)))
