"""Sounds, pictures and clips as parts of a message: their bytes go along in base64, the newest first.

Whole conversations are sent with each request, so what is old and large stays behind and is told in words.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ...messages import Audio, Image, JsonObject, Media, Message, Video

if TYPE_CHECKING:
    from ...media import MediaStore
    from ..base import Modality

MOST_BYTES = 16 * 1024 * 1024
"""Of media in one request; services refuse more than about 20 MB."""

_FORMATS = {"audio/wav": "wav", "audio/mpeg": "mp3"}


@dataclass(frozen=True, slots=True)
class Attachments:
    """What goes along with a request.

    Attributes:
        data: Base64 by reference.
        clips_sound: There are clips among it, and each has a sound track. Servers want to be told whether
            clips are heard, once for the whole conversation, and fail on one that has nothing to hear.
    """

    data: Mapping[str, str] = field(default_factory=dict)
    clips_sound: bool = False


async def loaded(
    messages: Sequence[Message], store: MediaStore, inputs: frozenset[Modality], most: int = MOST_BYTES
) -> Attachments:
    """The media that go along.

    Args:
        messages: The conversation, oldest first.
        store: Where they are kept.
        inputs: What the model takes in.
        most: Bytes, from the newest on; the last message's go along whatever their size.

    Raises:
        MediaError: The last message's are gone.
    """
    wanted = [
        part
        for message in reversed(messages)
        for part in message.media
        if part.type in inputs and not _is_apart(part)
    ]
    if not wanted:
        return Attachments()
    last = messages[-1].media
    return await asyncio.to_thread(_encoded, wanted, last, store, most)


def _is_apart(part: Media) -> bool:
    """Whether it is a clip that is too long for the model, whose pictures and words stand beside it."""
    return isinstance(part, Video) and part.apart


def _encoded(wanted: Sequence[Media], last: Sequence[Media], store: MediaStore, most: int) -> Attachments:
    from ...errors import MediaError

    found: dict[str, str] = {}
    for part in wanted:
        try:
            data = b"" if part.ref in found else store.get(part.ref)
        except MediaError:
            # Erased since: the conversation goes on without it.
            if part in last:
                raise
            continue
        if data and (part in last or len(data) <= most):
            most -= len(data)
            found[part.ref] = base64.b64encode(data).decode("ascii")
    clips = {part.ref for part in wanted if isinstance(part, Video) and part.ref in found}
    return Attachments(found, bool(clips) and all(_sounds(store.path(ref)) for ref in clips))


def _sounds(clip: Path) -> bool:
    """Whether a clip has a sound track; taken for granted where nobody can look."""
    try:
        import av
    except ImportError:
        return True
    try:
        with av.open(str(clip)) as container:
            return bool(container.streams.audio)
    except (OSError, ValueError):
        return True


def attached(part: Media, data: str) -> JsonObject:
    """The part in OpenAI's shape, and for clips in vLLM's: `input_audio`, `image_url`, `video_url`."""
    match part:
        case Audio(mime=mime):
            return {"type": "input_audio", "input_audio": {"data": data, "format": _FORMATS.get(mime, "wav")}}
        case Image(mime=mime):
            return {"type": "image_url", "image_url": {"url": f"data:{mime};base64,{data}"}}
        case Video(mime=mime):
            return {"type": "video_url", "video_url": {"url": f"data:{mime};base64,{data}"}}


def told(part: Media) -> str:
    """The part in words, for a model that does not get it."""
    match part:
        case Audio(hearing=hearing):
            return hearing.text if hearing and hearing.text else "[a sound without words]"
        case Image(reading=reading):
            text = " / ".join(reading.text.splitlines()) if reading else ""
            return f'[picture; it says: "{text}"]' if text else "[picture]"
        case Video(moments=moments):
            return part.in_words if moments is not None else "[clip]"
