"""What turn-taking wants done. Times are readings of the session's clock, in seconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Listen:
    """An utterance begins at `said_from`. With `again` it goes on with the one before, whose reply nobody
    heard."""

    said_from: float
    again: bool = False


@dataclass(frozen=True, slots=True)
class Ignore:
    """The voice over the agent's was none that wants an answer."""


@dataclass(frozen=True, slots=True)
class Begin:
    """Begin a reply to what was said until `until`, and keep it to yourself."""

    generation: int
    until: float


@dataclass(frozen=True, slots=True)
class Abandon:
    """The user goes on after a pause of so many seconds: the reply that was begun is nothing."""

    generation: int
    paused: float


@dataclass(frozen=True, slots=True)
class Take:
    """The turn is over: let the reply be heard, and its tools run."""

    generation: int


@dataclass(frozen=True, slots=True)
class Cut:
    """End the reply where it is. `early` tells that the turn was taken too early."""

    generation: int
    early: bool = False


@dataclass(frozen=True, slots=True)
class Hold:
    """Be silent at once, and keep what is still to be said."""


@dataclass(frozen=True, slots=True)
class Resume:
    """Go on where the silence began."""


@dataclass(frozen=True, slots=True)
class Wake:
    """Send `Woken` at this time, instead of at any that was asked for before."""

    at: float


@dataclass(frozen=True, slots=True)
class TellIdle:
    """Nobody has said anything for so many seconds."""

    seconds: float


Effect: TypeAlias = Listen | Ignore | Begin | Abandon | Take | Cut | Hold | Resume | Wake | TellIdle
