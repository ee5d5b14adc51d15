"""The bytes of sounds and pictures, as a realtime service takes them."""

from __future__ import annotations

import asyncio

from ...media import MediaStore, load_audio
from ...messages import Audio, Image
from . import picture
from .profile import Profile
from .sound import packets


async def sound_of(part: Audio, profile: Profile) -> list[str]:
    """A sound in packets of base64.

    Raises:
        MediaError: It is gone or broken.
    """
    store = MediaStore()
    _, pcm = await load_audio(store, await asyncio.to_thread(store.get, part.ref))
    return await asyncio.to_thread(lambda: list(packets(pcm, profile.hears_at)))


async def picture_of(part: Image, profile: Profile) -> str:
    """A picture as JPEG in base64.

    Raises:
        MediaError: It is gone or broken.
    """

    def read() -> str:
        return picture.jpeg(MediaStore().get(part.ref), profile.pictures)

    return await asyncio.to_thread(read)
