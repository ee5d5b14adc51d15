"""A question to the model that is answered under a grammar, after examples."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import aclosing
from typing import Any, Literal

from omni_agent.messages import JsonObject, Message, Text
from omni_agent.models.base import OmniModel, Request, TextDelta

Shot = tuple[str, Any]
"""What is asked, and what the answer holds."""


async def answered(
    model: OmniModel, task: str, shots: Sequence[Shot], asked: str, form: JsonObject, *, most: int
) -> str:
    """The answer as JSON, cut off where it takes more than `most` tokens.

    Raises:
        ModelError: The model failed or cannot be had.
    """
    examples = (
        message
        for question, answer in shots
        for message in (_message("user", question), _message("assistant", json.dumps(answer)))
    )
    request = Request(
        system=task, messages=(*examples, _message("user", asked)), format=form, max_tokens=most
    )
    words = ""
    async with aclosing(model.stream(request)) as events:
        async for event in events:
            if isinstance(event, TextDelta):
                words += event.text
    return words


def _message(role: Literal["user", "assistant"], text: str) -> Message:
    return Message(role, (Text(text),))
