"""The input of a request, as the agent's own messages: media kept in the store, calls and results paired."""

from __future__ import annotations

from collections.abc import Sequence

from ...messages import Image, Message, Part, Text, ToolCall, ToolResult
from ..chat.attachments import Attachments
from ..chat.parsing import unsupported
from ..chat.reading import Conversation, arguments_of, orphan
from .requests import (
    AudioContent,
    CallItem,
    Content,
    ImageContent,
    MessageItem,
    RefusalContent,
    ResponsesRequest,
    ResultItem,
    TextContent,
)


async def conversation_of(
    request: ResponsesRequest, attachments: Attachments, earlier: Sequence[Message]
) -> Conversation:
    """The conversation of a request.

    Args:
        request: The request.
        attachments: Takes in pictures and sounds.
        earlier: The messages before, which it goes on with.

    Returns:
        The instructions, and the messages that are new.

    Raises:
        ApiError: Media cannot be read, or a result belongs to no call; `param` names the place.
    """
    instructions = [request.instructions or ""]
    if isinstance(request.input, str):
        said = Message("user", (Text(request.input),) if request.input else ())
        return Conversation(instructions[0], (said,))
    calls = {call.id: call.name for message in earlier for call in message.tool_calls}
    messages = list[Message]()
    for number, item in enumerate(request.input):
        place = f"input[{number}]"
        match item:
            case MessageItem(role="system" | "developer"):
                instructions.append(_words(item))
            case MessageItem(role="assistant"):
                _add(messages, Message("assistant", (Text(_words(item)),)))
            case MessageItem():
                messages.append(Message("user", await _parts(item, attachments, place)))
            case CallItem():
                arguments = arguments_of(item.arguments, f"{place}.arguments")
                calls[item.call_id] = item.name
                _add(messages, Message("assistant", (ToolCall(item.call_id, item.name, arguments),)))
            case ResultItem():
                if item.call_id not in calls:
                    raise orphan(f"{place}.call_id")
                result = await _result(item, calls[item.call_id], attachments, place)
                _add(messages, Message("tool", (result,)))
            case _:
                pass
    return Conversation("\n\n".join(filter(None, instructions)), tuple(messages))


def _add(messages: list[Message], message: Message) -> None:
    """The words and the calls of one answer are one message, and so are the results of its calls."""
    last = messages[-1] if messages else None
    if last and last.role == message.role and (message.role == "tool" or message.tool_calls):
        messages[-1] = Message(last.role, (*last.parts, *message.parts))
    elif message.parts:
        messages.append(message)


def _words(item: MessageItem) -> str:
    if isinstance(item.content, str):
        return item.content
    return "\n".join(
        part.text if isinstance(part, TextContent) else part.refusal
        for part in item.content
        if isinstance(part, TextContent | RefusalContent)
    )


async def _parts(item: MessageItem, attachments: Attachments, place: str) -> tuple[Part, ...]:
    content = item.content
    if isinstance(content, str):
        return (Text(content),) if content else ()
    return tuple([await _part(part, attachments, f"{place}.content[{i}]") for i, part in enumerate(content)])


async def _part(item: Content, attachments: Attachments, place: str) -> Part:
    match item:
        case TextContent():
            return Text(item.text)
        case RefusalContent():
            return Text(item.refusal)
        case AudioContent():
            return await attachments.audio(item.input_audio.data, f"{place}.input_audio.data")
        case ImageContent():
            return await _image(item, attachments, place)


async def _image(item: ImageContent, attachments: Attachments, place: str) -> Image:
    if item.image_url is None:
        raise unsupported(f"{place}.file_id", "cannot be had: no files are kept here; send 'image_url'")
    return await attachments.image(item.image_url, f"{place}.image_url")


async def _result(item: ResultItem, name: str, attachments: Attachments, place: str) -> ToolResult:
    if isinstance(item.output, str):
        return ToolResult(item.call_id, name, "done", item.output)
    words = "\n".join(part.text for part in item.output if isinstance(part, TextContent))
    shown = [
        await _image(part, attachments, f"{place}.output[{i}]")
        for i, part in enumerate(item.output)
        if isinstance(part, ImageContent)
    ]
    return ToolResult(item.call_id, name, "done", words, tuple(shown))
