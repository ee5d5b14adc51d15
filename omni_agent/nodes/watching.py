"""How a clip reaches a model: whole where it takes clips, else as pictures and sound, the rest in words."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..media import load_image
from ..messages import Audio, Media, Moment, Video
from ..models.clip_limits import longest_clip, pictures_of

if TYPE_CHECKING:
    from ..state import Turn
    from ..vision.clip import Clip
    from ..vision.frames import Frame


@dataclass(frozen=True, slots=True)
class Left:
    """How many of each kind the model may still be given in this message."""

    videos: int
    images: int
    sounds: int


async def watched(clip: Video, turn: Turn, left: Left) -> list[Media] | None:
    """The clip and, after it, the pictures and the sound that the model gets of it; None if nobody sees.

    What the model is not given is in the clip's `moments`, in words.

    Raises:
        MediaError: The clip cannot be decoded.
        ModelUnavailable: The senses' engines or files are missing.
    """
    able = turn.parts.model.capabilities
    itself = left.videos > 0 and clip.seconds <= longest_clip(able)
    if itself and able.video_sound:
        return [clip]
    seen = left.images > 0
    if not itself and not seen and turn.parts.senses.eyes is None:
        return None
    from ..vision.budget import BY_CHANGE, Budget
    from ..vision.clip import open_clip

    count = pictures_of(able, left.images) if seen else BY_CHANGE.frames
    budget = Budget(frames=1) if itself else replace(BY_CHANGE, frames=count)
    opened = await open_clip(turn.parts.media.path(clip.ref), budget)
    frames = () if itself else opened.frames
    moments, media = await _sound(opened, turn, left)
    if seen:
        moments += [Moment("shown", frame.seconds, frame.seconds) for frame in frames]
        media = [*[await load_image(turn.parts.media, frame.png) for frame in frames], *media]
    else:
        moments += await _read(frames, turn)
    ordered = tuple(sorted(moments, key=lambda moment: moment.start))
    return [replace(clip, moments=None if itself and not moments else ordered, apart=not itself), *media]


async def _read(frames: tuple[Frame, ...], turn: Turn) -> list[Moment]:
    from ..vision import moments

    eyes = turn.parts.senses.eyes
    return await moments.read(frames, eyes) if eyes else []


async def _sound(opened: Clip, turn: Turn, left: Left) -> tuple[list[Moment], list[Media]]:
    """The clip's sound: for the model's own ears, or what the lent ones hear in it."""
    if opened.sound is None:
        return [], []
    if left.sounds > 0:
        ref = await asyncio.to_thread(turn.parts.media.put, opened.sound.to_wav(), "audio/wav")
        return [], [Audio(ref, "audio/wav", opened.sound.seconds)]
    from ..vision import moments

    ears = turn.parts.senses.ears
    return (await moments.heard(opened.sound, ears) if ears else []), []
