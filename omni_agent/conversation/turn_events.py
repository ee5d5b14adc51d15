"""What turn-taking is told. `at` is when, a reading of the session's clock, in seconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from ..speech.barge_in.interruption import Verdict


@dataclass(frozen=True, slots=True)
class VoiceStarted:
    """The user's voice is there, and was from `said_from` on."""

    at: float
    said_from: float


@dataclass(frozen=True, slots=True)
class VoicePaused:
    """The user's voice is gone; `since` is when it was last heard."""

    at: float
    since: float


@dataclass(frozen=True, slots=True)
class PauseJudged:
    """How many seconds of silence after the last word end the turn that reply `generation` would answer."""

    at: float
    generation: int
    wait: float


@dataclass(frozen=True, slots=True)
class VoiceJudged:
    """What a voice over the agent's is.

    Attributes:
        verdict: What is to become of the reply.
        began: When it began.
        last: When it was last heard.
        owed: Its words are to be answered when the agent has ended.
    """

    at: float
    verdict: Verdict
    began: float
    last: float
    owed: bool = False


@dataclass(frozen=True, slots=True)
class Sounding:
    """The listener hears the first of a reply."""

    at: float
    generation: int


@dataclass(frozen=True, slots=True)
class ReplyEnded:
    """A reply was heard to its end, or came to nothing."""

    at: float
    generation: int


@dataclass(frozen=True, slots=True)
class Given:
    """The user wrote or showed something."""

    at: float


@dataclass(frozen=True, slots=True)
class Stopped:
    """The program, or a key, stops the agent."""

    at: float


@dataclass(frozen=True, slots=True)
class Pressed:
    """The key is held down: the user has the floor."""

    at: float


@dataclass(frozen=True, slots=True)
class Released:
    """The key is let go: the turn is over."""

    at: float


@dataclass(frozen=True, slots=True)
class Woken:
    """The time has come that a `Wake` asked for."""

    at: float


Event: TypeAlias = (
    VoiceStarted
    | VoicePaused
    | PauseJudged
    | VoiceJudged
    | Sounding
    | ReplyEnded
    | Given
    | Stopped
    | Pressed
    | Released
    | Woken
)
