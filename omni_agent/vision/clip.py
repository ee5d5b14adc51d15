"""A clip decoded: the pictures that a budget allows and the sound, their times on one scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..media.clips import container_seconds, open_container, sound_track, video_stream
from ..media.files import DEFAULT_LIMITS, open_media
from ..media.soundtrack import aligned_sound
from .budget import BY_CHANGE, Budget
from .frames import Frame, in_thread, sampled
from .timeline import Timeline, timeline

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ..media.files import MediaFile
    from ..speech.pcm import Pcm

# What models and ears hear at.
HEARING_RATE = 16_000


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """What a clip shows and says.

    Attributes:
        frames: Pictures, in the order of their times.
        sound: Mono, from the clip's beginning on; None for a silent clip.
        seconds: Its length.
    """

    frames: tuple[Frame, ...]
    sound: Pcm | None
    seconds: float


async def open_clip(
    source: Path | bytes,
    budget: Budget = BY_CHANGE,
    *,
    rate: int = HEARING_RATE,
    most_seconds: float = DEFAULT_LIMITS.video_seconds,
) -> Clip:
    """Decode a clip: pictures within a budget, and its sound.

    Args:
        source: A file or its bytes.
        budget: Which pictures.
        rate: Samples a second of the sound.
        most_seconds: Sound beyond it is left out.

    Raises:
        MediaError: It is missing, no video, broken, or PyAV is not installed.
    """

    def work(stopped: Callable[[], bool]) -> Clip:
        with open_media(source) as file:
            with open_container(file, "a video") as container:
                track = sound_track(container)
                times = timeline(file, container, video_stream(file, container), track)
                frames = sampled(file, container, times, budget, stopped)
                seconds = _length(container, times)
            sound = _sound(file, times, most_seconds, rate, stopped) if track is not None else None
        return Clip(tuple(frames), sound, max(seconds, sound.seconds if sound else 0.0))

    return await in_thread(work)


def _sound(
    file: MediaFile, times: Timeline, seconds: float, rate: int, stopped: Callable[[], bool]
) -> Pcm | None:
    with open_container(file, "a video") as container:
        track = sound_track(container)
        return aligned_sound(container, track, zero=times.zero, seconds=seconds, rate=rate, stopped=stopped)


def _length(container: Any, times: Timeline) -> float:
    """By the header, and not less than what is shown."""
    header = container_seconds(container) if container.duration is not None else 0.0
    return max(header, times.seconds(times.shown[-1]))
