"""Summing up what has become too long to be seen whole, a segment at a time, when nobody talks.

A window that holds more than a quarter of the model's context is cut: the oldest turns are summed up until an
eighth is left, and only then does the window move, once, so that a model's prefix cache is made anew once.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import aclosing
from datetime import datetime
from typing import TYPE_CHECKING

from omni_agent.memory import TurnRecord
from omni_agent.messages import Message, Text
from omni_agent.models.base import Request, TextDelta
from omni_agent.tokens import estimated_tokens

from .repository.jobs import Work
from .repository.repository import Repository
from .repository.summaries import Segment

if TYPE_CHECKING:
    from omni_agent.models.base import OmniModel

VERSION = 1
_SEGMENT_TOKENS = 500
_MOST_TOKENS = 90
_MOST_WORDS = 60
_TASK = (
    "You sum up a part of a conversation for later. Write at most three short sentences in English about "
    "what the user told, asked and decided, with every name, place, date and number in it. Add nothing."
)
_EXAMPLE = (
    "User: hi, I need a gift for my brother Karl, he turns 40 on Friday\n"
    "Assistant: Happy birthday to Karl! Does he like books?\n"
    "User: no, he cooks a lot. 50 euros at most\n"
    "Assistant: A good knife would fit.\n"
    "User: great, I'll get him the knife",
    "The user needed a gift for their brother Karl, who turns 40 on Friday, likes to cook and does not like "
    "books. The limit was 50 euros. The user decided to get Karl a knife.",
)
_SENTENCE = re.compile(r"[^.!?。！？]+[.!?。！？]*")
_NAMES = re.compile(r"(?<=[a-z,;:] )[A-ZÀ-Þ]\w+|\d+")


async def summarise(repository: Repository, work: Work, model: OmniModel, *, now: datetime) -> None:
    """Sum up a session, if its window has become long, and end the work.

    Raises:
        ModelError: The model failed.
        MemoryStoreError: The database cannot be used.
    """
    summaries, context = repository.summaries, model.capabilities.context_tokens
    uncut = repository.database.uncut
    left = await uncut(summaries.unsummed(work.scope, work.session))
    folded = await uncut(summaries.folded(work.scope, work.session))
    folding = _total(left) > context // 4
    while left:
        segment, rest = _first_segment(left)
        # What an erasure took out of the summed up is summed up again without it.
        due = segment and (segment[0][0] <= folded or (folding and _total(left) > context // 8))
        if not due:
            break
        text = await _summed_up([turn for _, turn in segment], model)
        whole = Segment(segment[0][0], segment[-1][0], text)
        await uncut(summaries.keep(work, whole, model=type(model).__name__, version=VERSION, at=now))
        left = rest
    await uncut(summaries.fold(work, move=folding))


def _first_segment(
    turns: Sequence[tuple[int, TurnRecord]],
) -> tuple[list[tuple[int, TurnRecord]], list[tuple[int, TurnRecord]]]:
    """The oldest turns that make a segment, and the others; the last turn always stays out.

    Places in a row only: a gap is one that a summary covers.
    """
    size, end = 0, 0
    for index, (seq, turn) in enumerate(turns[:-1]):
        if index and (seq != turns[index - 1][0] + 1 or size + _size(turn) > _SEGMENT_TOKENS):
            break
        size += _size(turn)
        end = index + 1
    return [*turns[:end]], [*turns[end:]]


def _total(turns: Sequence[tuple[int, TurnRecord]]) -> int:
    return sum(_size(turn) for _, turn in turns)


def _size(turn: TurnRecord) -> int:
    return sum(estimated_tokens(message.text) + 8 for message in turn.messages)


async def _summed_up(turns: Sequence[TurnRecord], model: OmniModel) -> str:
    told = "\n".join(line for turn in turns for line in _lines(turn))
    messages = (
        Message("user", (Text(_EXAMPLE[0]),)),
        Message("assistant", (Text(_EXAMPLE[1]),)),
        Message("user", (Text(told),)),
    )
    words = ""
    async with aclosing(
        model.stream(Request(_TASK, messages, talk=False, max_tokens=_MOST_TOKENS))
    ) as events:
        async for event in events:
            if isinstance(event, TextDelta):
                words += event.text
    return grounded(words, told)


def _lines(turn: TurnRecord) -> list[str]:
    said = turn.messages[0].text if turn.messages and turn.messages[0].role == "user" else ""
    return [
        f"{who}: {' '.join(words.split())}"
        for who, words in (("User", said), ("Assistant", turn.heard_text))
        if words.strip()
    ]


def grounded(summary: str, told: str) -> str:
    """The sentences of a summary whose names and numbers were told, whole ones, up to a limit of words."""
    known = told.casefold()
    kept: list[str] = []
    for sentence in _SENTENCE.findall(" ".join(summary.split())):
        sentence = sentence.strip()
        if not sentence.endswith((".", "!", "?", "。", "！", "？")):
            continue
        if all(name.casefold() in known for name in _NAMES.findall(sentence)):
            kept.append(sentence)
        if sum(len(one.split()) for one in kept) >= _MOST_WORDS:
            break
    return " ".join(kept)
