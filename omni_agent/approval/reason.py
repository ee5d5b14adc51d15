"""Why a call is asked about before it runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any

from ..events import ApprovalReason
from ..execution import Entry
from ..messages import Audio, Hearing, Message, ToolResult
from ..tool import Tool

UNSURE = 0.5
"""Mean probability of an utterance's words below which it counts as badly heard.

Measured with Whisper base on 60 recorded orders: clean speech 0.59 and up, with babble at 10 dB 0.67 and up;
a short word taken for one of another language 0.37 to 0.45."""

UNSURE_WORD = 0.1
"""Probability of a word below which it counts as badly heard, where no list of values speaks for it.

Single words are a weak sign: of the same orders a third has a rightly heard word below 0.35, and 4 in 60 one
below 0.1."""


def reason_to_ask(
    tool: Tool, messages: Sequence[Message], provenance: Mapping[str, Any], twin: Entry | None
) -> ApprovalReason | None:
    """Why a call is asked about; None where it may run.

    Args:
        tool: What is called.
        messages: Those of the turn, the user's first.
        provenance: What each argument rests on, where that is known.
        twin: The same call, made a moment ago.
    """
    if tool.effect == "irreversible":
        return "irreversible"
    if tool.effect == "read":
        return None
    if twin and twin.status == "unknown":
        return "unknown"
    if any(_badly_heard(part.hearing, provenance, tool) for part in _heard(messages[0])):
        return "unsure"
    if any(_untrusted(message) for message in messages):
        return "untrusted"
    return None


def _heard(message: Message) -> list[Audio]:
    return [part for part in message.parts if isinstance(part, Audio)]


def _untrusted(message: Message) -> bool:
    return any(isinstance(part, ToolResult) and part.untrusted for part in message.parts)


def _badly_heard(hearing: Hearing | None, provenance: Mapping[str, Any], tool: Tool) -> bool:
    """Whether an utterance was, or a word of it that a value rests on, unless the value is one of a list."""
    if hearing is None:
        return False
    properties = tool.spec.parameters.get("properties", {})
    spans = [
        rest["span"]
        for path, rest in provenance.items()
        if rest["source"] == "words" and rest.get("span") and not _listed(properties.get(path.split(".")[0]))
    ]
    ends = list(accumulate(len(word.text) + 1 for word in hearing.words))
    return 0 < hearing.confidence < UNSURE or any(
        0 < word.confidence < UNSURE_WORD and any(first < end and start < last for first, last in spans)
        for word, start, end in zip(hearing.words, [0, *ends], ends, strict=False)
    )


def _listed(schema: object) -> bool:
    """Whether a schema names its values."""
    if isinstance(schema, dict):
        return "enum" in schema or "const" in schema or any(map(_listed, schema.values()))
    return isinstance(schema, list) and any(map(_listed, schema))
