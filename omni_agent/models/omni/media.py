"""Sounds, pictures and clips of a request, decoded once for as long as they are talked about."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ...media import MediaStore
from ...media.loading import load_audio
from ...messages import Audio, Image, Media, Message, Video
from ...speech.pcm import Pcm
from ...vision.budget import BY_CHANGE, Budget
from ...vision.clip import open_clip
from ...vision.frames import Frame
from .checkpoint import MOST_PICTURES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

HEARING_RATE = 16_000
# At most a frame every two seconds, so that most clips keep to a budget that a small card can read.
_SECONDS_A_FRAME = 2.0
# Of a clip taken whole: two pictures a second, as the makers sample them (`qwen_omni_utils`), which the
# models read in pairs. A pair takes 128 to 768 tokens, by the room that all have.
FILM_STEP = 0.5
FEWEST_TOKENS, MOST_TOKENS = 128, 768
FILM_TOKENS = 10_240
_PIXELS_A_TOKEN = 32 * 32
_KEPT = 32


@dataclass(frozen=True, slots=True, eq=False)
class Sound:
    """A sound as the model hears it: mono float32 at `HEARING_RATE`."""

    key: str
    pcm: Pcm


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """An encoded picture; `seconds` is when a clip shows it, None for one that stands alone."""

    key: str
    data: bytes
    seconds: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """A clip: pictures in the order of their times, and its sound, if it has one."""

    key: str
    pictures: tuple[Picture, ...]
    sound: Sound | None
    seconds: float


@dataclass(frozen=True, slots=True, eq=False)
class Film:
    """A clip that the model takes whole: a picture every `FILM_STEP` seconds, the same where none is newer.

    Attributes:
        key: Of its pictures.
        frames: Encoded pictures.
        sound: From its beginning on; None for a silent one.
        tokens: Most that a pair of its pictures may take.
    """

    key: str
    frames: tuple[bytes, ...]
    sound: Sound | None
    tokens: int


Decoded = Sound | Picture | Clip | Film


class MediaReader:
    """Decodes what messages refer to, keeping the last few.

    Args:
        store: Where references lead; the user's own by default.
        whole: Whether clips are read as films; asked in a thread, when there is one.
    """

    def __init__(self, store: MediaStore | None = None, whole: Callable[[], bool] | None = None) -> None:
        self._store = store
        self._whole = whole
        self._kept: OrderedDict[str, Decoded] = OrderedDict()

    async def read(self, messages: Iterable[Message]) -> dict[str, Decoded]:
        """What the messages show, by reference.

        Raises:
            MediaError: A reference leads nowhere, or to what cannot be decoded.
        """
        found: dict[str, Decoded] = {}
        for part in (part for message in messages for part in message.media):
            if part.ref not in found and not (isinstance(part, Video) and part.apart):
                known = self._kept.pop(part.ref) if part.ref in self._kept else None
                found[part.ref] = known or await self._decoded(part)
        self._kept.update(found)
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return found

    async def _decoded(self, part: Media) -> Decoded:
        # Made only now, because the home may be set after the model was named.
        store = self._store = self._store or MediaStore()
        match part:
            case Audio():
                return await _sound(store, part.ref)
            case Image():
                return Picture(part.ref, await asyncio.to_thread(store.get, part.ref))
            case Video():
                whole = self._whole is not None and await asyncio.to_thread(self._whole)
                return await _film(store, part) if whole else await _clip(store, part)


async def _sound(store: MediaStore, ref: str) -> Sound:
    _, pcm = await load_audio(store, ref)
    return Sound(ref, await asyncio.to_thread(pcm.resampled, HEARING_RATE))


async def _clip(store: MediaStore, clip: Video) -> Clip:
    path = await asyncio.to_thread(store.path, clip.ref)
    count = max(2, min(MOST_PICTURES, round(clip.seconds / _SECONDS_A_FRAME) + 1))
    opened = await open_clip(path, replace(BY_CHANGE, frames=count), rate=HEARING_RATE)
    pictures = tuple(
        Picture(_frame_key(clip.ref, frame), frame.png, frame.seconds) for frame in opened.frames
    )
    sound = Sound(clip.ref, opened.sound) if opened.sound else None
    return Clip(clip.ref, pictures, sound, clip.seconds)


async def _film(store: MediaStore, clip: Video) -> Film:
    path = await asyncio.to_thread(store.path, clip.ref)
    count = max(4, round(clip.seconds / FILM_STEP) + 1)
    tokens = film_tokens(count)
    opened = await open_clip(path, Budget(frames=count, pixels=count * tokens * _PIXELS_A_TOKEN))
    shown = [frame.seconds for frame in opened.frames]
    steps = [bisect_right(shown, step * FILM_STEP + FILM_STEP / 2) - 1 for step in range(count)]
    frames = tuple(opened.frames[max(0, index)].png for index in steps)
    sound = Sound(clip.ref, opened.sound) if opened.sound else None
    return Film(f"{clip.ref}#film", frames, sound, tokens)


def film_tokens(count: int) -> int:
    """Most tokens of a pair of pictures, of so many pictures of a film."""
    return max(FEWEST_TOKENS, min(MOST_TOKENS, FILM_TOKENS * 2 // max(1, count)))


def _frame_key(ref: str, frame: Frame) -> str:
    return f"{ref}@{frame.seconds:.3f}"
