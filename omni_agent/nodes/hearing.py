"""Observations become the parts of one user message.

Media go to the media store and travel by reference. What the model cannot take in itself, the senses turn
into words beside the reference.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from ..errors import InputError, MemoryStoreError, ModelUnavailable, OmniError
from ..events import Transcript
from ..execution.standing import offered
from ..hints import hints_of
from ..media import load_audio, load_image, load_video
from ..messages import Audio, Hearing, Image, Media, Message, Part, Text, Video
from ..models.base import Modality
from ..state import Observation, Turn
from .language import language_of
from .watching import Left, watched

Room: TypeAlias = Mapping[Modality, int]

_RECENT = 6
_FEW_SIGNS = 8
# More than anybody hands in.
_ANY = 1_000_000
_CANNOT: Mapping[Modality, tuple[str, str]] = {
    "audio": ("sound(s)", "hear"),
    "image": ("picture(s)", "see"),
    "video": ("clip(s)", "see"),
}


async def heard(observations: Sequence[Observation], turn: Turn) -> Message:
    """The user's message; one without words or media where nothing was made out.

    Raises:
        InputError: It cannot be read, or is more than the model takes at once and nobody else takes it in.
        ModelUnavailable: Nobody here can take it in.
    """
    parts: list[Part] = []
    for place, item in enumerate(observations):
        later: list[Modality] = [other["kind"] for other in observations[place + 1 :]]
        parts += await _parts(item, turn, _room(turn, later))
    return Message("user", tuple(parts))


async def understood(message: Message, turn: Turn) -> Message:
    """A message that came whole, with what the senses here make of those of its media that the model cannot
    take in.

    Raises:
        InputError: A part of it cannot be read, or is more than the model takes at once.
        ModelUnavailable: Nobody here can take it in.
    """
    parts: list[Part] = []
    for place, part in enumerate(message.parts):
        later: list[Modality] = [o.type for o in message.parts[place + 1 :] if isinstance(o, Media)]
        parts += await _understood(part, turn, _room(turn, later))
    return replace(message, parts=tuple(parts))


async def _understood(part: Part, turn: Turn, room: Room) -> list[Part]:
    match part:
        case Text(text=words, language=""):
            return [await _text(words, turn)]
        case Audio(hearing=None) | Image(reading=None) | Video(moments=None):
            return await _parts({"kind": part.type, "content": part.ref}, turn, room)
        case Audio(hearing=Hearing(language=language)) if language and turn.delivery:
            turn.delivery.language = turn.parts.persona.reply_language(language)
            return [part]
        case _:
            return [part]


async def _parts(item: Observation, turn: Turn, room: Room) -> list[Part]:
    match item["kind"]:
        case "text":
            return [await _text(item["content"], turn)]
        case "audio":
            return [await _audio(item["content"], turn, room)]
        case "image":
            return [await _image(item["content"], turn, room)]
        case "video":
            return await _video(item["content"], turn, room)


def _room(turn: Turn, later: Sequence[Modality]) -> Room:
    """How many of each kind the model may still be given, with what comes later; it gets the newest."""
    able = turn.parts.model.capabilities
    left: dict[Modality, int] = {kind: able.most.get(kind, _ANY) - later.count(kind) for kind in able.inputs}
    if "video" not in able.inputs and "video" in later and "image" in able.most:
        # The pictures of a later clip take what there is.
        left["image"] = 0
    return left


async def _text(words: str, turn: Turn) -> Text:
    """The words, with their language: where they do not tell, that of the conversation."""
    language = await language_of(words)
    if not language or (language == "zh" and len(words) <= _FEW_SIGNS):
        # A few Han signs are Japanese in a Japanese conversation.
        earlier = await _language_so_far(turn)
        language = earlier if not language or earlier == "ja" else language
    if turn.delivery:
        turn.delivery.language = turn.parts.persona.reply_language(language)
    return Text(words, language=language)


async def _language_so_far(turn: Turn) -> str:
    users = [message for message in await _recent(turn) if message.role == "user"]
    return users[-1].language if users else ""


async def _audio(source: str, turn: Turn, room: Room) -> Audio:
    part, pcm = await load_audio(turn.parts.media, source)
    if room.get("audio", 0) > 0:
        return part
    ears = turn.parts.senses.ears
    if ears is None:
        raise _cannot(turn, "audio")
    tools = offered(turn.parts.toolbox, ())
    # Only a call rests on single words.
    hearing = await ears.transcribe(pcm, hints=hints_of(tools, await _recent(turn)), timed=bool(tools))
    if hearing.text:
        turn.emit(Transcript(hearing.text, hearing.language, hearing.confidence))
    if turn.delivery:
        turn.delivery.language = turn.parts.persona.reply_language(hearing.language)
    return replace(part, hearing=hearing)


async def _recent(turn: Turn) -> list[Message]:
    """The last messages of the conversation, for the names in them; none where memory fails or is late."""
    try:
        async with asyncio.timeout(turn.parts.recall_budget):
            records = await turn.parts.memory.history(turn.scope, turn.session, limit=_RECENT)
    except (MemoryStoreError, TimeoutError):
        return []
    return [message for record in records for message in record.messages]


async def _image(source: str | bytes, turn: Turn, room: Room) -> Image:
    part = await load_image(turn.parts.media, source)
    if room.get("image", 0) > 0:
        return part
    eyes = turn.parts.senses.eyes
    if eyes is None:
        raise _cannot(turn, "image")
    return replace(part, reading=await eyes.read(turn.parts.media.get(part.ref)))


async def _video(source: str, turn: Turn, room: Room) -> list[Part]:
    clip = await load_video(turn.parts.media, source)
    left = Left(room.get("video", 0), room.get("image", 0), room.get("audio", 0))
    found = await watched(clip, turn, left)
    if found is None:
        kind: Modality = "video" if "video" in turn.parts.model.capabilities.inputs else "image"
        raise _cannot(turn, kind)
    return [*found]


def _cannot(turn: Turn, kind: Modality) -> OmniError:
    """Why nobody here can take it in."""
    what, verb = _CANNOT[kind]
    most = turn.parts.model.capabilities.most.get(kind, 0)
    if kind in turn.parts.model.capabilities.inputs:
        return InputError(
            f"this model takes at most {most} {what} at once", code="input_too_many", remedy="hand in fewer"
        )
    return ModelUnavailable(f"this model cannot {verb}", remedy="pip install 'omni-agent-framework[local]'")
