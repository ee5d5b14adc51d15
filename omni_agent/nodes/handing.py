"""What was shown goes to the tools that take media: models cannot write its references."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace

from ..messages import Message, ToolCall
from ..tool import Toolbox, handed_over


def with_media(calls: Sequence[ToolCall], earlier: Sequence[Message], toolbox: Toolbox) -> list[ToolCall]:
    """The calls with the media that were shown last.

    Several calls of a tool get one picture after the other: "count the coins in both".
    """
    shown = _shown_last(earlier)
    count = Counter[str]()
    handed = []
    for call in calls:
        if call.name in toolbox:
            parameters = toolbox[call.name].spec.parameters
            turned = {kind: _from(count[call.name], references) for kind, references in shown.items()}
            call = replace(call, arguments=handed_over(call.arguments, parameters, turned))
        count[call.name] += 1
        handed.append(call)
    return handed


def _shown_last(messages: Sequence[Message]) -> dict[str, list[str]]:
    """For each kind, the references in the last message that shows it."""
    shown: dict[str, list[str]] = {}
    for message in messages:
        here = defaultdict[str, list[str]](list)
        for part in message.media:
            here[part.type].append(part.ref)
        shown |= here
    return shown


def _from(first: int, references: Sequence[str]) -> list[str]:
    at = first % len(references)
    return [*references[at:], *references[:at]]
