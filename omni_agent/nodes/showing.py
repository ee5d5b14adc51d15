"""What a tool shows: its media are kept, and put into words for a model that cannot take them in."""

from __future__ import annotations

import logging
from dataclasses import replace

from ..errors import OmniError
from ..media import load_audio, load_image, load_video
from ..messages import Audio, Image, Media, Video
from ..models.base import Modality
from ..state import Turn
from ..tool.result import split
from .watching import Left, watched

log = logging.getLogger(__name__)

_NAMES = {"image": "picture", "audio": "sound", "video": "clip"}
_KINDS: tuple[Modality, ...] = ("image", "audio")
# More than anything shows.
_ANY = 1_000_000


async def shown(result: object, turn: Turn) -> tuple[str, tuple[Media, ...]]:
    """The text of a tool's result, and the media in it, kept in the store.

    A part's `ref` may be a reference or a file's path. What cannot be shown is said in the text: the tool has
    done its work all the same.
    """
    text, parts = split(result)
    words, media = [text] if text else [], list[Media]()
    for place, part in enumerate(parts):
        later = sum(other.type == part.type for other in parts[place + 1 :])
        try:
            said, kept = await _taken_in(part, turn, later)
        except Exception as error:
            # Eyes and ears may be anybody's; whatever goes wrong there must not end the turn.
            log.warning("a tool's %s cannot be shown", part.type, exc_info=error)
            why = error.message if isinstance(error, OmniError) else str(error) or type(error).__name__
            words.append(f"[{part.type} that cannot be shown: {why}]")
        else:
            words += said
            media += kept
    return "\n".join(words), tuple(media)


async def _taken_in(part: Media, turn: Turn, later: int) -> tuple[list[str], list[Media]]:
    able = turn.parts.model.capabilities
    itself = part.type in able.inputs and later < able.most.get(part.type, later + 1)
    match part:
        case Image():
            return await _picture(part, turn, itself)
        case Audio():
            return await _sound(part, turn, itself)
        case Video():
            return await _clip(part, turn, itself)


async def _picture(part: Image, turn: Turn, itself: bool) -> tuple[list[str], list[Media]]:
    """A picture, for a model that takes it in itself or not."""
    store, eyes = turn.parts.media, turn.parts.senses.eyes
    kept = replace(await load_image(store, part.ref), reading=part.reading)
    if itself:
        return ["[picture]"], [kept]
    if kept.reading is None and eyes:
        kept = replace(kept, reading=await eyes.read(store.get(kept.ref)))
    if kept.reading is None:
        return ["[a picture that you cannot see]"], [kept]
    text = " / ".join(kept.reading.text.splitlines())
    return [f'[picture; it says: "{text}"]' if text else "[picture without readable text]"], [kept]


async def _sound(part: Audio, turn: Turn, itself: bool) -> tuple[list[str], list[Media]]:
    kept, pcm = await load_audio(turn.parts.media, part.ref)
    kept, ears = replace(kept, hearing=part.hearing), turn.parts.senses.ears
    if itself:
        return ["[sound]"], [kept]
    if kept.hearing is None and ears:
        kept = replace(kept, hearing=await ears.transcribe(pcm, timed=False))
    if kept.hearing is None:
        return ["[a sound that you cannot hear]"], [kept]
    text = kept.hearing.text
    return [f'[sound; it says: "{text}"]' if text else "[a sound without words]"], [kept]


async def _clip(part: Video, turn: Turn, itself: bool) -> tuple[list[str], list[Media]]:
    able = turn.parts.model.capabilities
    kept = await load_video(turn.parts.media, part.ref)
    counts = {kind: able.most.get(kind, _ANY) if kind in able.inputs else 0 for kind in _KINDS}
    left = Left(int(itself), counts["image"], counts["audio"])
    found = await watched(kept, turn, left)
    if found is None:
        return ["[a clip that you cannot see]"], [kept]
    clip = found[0]
    assert isinstance(clip, Video)
    told = "[clip]" if clip.moments is None else clip.in_words
    return [told, *[f"[{_NAMES[shown.type]}]" for shown in found[1:]]], found
