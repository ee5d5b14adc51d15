"""What may be handed in: a file or bytes, within limits. This file knows no formats."""

from __future__ import annotations

import io
import os
import stat
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import MediaError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Limits:
    """What is too large to take in.

    Attributes:
        image_pixels: Width times height, looked up before anything is decoded.
        image_bytes: Size of a picture's file.
        image_side: A larger picture is kept scaled down to this, in pixels of its longer side.
        audio_seconds: Length of a sound.
        audio_bytes: Size of a sound's file.
        video_seconds: Length of a clip.
        video_bytes: Size of a clip's file.
    """

    image_pixels: int = 40_000_000
    image_bytes: int = 25 * _MEGABYTE
    image_side: int = 2048
    audio_seconds: float = 30 * 60.0
    audio_bytes: int = 200 * _MEGABYTE
    video_seconds: float = 10 * 60.0
    video_bytes: int = 500 * _MEGABYTE


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class MediaFile:
    """An open file and what to call it.

    Attributes:
        name: For messages.
        stream: Seekable, at its beginning.
        size: Bytes.
    """

    name: str
    stream: io.BufferedReader | io.BytesIO
    size: int

    def check_size(self, most: int) -> None:
        """Refuse what is larger than `most` bytes.

        Raises:
            MediaError: It is.
        """
        if self.size > most:
            raise MediaError(
                f"{self.name} is too large: {self.size / _MEGABYTE:.0f} MB, at most {most / _MEGABYTE:g} MB",
                code="media_too_large",
                remedy="hand in a smaller or shorter one",
            )

    def check_seconds(self, seconds: float, most: float) -> None:
        """Refuse what is longer than `most` seconds.

        Raises:
            MediaError: It is.
        """
        if seconds > most:
            raise MediaError(
                f"{self.name} is too long: {_length(seconds)}, at most {_length(most)}",
                code="media_too_long",
                remedy="cut it into shorter ones",
            )

    def broken(self, what: str, remedy: str = "") -> MediaError:
        """An error that names this file: `what` follows its name."""
        return MediaError(f"{self.name} {what}", remedy=remedy)


@contextmanager
def open_media(source: Path | bytes, name: str = "") -> Iterator[MediaFile]:
    """Open what was handed in.

    Raises:
        MediaError: It is missing, no file, unreadable or empty.
    """
    if isinstance(source, bytes):
        name = name or f"the data of {len(source):,} bytes"
        yield _not_empty(MediaFile(name, io.BytesIO(source), len(source)))
        return
    name = name or str(source)
    try:
        # A pipe without a writer would block for ever, and nothing else but a file has a size.
        kind = os.stat(source).st_mode
        if not stat.S_ISREG(kind):
            what = "a folder" if stat.S_ISDIR(kind) else "no regular file"
            raise MediaError(f"{name} is {what}", remedy="name a file")
        stream = open(source, "rb")  # noqa: SIM115 (the with below closes it; only opening may fail here)
    except FileNotFoundError:
        raise MediaError(f"{name} does not exist", code="media_not_found", remedy="check the path") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise MediaError(
            f"{name!r} cannot be read: {reason}", remedy="check its path and permissions"
        ) from None
    with stream:
        yield _not_empty(MediaFile(name, stream, os.fstat(stream.fileno()).st_size))


def _not_empty(file: MediaFile) -> MediaFile:
    if not file.size:
        raise file.broken("is empty", "record or save it again")
    return file


def _length(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.3g} s"
    return f"{seconds / 60:.0f} min" if seconds < 2 * 3600 else f"{seconds / 3600:.1f} h"
