"""How a file becomes a part of a message; what its bytes mean, `sounds`, `pictures` and `clips` find out."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from ..messages import Audio, Image, Video
from .files import DEFAULT_LIMITS, Limits, MediaFile, open_media
from .store import SCHEME, MediaStore

if TYPE_CHECKING:
    from ..speech.pcm import Pcm

Source: TypeAlias = str | Path | bytes


async def load_image(store: MediaStore, source: Source, *, limits: Limits = DEFAULT_LIMITS) -> Image:
    """Keep a picture, upright, at most `limits.image_side` pixels a side, as PNG, JPEG or WebP.

    Of an animation the first frame is kept; transparency becomes white.

    Args:
        store: Where it is kept.
        source: A file's path, its bytes, or a `media://` reference.
        limits: What is too large.

    Raises:
        MediaError: It is missing, no picture, broken, or too large; one line that names it.
        OmniError: The store cannot be written.
    """

    def load() -> Image:
        from .pictures import decode_image

        with _opened(store, source) as file:
            data, mime, (width, height) = decode_image(file, limits)
        return Image(store.put(data, mime), mime, width, height)

    return await asyncio.to_thread(load)


async def load_audio(
    store: MediaStore, source: Source, *, limits: Limits = DEFAULT_LIMITS
) -> tuple[Audio, Pcm]:
    """Keep a sound as mono 16-bit WAV at its own rate, 48 kHz at most, and return its samples too.

    The samples are those of the file that is kept, so `load_audio(store, audio.ref)` gives the same again.

    Args:
        store: Where it is kept.
        source: A path, bytes, or a reference: WAV, FLAC, OGG, MP3, AIFF; also M4A, WebM and the sound of a
            video where PyAV is installed.
        limits: What is too large or too long.

    Raises:
        MediaError: It is missing, no sound, empty, broken before its first sample, too large or too long.
        OmniError: The store cannot be written.
    """

    def load() -> tuple[Audio, Pcm]:
        from .sounds import decode_audio

        with _opened(store, source) as file:
            pcm = decode_audio(file, limits)
        return Audio(store.put(pcm.to_wav(), "audio/wav"), "audio/wav", pcm.seconds), pcm

    return await asyncio.to_thread(load)


async def load_video(store: MediaStore, source: Source, *, limits: Limits = DEFAULT_LIMITS) -> Video:
    """Keep a clip as it is.

    Args:
        store: Where it is kept.
        source: A path, bytes, or a reference: whatever PyAV can open.
        limits: What is too large or too long.

    Raises:
        MediaError: It is missing, no video, broken, too large or too long, or PyAV is not installed.
        OmniError: The store cannot be written.
    """

    def load() -> Video:
        from .clips import probe_video

        with _opened(store, source) as file:
            mime, seconds = probe_video(file, limits)
            return Video(store.put_file(file.stream, mime), mime, seconds)

    return await asyncio.to_thread(load)


@contextmanager
def _opened(store: MediaStore, source: Source) -> Iterator[MediaFile]:
    if isinstance(source, str) and source.startswith(SCHEME):
        with open_media(store.path(source), source) as file:
            yield file
    else:
        with open_media(source if isinstance(source, bytes) else Path(source)) as file:
            yield file
