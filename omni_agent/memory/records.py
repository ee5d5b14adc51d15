"""What a conversation leaves: whose it is, its turns, and what is found again of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from ..events import Timings, TurnStatus, Usage
from ..messages import Message

Asker = Literal["user", "agent"]


LOCAL_USER = "local"
"""Who the user is where nobody says."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose memory: nothing crosses from one user, or from one persona, to another.

    Attributes:
        user: Who talks.
        persona: To whom: sessions, turns, summaries and blocks are this persona's own.
        circle: Name of a circle of personas that share what they know of the user (its facts); empty where
            this persona keeps that to itself.
    """

    user: str
    persona: str
    circle: str = ""


@dataclass(frozen=True, slots=True)
class TurnRecord:
    """One finished turn, as it is remembered.

    Attributes:
        id: The turn's own id; writing the same id again replaces the record.
        session: The conversation it belongs to.
        messages: All of the turn, the user's message first, calls and results included.
        text: The whole answer.
        heard_text: What the user got of it; the next turn's model sees this, not `text`.
        status: How it ended.
        started_at: When the input came.
        ended_at: When the last of the answer left.
        asked_by: Whose words it began with: another agent's say nothing about the user.
    """

    id: str
    session: str
    messages: tuple[Message, ...]
    text: str
    heard_text: str
    status: TurnStatus
    started_at: datetime
    ended_at: datetime
    timings: Timings = field(default_factory=Timings)
    usage: Usage = field(default_factory=Usage)
    asked_by: Asker = "user"


@dataclass(frozen=True, slots=True)
class InView:
    """What the model sees of a conversation anyway, so that it need not be recalled: a session's turns
    that started at `since` or later."""

    session: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Recollection:
    """Something that memory found relevant: a sentence for the model, and where it comes from.

    Attributes:
        text: The words, with the date where it matters.
        source: `turn:ID/user`, `turn:ID/agent`, `fact:ID` or `summary:ID`.
        at: When it was said, or since when it holds.
        score: How much of the question it meets, 0 to 1; where even the best is below 0.2, memory hardly
            knows anything about it. The order of a recall is not that of the scores.
    """

    text: str
    source: str
    at: datetime | None = None
    score: float = 0.0


@dataclass(frozen=True, slots=True)
class SessionSummary:
    """One conversation in a listing."""

    id: str
    turns: int
    started_at: datetime
    last_at: datetime
