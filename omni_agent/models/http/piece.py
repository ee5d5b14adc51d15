"""A chunk of an answer in our own words, whatever the dialect that it came in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...events import Usage


@dataclass(frozen=True, slots=True)
class CallPiece:
    """A part of a call in the server's own field for calls.

    Attributes:
        index: Which call of the answer.
        id: Its id, in the first part at least; servers leave it out, or empty, later on.
        name: The tool's name, in the first part at least.
        arguments: More of its arguments, as JSON text.
    """

    index: int
    id: str = ""
    name: str = ""
    arguments: str = ""


@dataclass(frozen=True, slots=True)
class Piece:
    """What one chunk says.

    Attributes:
        text: Words, and markup where the server does not read it.
        transcript: What its speech says, where a server sends the words that way.
        sound: Speech in base64.
        rate: Samples a second that the chunk names for it, 0 where it does not.
        channels: How many it has.
        calls: Parts of calls.
        reason: Why the model ended, once it has.
        usage: What was counted.
    """

    text: str = ""
    transcript: str = ""
    sound: str = ""
    rate: int = 0
    channels: int = 1
    calls: tuple[CallPiece, ...] = ()
    reason: str = ""
    usage: Usage | None = None
