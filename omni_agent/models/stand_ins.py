"""Sounds and pictures in a chat of llama.cpp: words stand in for them until the prompt is written.

The prompt is written in words and cut to the context by them, so a stand-in is as long as what it stands for
costs. Nobody can write one: its mark is made anew for each request.
"""

from __future__ import annotations

import asyncio
import base64
import io
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from ..errors import MediaError
from ..media import MediaStore
from ..messages import Audio, Image, Media, Message, Part, Text, ToolResult

if TYPE_CHECKING:
    from .base import Modality, Request
    from .prompt import ChatMessage

JsonPart: TypeAlias = dict[str, Any]

# llama.cpp fills a sound up to whole windows of 30 s, each 750 tokens (Qwen2.5-Omni's kind of projector:
# counted); a picture is 1,280 at most. Three characters are taken for a token.
_WINDOW_S, _A_WINDOW, _A_PICTURE, _CHARACTERS = 30, 750, 1_280, 3
_SIDE = 1_024


@dataclass(frozen=True, slots=True)
class Shown:
    """A request in words, and what its stand-ins stand for.

    Attributes:
        request: With stand-ins.
        parts: In the form of llama.cpp's chat completions, by the number in the stand-in.
        mark: What the stand-ins begin with.
        sighted: The model sees pictures.
    """

    request: Request
    parts: tuple[JsonPart, ...]
    mark: str
    sighted: bool

    def filled(self, chat: Sequence[ChatMessage]) -> list[JsonPart]:
        """The chat with sounds and pictures where their stand-ins were."""
        split = re.compile(f"\\[{self.mark}:(\\d+):\\.*\\]")
        return [{"role": turn["role"], "content": self._content(turn["content"], split)} for turn in chat]

    def _content(self, text: str, split: re.Pattern[str]) -> str | list[JsonPart]:
        pieces = split.split(text)
        if len(pieces) == 1:
            return text
        content: list[JsonPart] = []
        for place, piece in enumerate(pieces):
            if place % 2:
                content.append(self.parts[int(piece)])
            elif piece.strip():
                content.append({"type": "text", "text": piece.strip("\n")})
        return content


async def shown(request: Request, senses: frozenset[Modality], store: MediaStore) -> Shown:
    """Put stand-ins where the request shows what the model takes in by itself.

    What is gone from the store is left out, but for the last message, which is about it.

    Raises:
        MediaError: The last message shows what cannot be read.
    """
    mark = secrets.token_hex(8)
    parts: list[JsonPart] = []
    numbers: dict[str, int] = {}
    for message in request.messages:
        for part in message.media:
            if part.type in senses and part.ref not in numbers:
                try:
                    parts.append(await asyncio.to_thread(_encoded, part, store))
                except MediaError:
                    if message is request.messages[-1]:
                        raise
                else:
                    numbers[part.ref] = len(parts) - 1
    messages = tuple(_replaced(message, numbers, mark) for message in request.messages)
    return Shown(replace(request, messages=messages), tuple(parts), mark, "image" in senses)


def _replaced(message: Message, numbers: Mapping[str, int], mark: str) -> Message:
    return replace(message, parts=tuple(_standing(part, numbers, mark) for part in message.parts))


def _standing(part: Part, numbers: Mapping[str, int], mark: str) -> Part:
    match part:
        case Audio() | Image() if part.ref in numbers:
            return Text(_stand_in(part, numbers, mark, sized=True))
        case ToolResult(media=media) if any(item.ref in numbers for item in media):
            # Before the words, because long results are cut at their end.
            marks = [_stand_in(item, numbers, mark, sized=False) for item in media if item.ref in numbers]
            return replace(part, content="\n".join((*marks, part.content)))
        case _:
            return part


def _stand_in(part: Media, numbers: Mapping[str, int], mark: str, *, sized: bool) -> str:
    windows = int(part.seconds // _WINDOW_S) + 1 if isinstance(part, Audio) else 0
    tokens = windows * _A_WINDOW or _A_PICTURE
    return f"[{mark}:{numbers[part.ref]}:{'.' * (tokens * _CHARACTERS if sized else 0)}]"


def _encoded(part: Media, store: MediaStore) -> JsonPart:
    data = store.get(part.ref)
    if isinstance(part, Audio):
        encoded = base64.b64encode(data).decode("ascii")
        return {"type": "input_audio", "input_audio": {"data": encoded, "format": "wav"}}
    encoded = base64.b64encode(_small(data)).decode("ascii")
    return {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{encoded}"}}


def _small(data: bytes) -> bytes:
    """A picture as PNG: llama.cpp's decoder knows no WebP, and large pictures cost more than they tell."""
    from PIL import Image as Pictures

    with Pictures.open(io.BytesIO(data)) as opened:
        picture = opened.convert("RGB")
    picture.thumbnail((_SIDE, _SIDE))
    kept = io.BytesIO()
    picture.save(kept, "PNG")
    return kept.getvalue()
