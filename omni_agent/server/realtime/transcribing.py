"""What a user said, in words for the client: the events of an input transcription."""

from __future__ import annotations

from collections.abc import Callable

from ...errors import InputError, OmniError
from ...messages import JsonObject
from .items import Item
from .protocol import INVALID, SERVER
from .utterance import Utterance

_KIND = "conversation.item.input_audio_transcription"


async def transcribe(
    item: Item, utterance: Utterance, put: Callable[[JsonObject], None], *, told: bool
) -> None:
    """Put down what was heard in an item, and tell it.

    Args:
        item: The user's, its sound being its first content.
        utterance: That sound.
        put: Sends an event.
        told: The client wants to know.
    """
    place = {"item_id": item.id, "content_index": 0}
    try:
        hearing = await utterance.hearing()
    except OmniError as error:
        if told:
            kind = INVALID if isinstance(error, InputError) else SERVER
            why = {"type": kind, "code": error.code, "message": str(error), "param": None}
            put({"type": f"{_KIND}.failed", **place, "error": why})
        return
    item.content[0].text, item.content[0].known = hearing.text, True
    if not told:
        return
    if hearing.text:
        put({"type": f"{_KIND}.delta", **place, "delta": hearing.text})
    usage = {"type": "duration", "seconds": round(utterance.seconds, 3)}
    put({"type": f"{_KIND}.completed", **place, "transcript": hearing.text, "usage": usage})
