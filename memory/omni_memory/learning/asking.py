"""What the rules leave open, read by the language model: grammar holds it to a form, and we to the words."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from omni_agent.memory import USER, Statement
from omni_agent.messages import JsonObject
from omni_agent.models.base import OmniModel

from .answering import answered
from .dating import dated
from .rules import state
from .telling import third_person

UNSURE = 0.6
"""Confidence of what a model reads."""
CHANGES = re.compile(
    r"\b(?:now|new|moved|changed|switched|started|instead|no longer|any ?more|these days|meanwhile|"
    r"jetzt|neu\w*|maintenant|nouve\w+|ahora|nuev\w+|adesso|ora|nuov\w+|agora|nov[oa])\b|今|现在",
    re.IGNORECASE,
)
"""Words that tell of a change: then what a model reads may take the place of what a rule read before."""
MOST_SENTENCES = 4
MOST_FACTS = 4
MOST_TOLD = 160
"""Characters of a sentence that is kept as the text of its fact."""

_TASK = (
    "You note lasting facts that the user tells about himself, his people and his things: what he is, has, "
    "likes, does, takes, plans. Copy each value from the user's words. Moods, wishes of the moment, small "
    "talk and orders are no facts: then the list is empty."
)
_RELATIONS = (
    "lives_in", "job", "works_at", "studies", "likes", "dislikes", "owns", "condition", "takes", "hobby",
    "habit", "skill", "goal", "plan", "event", "family", "pet", "friend", "schedule",
)  # fmt: skip
# Without one of these words such a reading is a guess, and is kept as something that happened.
_CUES = {
    "lives_in": frozenset({
        "live", "lives", "living", "lived", "moved", "moving", "home", "house", "flat", "apartment",
        "settled", "now", "room", "village", "city", "town",
    }),
    "works_at": frozenset({
        "work", "works", "working", "job", "shift", "shifts", "hired", "office", "employed", "company",
        "firm", "started", "joined", "boss", "team",
    }),
    "job": frozenset({
        "work", "works", "working", "job", "shift", "shifts", "living", "profession", "career",
        "business", "freelance", "teach", "teaching", "am", "i'm", "m", "as", "run", "own",
    }),
    "studies": frozenset({
        "study", "studying", "studies", "school", "university", "college", "course", "degree", "class",
        "classes", "student", "exam", "exams", "master", "masters", "learning",
    }),
}  # fmt: skip
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
    ("last week we got a kitten named Tiger",
     [{"who": "user", "relation": "pet", "value": "a kitten named Tiger"}]),
    ("my garden looks lovely", []),
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
        said = grounded(await _answer(model, sentence), sentence)
        found += dated(_in_own_words(said, sentence), sentence, at)
    return found


def _in_own_words(said: list[Statement], sentence: str) -> list[Statement]:
    """The statements, told by the user's own sentence, which can be no misreading: one about each subject."""
    if len(sentence) > MOST_TOLD:
        return said
    first = {one.subject: one for one in reversed(said)}
    return [replace(one, text=third_person(sentence)) for one in first.values()]


async def _answer(model: OmniModel, sentence: str) -> str:
    return await answered(model, _TASK, _SHOTS, sentence, _FORMAT, most=160)


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
            cue = _CUES.get(relation)
            sure = cue is None or bool(spoken & cue)
            yield state(subject, relation if sure else "event", _told(value), confidence=UNSURE)


def _told(value: str) -> str:
    return re.sub(r"\b(?:my|our)\b", "the", value, flags=re.IGNORECASE).strip(" .")
