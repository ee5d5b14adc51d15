"""What an agent is handed of a conversation: items as messages."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from ...messages import JsonObject, Message, Part, Role, Text, ToolCall, ToolResult
from .items import Content, Item

NOT_RUN = "No result was given."
UNASKED = "(The user has not said anything. Go on as you were told.)"
"""Stands in the user's place where the agent is to speak first."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """What an agent answers.

    Attributes:
        messages: The conversation; ends with what is to be answered.
        instructions: What system items say.
        unasked: Nobody said anything that is to be answered: the last message only stands for it.
        silent: All that is new are sounds in which nothing was said.
    """

    messages: tuple[Message, ...]
    instructions: str = ""
    unasked: bool = False
    silent: bool = False


async def prompt_of(items: Iterable[Item], asked: int = 0) -> Prompt:
    """The messages of a conversation. Calls and their results stand together, each call with one.

    Args:
        items: The conversation.
        asked: The number of the response that answers it: see `Item.asked`.

    Raises:
        OmniError: A sound in it could not be heard.
    """
    listed = list(items)
    results = {item.call_id: item for item in listed if item.type == "function_call_output"}
    calls = {item.call_id for item in listed if item.type == "function_call"}
    made, system, empty = _Messages(), list[str](), 0
    for item in listed:
        match item.type:
            case "function_call":
                call = ToolCall(item.call_id, item.name, _arguments(item))
                made.call(call, _result(item, results.get(item.call_id)))
            case "function_call_output" if item.call_id not in calls:
                made.say("user", (Text(f"(The result of a call: {item.output})"),), item.asked)
            case "function_call_output":
                made.answered()
            case "message" if item.role == "system":
                system.append(item.text)
            case _:
                parts = await _parts(item)
                empty += item.asked == asked and item.role == "user" and not parts
                made.say("assistant" if item.role == "assistant" else "user", parts, item.asked)
    new = [item for item in listed if item.asked == asked and item.role != "system"]
    messages = made.messages
    unasked = not messages or messages[-1].role == "assistant"
    if unasked:
        messages.append(Message("user", (Text(UNASKED),)))
    return Prompt(tuple(messages), "\n".join(filter(None, system)), unasked, 0 < empty == len(new))


class _Messages:
    """Messages as they come about. What belongs to one contribution is one message."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self._asked: int | None = None
        self._calling = False

    def say(self, role: Role, parts: tuple[Part, ...], asked: int) -> None:
        """Words and media; those of one role that were answered together are one message."""
        if not parts:
            return
        last = self.messages[-1] if self.messages else None
        if last and last.role == role and (role == "assistant" or asked == self._asked):
            self.messages[-1] = Message(role, (*last.parts, *parts))
        else:
            self.messages.append(Message(role, parts))
        self._asked, self._calling = asked, False

    def call(self, call: ToolCall, result: ToolResult) -> None:
        """A call and what became of it; calls of one answer have their results behind all of them."""
        if self._calling:
            asked, results = self.messages[-2:]
            self.messages[-2:] = [
                Message("assistant", (*asked.parts, call)),
                Message("tool", (*results.parts, result)),
            ]
            return
        if self.messages and self.messages[-1].role == "assistant":
            self.messages[-1] = Message("assistant", (*self.messages[-1].parts, call))
        else:
            self.messages.append(Message("assistant", (call,)))
        self.messages.append(Message("tool", (result,)))
        self._calling = True

    def answered(self) -> None:
        """A result came: calls after it are of another answer."""
        self._calling = False


def _result(call: Item, result: Item | None) -> ToolResult:
    if result is None:
        return ToolResult(call.call_id, call.name, "cancelled", NOT_RUN)
    return ToolResult(call.call_id, call.name, "done", result.output)


def _arguments(call: Item) -> JsonObject:
    try:
        made = json.loads(call.arguments or "{}")
    except (ValueError, RecursionError):
        return {}
    return made if isinstance(made, dict) else {}


async def _parts(item: Item) -> tuple[Part, ...]:
    made = [await _part(content) for content in item.content]
    return tuple(part for part in made if part)


async def _part(content: Content) -> Part | None:
    if content.utterance:
        return await content.utterance.part()
    if content.media:
        return content.media
    return Text(content.text) if content.text.strip() else None


def recent(items: Iterable[Item], most: int = 8) -> list[Message]:
    """The words of the last items: names in them are likely to be said again."""
    last = [item for item in items if item.type == "message" and item.text][-most:]
    return [Message("assistant" if i.role == "assistant" else "user", (Text(i.text),)) for i in last]
