"""What memory did, as a model is shown it: a note beside the user's words.

A small model that is shown calls of tools which it does not have writes such calls itself, and out loud. In
an agent without tools the rules for calls would also come into its prompt, which would be computed anew.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..messages import Message, Part, Text, ToolCall, ToolResult
from .requests import is_by_rule

_NOTE = "(You did what memory was asked. Say to the user: {content})"


def as_told(messages: Sequence[Message]) -> tuple[Message, ...]:
    """The messages with the calls made by rule, and their results, as notes of the user's message."""
    told: list[Message] = []
    for message in messages:
        notes = [
            Text(_NOTE.format(content=part.content))
            for part in message.parts
            if isinstance(part, ToolResult) and is_by_rule(part.call_id)
        ]
        if notes and told and told[-1].role == "user":
            told[-1] = Message("user", (*told[-1].parts, *notes))
        rest = tuple(part for part in message.parts if not _by_rule(part))
        if rest:
            told.append(Message(message.role, rest))
    return tuple(told)


def answers_memory(messages: Sequence[Message]) -> bool:
    """Whether the model is to tell what memory did, and nothing else."""
    return bool(messages) and any(_is_result(part) for part in messages[-1].parts)


def _by_rule(part: Part) -> bool:
    return (isinstance(part, ToolCall) and is_by_rule(part.id)) or _is_result(part)


def _is_result(part: Part) -> bool:
    return isinstance(part, ToolResult) and is_by_rule(part.call_id)
