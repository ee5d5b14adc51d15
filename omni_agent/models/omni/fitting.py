"""A conversation cut to the model's context: whole turns, the oldest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...messages import Audio, Image, Message, ToolResult, Video
from ...tokens import estimated_tokens
from ..prompt import newest
from .checkpoint import MOST_PICTURES
from .media import FEWEST_TOKENS, FILM_TOKENS

if TYPE_CHECKING:
    from ..base import Request

# 12.5 to 25 tokens a second of sound by family; a picture by its size, at most 1280.
_A_SECOND = 25
_A_PICTURE = 640
_A_MESSAGE = 8


def fit(request: Request, room: int) -> Request:
    """The request without its oldest turns, so that its messages take about `room` tokens; the last stays."""
    return newest(request, room, lambda turn: sum(map(_size, turn)))


def _size(message: Message) -> int:
    size = _A_MESSAGE
    # A tool's media count like the user's own; both are in `media`.
    for shown in message.media:
        match shown:
            case Video(apart=True):
                size += estimated_tokens(shown.in_words)
            case Audio(seconds=seconds):
                size += int(seconds * _A_SECOND)
            case Video(seconds=seconds):
                pictures = max(MOST_PICTURES * _A_PICTURE, FILM_TOKENS, int(seconds * FEWEST_TOKENS))
                size += int(seconds * _A_SECOND) + pictures
            case Image():
                size += _A_PICTURE
    for part in message.parts:
        if isinstance(part, ToolResult):
            size += estimated_tokens(part.content)
    for call in message.tool_calls:
        size += estimated_tokens(f"{call.name}{call.arguments}")
    return size + estimated_tokens(message.text)
