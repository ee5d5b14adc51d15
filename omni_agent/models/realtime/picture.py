"""A picture as a realtime service takes it: JPEG, within so many pixels and characters of base64."""

from __future__ import annotations

import base64
import io

from ...errors import MediaError
from .profile import Pictures

_QUALITIES = (90, 80, 65, 50)
_SHRINK = 0.7
_SMALLEST = 32


def jpeg(data: bytes, limits: Pictures) -> str:
    """An encoded picture as JPEG in base64, made smaller until it fits. It blocks for as long as that takes.

    Raises:
        MediaError: It is damaged.
    """
    from PIL import Image

    try:
        with Image.open(io.BytesIO(data)) as opened:
            picture = opened.convert("RGB")
    except Exception as error:  # whatever a damaged file makes Pillow trip over
        raise MediaError(
            f"a picture cannot be read: {type(error).__name__}", remedy="hand in the original again"
        ) from None
    wide = picture.width >= picture.height
    sides = (limits.long_side, limits.short_side) if wide else (limits.short_side, limits.long_side)
    picture.thumbnail(sides)
    while True:
        for quality in _QUALITIES:
            kept = io.BytesIO()
            picture.save(kept, "JPEG", quality=quality)
            text = base64.b64encode(kept.getvalue()).decode("ascii")
            if len(text) <= limits.most_base64 or max(picture.size) <= _SMALLEST:
                return text
        picture.thumbnail((int(picture.width * _SHRINK), int(picture.height * _SHRINK)))
