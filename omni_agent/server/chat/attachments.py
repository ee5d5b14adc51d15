"""Pictures, sounds and clips of a request, kept in the media store.

They are carried within it. What it names by an address instead is fetched only where the server is told to.
"""

from __future__ import annotations

import asyncio
import binascii
import re
from base64 import b64decode
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import TypeVar

from ...errors import OmniError
from ...media import MediaStore, load_audio, load_image, load_video
from ...messages import Audio, Image, Media, Video
from ..errors import ApiError
from ..fetching import fetched
from ..hosting import Hosting
from .parsing import invalid, unsupported

Loaded = TypeVar("Loaded", bound=Media)
_DATA_URI = re.compile(r"data:([\w.+-]+/[\w.+-]+)?((?:;[\w.+-]+=[^;,]*)*);base64,", re.IGNORECASE)
_ADDRESS = re.compile(r"https?://", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Attachments:
    """Takes them in.

    Attributes:
        hosting: Says how large they may be, and whether addresses are followed.
        media: Where they are kept.

    Each method raises `ApiError`, with the field for `param`, where there is nothing of the kind.
    """

    hosting: Hosting
    media: MediaStore

    async def image(self, url: str, param: str) -> Image:
        """The picture of a data URI."""
        data = await self._data(url, param)
        return await self._kept(load_image(self.media, data, limits=self.hosting.limits.media), param)

    async def video(self, url: str, param: str) -> Video:
        """The clip of a data URI."""
        data = await self._data(url, param)
        return await self._kept(load_video(self.media, data, limits=self.hosting.limits.media), param)

    async def audio(self, encoded: str, param: str) -> Audio:
        """A sound in base64; of what kind it is, its first bytes tell."""

        async def load() -> Audio:
            sound, _ = await load_audio(self.media, data, limits=self.hosting.limits.media)
            return sound

        data = await _decoded(encoded, param)
        return await self._kept(load(), param)

    async def _data(self, url: str, param: str) -> bytes:
        if found := _DATA_URI.match(url):
            return await _decoded(url[found.end() :], param)
        if not _ADDRESS.match(url):
            raise unsupported(param, "must be a data URI, data:image/png;base64,…")
        try:
            return await fetched(url, self.hosting)
        except ApiError as error:
            raise _at(param, error) from None

    async def _kept(self, loading: Awaitable[Loaded], param: str) -> Loaded:
        try:
            return await loading
        except OmniError as error:
            raise _at(param, ApiError.of(error)) from None


async def _decoded(encoded: str, param: str) -> bytes:
    try:
        data = await asyncio.to_thread(b64decode, encoded, validate=True)
    except (binascii.Error, ValueError):
        raise invalid(param, "is no base64") from None
    if not data:
        raise invalid(param, "is empty")
    return data


def _at(param: str, error: ApiError) -> ApiError:
    return ApiError(error.message, status=error.status, code=error.code, param=param)
