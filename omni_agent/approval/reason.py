"""Why a call is asked about before it runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any, Literal

from ..execution import Entry
from ..messages import Audio, Hearing, Message, ToolResult
from ..tool import Tool

Reason = Literal["irreversible", "unsure", "untrusted", "unknown"]

UNSURE = 0.35
"""Mean probability of a word's tokens below which it counts as badly heard."""


def reason_to_ask(
    tool: Tool, messages: Sequence[Message], provenance: Mapping[str, Any], twin: Entry | None
) -> Reason | None:
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
    if any(_badly_heard(part.hearing, provenance) for part in _heard(messages[0])):
        return "unsure"
    if any(_untrusted(message) for message in messages):
        return "untrusted"
    return None


def _heard(message: Message) -> list[Audio]:
    return [part for part in message.parts if isinstance(part, Audio)]


def _untrusted(message: Message) -> bool:
    return any(isinstance(part, ToolResult) and part.untrusted for part in message.parts)


def _badly_heard(hearing: Hearing | None, provenance: Mapping[str, Any]) -> bool:
    """Whether an argument rests on badly heard words; where nothing tells on which, on all of them."""
    if hearing is None:
        return False
    spans = [rest["span"] for rest in provenance.values() if rest["source"] == "words" and rest.get("span")]
    if not spans or not hearing.words:
        return 0 < hearing.confidence < UNSURE
    ends = list(accumulate(len(word.text) + 1 for word in hearing.words))
    starts = [0, *ends]
    return any(
        0 < word.confidence < UNSURE and any(first < end and start < last for first, last in spans)
        for word, start, end in zip(hearing.words, starts, ends, strict=False)
    )
