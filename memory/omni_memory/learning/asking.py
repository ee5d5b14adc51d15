"""What the rules leave open, read by the language model: grammar holds it to a form, and we to the words."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import aclosing
from datetime import datetime
from typing import Any

from omni_agent.memory import USER, Statement
from omni_agent.messages import JsonObject, Message, Text
from omni_agent.models.base import OmniModel, Request, TextDelta

from .rules import state

UNSURE = 0.6
"""Confidence of what a model reads."""
MOST_SENTENCES = 4
MOST_FACTS = 4

_TASK = (
    "You note lasting facts that the user tells about himself, his people and his things: what he is, has, "
    "likes, does, takes, plans. Copy each value from the user's words. Moods, wishes of the moment, small "
    "talk and orders are no facts: then the list is empty."
)
_RELATIONS = (
    "name", "lives_in", "comes_from", "job", "works_at", "studies", "likes", "dislikes", "owns",
    "allergic_to", "condition", "takes", "hobby", "habit", "skill", "goal", "plan", "event", "family", "pet",
    "friend", "address", "schedule",
)  # fmt: skip
_FORMAT: JsonObject = {
    "type": "array",
    "maxItems": MOST_FACTS,
    "items": {
        "type": "object",
        "properties": {
            "who": {"type": "string", "maxLength": 30},
            "relation": {"enum": list(_RELATIONS)},
            "value": {"type": "string", "maxLength": 60},
        },
        "required": ["who", "relation", "value"],
        "additionalProperties": False,
    },
}
_SHOTS: tuple[tuple[str, list[dict[str, str]]], ...] = (
    ("I take a pill for my thyroid every morning",
     [{"who": "user", "relation": "takes", "value": "a pill for my thyroid"}]),
    ("I'm so bored today", []),
    ("my niece Clara just began to study law",
     [{"who": "Clara", "relation": "studies", "value": "law"}]),
    ("I would like some music", []),
    ("we are saving up for a trip to Norway",
     [{"who": "user", "relation": "goal", "value": "a trip to Norway"}]),
)  # fmt: skip
_WORD = re.compile(r"\w+")
# What only points at something is no value: nobody knows later what "this song" was.
_POINTS = re.compile(r"\b(?:this|that|these|those|it|you|your|here|there|now|today)\b", re.IGNORECASE)
_FIRST = frozenset({"i", "me", "my", "user", "the user", "we", "myself", ""})


async def extract(model: OmniModel, sentences: Sequence[str], *, at: datetime) -> list[Statement]:
    """What the model finds in the user's sentences; only what stands in them word for word.

    Raises:
        ModelError: The model failed or cannot be had.
    """
    found: list[Statement] = []
    for sentence in sentences[:MOST_SENTENCES]:
        found += grounded(await _answer(model, sentence), sentence)
    return found


async def _answer(model: OmniModel, sentence: str) -> str:
    messages = [
        message
        for said, noted in _SHOTS
        for message in (_message("user", said), _message("assistant", json.dumps(noted)))
    ]
    request = Request(
        system=_TASK,
        messages=(*messages, _message("user", sentence)),
        format=_FORMAT,
        max_tokens=160,
    )
    answer = ""
    async with aclosing(model.stream(request)) as events:
        async for event in events:
            if isinstance(event, TextDelta):
                answer += event.text
    return answer


def _message(role: Any, text: str) -> Message:
    return Message(role, (Text(text),))


def grounded(answer: str, sentence: str) -> list[Statement]:
    """The statements of a model's answer whose words are the user's."""
    try:
        items = json.loads(answer)
    except ValueError:
        return []
    spoken = set(_WORD.findall(sentence.casefold()))
    return list(_statements(items if isinstance(items, list) else [], spoken))[:MOST_FACTS]


def _statements(items: list[Any], spoken: set[str]) -> Iterator[Statement]:
    for item in items:
        if not isinstance(item, dict):
            continue
        who, relation, value = (str(item.get(key, "")).strip() for key in ("who", "relation", "value"))
        words = set(_WORD.findall(value.casefold()))
        subject = USER if who.casefold() in _FIRST else who
        known = subject == USER or set(_WORD.findall(who.casefold())) <= spoken
        if relation and words and words <= spoken and known and not _POINTS.search(value):
            yield state(subject, relation, _told(value), confidence=UNSURE)


def _told(value: str) -> str:
    return re.sub(r"\b(?:my|our)\b", "the", value, flags=re.IGNORECASE).strip(" .")
