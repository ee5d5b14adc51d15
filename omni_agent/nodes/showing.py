"""What a tool shows: its media are kept, and put into words for a model that cannot take them in."""

from __future__ import annotations

import logging
from dataclasses import replace

from ..errors import OmniError
from ..media import load_audio, load_image, load_video
from ..messages import Audio, Image, Media, Video
from ..state import Turn
from ..tool.result import split

log = logging.getLogger(__name__)


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


async def _picture(
    part: Image, turn: Turn, itself: bool, source: bytes | None = None
) -> tuple[list[str], list[Media]]:
    """A picture, for a model that takes it in itself or not."""
    store, eyes = turn.parts.media, turn.parts.senses.eyes
    kept = replace(await load_image(store, source or part.ref), reading=part.reading)
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
    store = turn.parts.media
    kept = await load_video(store, part.ref)
    if itself:
        return ["[clip]"], [kept]
    from ..vision.frames import sample_frames

    able = turn.parts.model.capabilities
    words, media = ["[clip, shown as pictures]"], list[Media]([kept])
    for frame in await sample_frames(store.path(kept.ref), min(4, able.most.get("image", 4))):
        said, pictures = await _picture(Image(""), turn, "image" in able.inputs, frame.png)
        words += said
        media += pictures
    return words, media
