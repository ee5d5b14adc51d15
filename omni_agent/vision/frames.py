"""A few pictures of a clip, for models that see pictures but no video: the one sampler of the package."""

from __future__ import annotations

import asyncio
import io
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from ..media.clips import open_container, sound_track, video_stream
from ..media.files import open_media
from .budget import LONGEST_SIDE, Budget
from .choosing import changed, spaced
from .decoding import Decoder
from .timeline import Timeline, timeline

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ..media.files import MediaFile

__all__ = ["LONGEST_SIDE", "Budget", "Frame", "sample_frames"]

T = TypeVar("T")

# Pictures that are compared, scaled to a square of this side: one in two seconds of the longest clip.
_COMPARED = 240
_SMALL = 32


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture of a clip.

    Attributes:
        png: The picture, upright, within its budget's size, as a PNG file.
        seconds: When it is shown, on the clip's scale (see `timeline`).
    """

    png: bytes
    seconds: float


async def sample_frames(source: Path | bytes, budget: Budget | int = 4) -> list[Frame]:
    """The pictures of a clip that a budget allows.

    A clip of fewer frames gives them all; a damaged one what can be decoded.

    Args:
        source: A file or its bytes.
        budget: How many and which; a number for that many in even steps of time, the first and the last
            among them.

    Raises:
        MediaError: It is missing, no video, broken, or PyAV is not installed.
        ValueError: A budget of less than one picture.
    """
    wanted = Budget(frames=budget) if isinstance(budget, int) else budget

    def work(stopped: Callable[[], bool]) -> list[Frame]:
        with open_media(source) as file, open_container(file, "a video") as container:
            stream = video_stream(file, container)
            times = timeline(file, container, stream, sound_track(container))
            return sampled(file, container, times, wanted, stopped)

    return await in_thread(work)


async def in_thread(work: Callable[[Callable[[], bool]], T]) -> T:
    """`work` in a thread; it is told when nobody waits for it any more."""
    gone = threading.Event()
    try:
        return await asyncio.to_thread(work, gone.is_set)
    finally:
        gone.set()


def sampled(
    file: MediaFile, container: Any, times: Timeline, budget: Budget, stopped: Callable[[], bool]
) -> list[Frame]:
    """The pictures of an open clip that a budget allows; see `sample_frames`."""
    stream = video_stream(file, container)
    stream.thread_type = "AUTO"
    decoder = Decoder(container, stream, times, stopped)
    most = budget.frames
    if budget.every > 0:
        length = times.seconds(times.shown[-1]) - times.seconds(times.shown[0])
        most = max(1, min(most, int(length / budget.every + 1e-6) + 1))
    chosen = spaced(times.shown, most)
    if budget.change > 0 and len(times.shown) > 1:
        chosen = _unlike(decoder, times, budget, most)
    frames = [
        Frame(_png(frame, budget, len(chosen)), times.seconds(pts)) for pts, frame in decoder.near(chosen)
    ]
    if not frames and not stopped():
        raise file.broken("holds no picture that can be decoded", "save it in a common format")
    return frames


def _unlike(decoder: Decoder, times: Timeline, budget: Budget, most: int) -> list[int]:
    """When the pictures are shown that differ."""
    small = [
        (pts, frame.to_ndarray(format="rgb24", width=_SMALL, height=_SMALL))
        for pts, frame in decoder.near(spaced(times.shown, max(most, _COMPARED)))
    ]
    return changed(small, most, least=budget.change, apart=budget.every / times.unit)


def _png(frame: Any, budget: Budget, count: int) -> bytes:
    picture = frame.to_image()
    if frame.rotation:
        # A telephone held upright records a lying picture and how to turn it, anticlockwise as Pillow does.
        picture = picture.rotate(frame.rotation, expand=True)
    size = budget.scaled(picture.width, picture.height, count)
    if size != picture.size:
        picture = picture.resize(size)
    data = io.BytesIO()
    picture.save(data, "PNG", compress_level=3)
    return data.getvalue()
