"""Sounds, pictures and a clip to hand in, small and made here."""

from __future__ import annotations

import asyncio
import io
from typing import TYPE_CHECKING, Any

from ...media import MediaStore, load_audio, load_image, load_video
from ...messages import Audio, Image, Media, Video
from ...models.base import Modality
from .check import Inconclusive

if TYPE_CHECKING:
    from ...speech.pcm import Pcm

# Pixels a side; vision encoders want at least two patches of 28.
_SIDE = 112


class Samples:
    """Media in the user's store, as every model reads them, for as long as the check runs."""

    def __init__(self) -> None:
        self._store = MediaStore()
        self._ours: set[str] = set()

    async def some(self, kind: Modality, count: int = 1) -> list[Media]:
        """So many media of a kind, no two alike.

        Raises:
            Inconclusive: A clip cannot be made here.
        """
        make: dict[Modality, Any] = {"audio": self._sound, "image": self._picture, "video": self._clip}
        return [await make[kind](number) for number in range(count)]

    def missing(self, kind: Modality) -> Media:
        """One whose bytes are gone."""
        ref = f"media://{'0' * 64}"
        kinds: dict[Modality, Media] = {
            "audio": Audio(ref, seconds=1.0),
            "image": Image(ref, width=_SIDE, height=_SIDE),
            "video": Video(ref, seconds=1.0),
        }
        return kinds[kind]

    def clear(self) -> None:
        """Take them out of the store again."""
        for ref in self._ours:
            self._store.delete(ref)
        self._ours.clear()

    async def _sound(self, number: int) -> Audio:
        part, _ = await load_audio(self._store, _tone(440.0 + 55 * number).to_wav())
        self._ours.add(part.ref)
        return part

    async def _picture(self, number: int) -> Image:
        part = await load_image(self._store, _square(number))
        self._ours.add(part.ref)
        return part

    async def _clip(self, number: int) -> Video:
        try:
            data = await asyncio.to_thread(_moving, number)
        except ImportError:
            raise Inconclusive("a clip cannot be made: PyAV is not installed", "pip install av") from None
        part = await load_video(self._store, data)
        self._ours.add(part.ref)
        return part


def _tone(hertz: float) -> Pcm:
    """Half a second of it, at 16 kHz."""
    import numpy as np

    from ...speech.pcm import Pcm

    at = np.arange(8_000, dtype=np.float32) / 16_000
    return Pcm((0.3 * np.sin(2 * np.pi * hertz * at)).astype(np.float32), 16_000)


def _square(number: int) -> bytes:
    from PIL import Image as Pictures

    kept = io.BytesIO()
    colour = (40 + 20 * (number % 10), 90, 160)
    Pictures.new("RGB", (_SIDE, _SIDE), colour).save(kept, "PNG")
    return kept.getvalue()


def _moving(number: int) -> bytes:
    """A second of plain pictures in an MP4."""
    import av
    import numpy as np

    kept = io.BytesIO()
    with av.open(kept, "w", format="mp4") as container:
        stream: Any = container.add_stream("mpeg4", rate=4)
        stream.width = stream.height = _SIDE
        stream.pix_fmt = "yuv420p"
        for shade in range(4):
            picture = np.full((_SIDE, _SIDE, 3), 40 * shade + 9 * (number % 8), dtype=np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    return kept.getvalue()
