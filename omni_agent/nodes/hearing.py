"""Observations become the parts of one user message.

Media go to the media store and travel by reference. What the model cannot take in itself, the senses turn
into words beside the reference.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from ..errors import MemoryStoreError, ModelUnavailable
from ..events import Transcript
from ..execution.standing import offered
from ..hints import hints_of
from ..media import load_audio, load_image, load_video
from ..messages import Audio, Image, Message, Part, Text, Video
from ..state import Observation, Turn
from .language import language_of

_RECENT = 6
_FEW_SIGNS = 8


async def heard(observations: Sequence[Observation], turn: Turn) -> Message:
    """The user's message; one without words or media where nothing was made out.

    Raises:
        InputError: It cannot be read.
        ModelUnavailable: Nobody here can take it in.
    """
    return Message("user", tuple([part for item in observations for part in await _parts(item, turn)]))


async def _parts(item: Observation, turn: Turn) -> list[Part]:
    match item["kind"]:
        case "text":
            return [await _text(item["content"], turn)]
        case "audio":
            return [await _audio(item["content"], turn)]
        case "image":
            return [await _image(item["content"], turn)]
        case "video":
            return await _video(item["content"], turn)


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


async def _audio(source: str, turn: Turn) -> Audio:
    part, pcm = await load_audio(turn.parts.media, source)
    if "audio" in turn.parts.model.capabilities.inputs:
        return part
    ears = turn.parts.senses.ears
    if ears is None:
        raise ModelUnavailable("this model cannot hear", remedy="pip install 'omni-agent-framework[local]'")
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


async def _image(source: str | bytes, turn: Turn) -> Image:
    part = await load_image(turn.parts.media, source)
    if "image" in turn.parts.model.capabilities.inputs:
        return part
    eyes = turn.parts.senses.eyes
    if eyes is None:
        raise ModelUnavailable("this model cannot see", remedy="pip install 'omni-agent-framework[local]'")
    return replace(part, reading=await eyes.read(turn.parts.media.get(part.ref)))


async def _video(source: str, turn: Turn) -> list[Part]:
    clip = await load_video(turn.parts.media, source)
    if "video" in turn.parts.model.capabilities.inputs:
        return [clip]
    from ..vision.frames import sample_frames

    frames = await sample_frames(turn.parts.media.path(clip.ref))
    parts: list[Part] = [Video(clip.ref, clip.mime, clip.seconds)]
    parts += [await _image(frame.png, turn) for frame in frames]
    return parts
