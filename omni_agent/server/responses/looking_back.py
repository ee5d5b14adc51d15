"""An earlier conversation as it can still be shown: media may have been erased since."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ...errors import MediaError
from ...media import MediaStore
from ...messages import Media, Message, Part, Text

GONE = "[what was shown here is no longer kept]"


def still_kept(messages: Iterable[Message], media: MediaStore) -> tuple[Message, ...]:
    """The messages, with words in the place of media that are gone. Blocks for a moment."""
    return tuple(_still_kept(message, media) if message.media else message for message in messages)


def _still_kept(message: Message, media: MediaStore) -> Message:
    def shown(part: Part) -> Part:
        return Text(GONE) if isinstance(part, Media) and _gone(part, media) else part

    return replace(message, parts=tuple(map(shown, message.parts)))


def _gone(part: Media, media: MediaStore) -> bool:
    try:
        media.path(part.ref)
    except MediaError:
        return True
    return False
