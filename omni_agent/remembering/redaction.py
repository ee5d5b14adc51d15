"""A turn in which something was forgotten, without naming it: else the turn itself would remember it."""

from __future__ import annotations

from dataclasses import replace

from ..memory import TurnRecord
from ..messages import Message, Text, ToolResult
from .requests import FORGET

ASKED = "[The user had something forgotten.]"
DONE = "[It was forgotten.]"


def forgetting(record: TurnRecord) -> bool:
    """Whether something was forgotten in a turn, or may have been."""
    results = (part for message in record.messages for part in message.parts if isinstance(part, ToolResult))
    return any(
        result.name == FORGET and result.status in ("done", "unknown", "running") for result in results
    )


def redacted(record: TurnRecord) -> TurnRecord:
    """The turn with other words: neither what was asked, nor the question, the calls or the answer stay."""
    said = (Message("user", (Text(ASKED),)), Message("assistant", (Text(DONE),)))
    return replace(record, messages=said, text=DONE, heard_text=DONE)
