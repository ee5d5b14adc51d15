"""Pictures, sounds and clips that a request carries within itself. Nothing is ever fetched."""

from __future__ import annotations

import asyncio
import binascii
import re
from base64 import b64decode

from ...errors import OmniError
from ...media import MediaStore, load_audio, load_image, load_video
from ...messages import Audio, Image, Video
from ..errors import ApiError
from .parsing import invalid, unsupported

_DATA_URI = re.compile(r"data:([\w.+-]+/[\w.+-]+)?((?:;[\w.+-]+=[^;,]*)*);base64,", re.IGNORECASE)
_INLINE = "must be a data URI, data:image/png;base64,…: nothing is fetched from addresses in requests"


async def image_of(url: str, media: MediaStore, param: str) -> Image:
    """The picture of a data URI, kept in the media store.

    Raises:
        ApiError: It is none; `param` names the field.
    """
    data = await _decoded(_payload(url, param), param)
    try:
        return await load_image(media, data)
    except OmniError as error:
        raise _refused(error, param) from None


async def video_of(url: str, media: MediaStore, param: str) -> Video:
    """The clip of a data URI, kept in the media store.

    Raises:
        ApiError: It is none; `param` names the field.
    """
    data = await _decoded(_payload(url, param), param)
    try:
        return await load_video(media, data)
    except OmniError as error:
        raise _refused(error, param) from None


async def audio_of(encoded: str, media: MediaStore, param: str) -> Audio:
    """A sound in base64, kept in the media store; what it is, its first bytes tell.

    Raises:
        ApiError: It is none; `param` names the field.
    """
    data = await _decoded(encoded, param)
    try:
        sound, _ = await load_audio(media, data)
    except OmniError as error:
        raise _refused(error, param) from None
    return sound


def _payload(url: str, param: str) -> str:
    found = _DATA_URI.match(url)
    if not found:
        raise unsupported(param, _INLINE)
    return url[found.end() :]


async def _decoded(encoded: str, param: str) -> bytes:
    try:
        data = await asyncio.to_thread(b64decode, encoded, validate=True)
    except (binascii.Error, ValueError):
        raise invalid(param, "is no base64") from None
    if not data:
        raise invalid(param, "is empty")
    return data


def _refused(error: OmniError, param: str) -> ApiError:
    told = ApiError.of(error)
    return ApiError(told.message, status=told.status, code=told.code, param=param)
