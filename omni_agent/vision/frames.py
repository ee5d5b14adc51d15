"""A few pictures of a clip, for models that see pictures but no video."""

from __future__ import annotations

import asyncio
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..media.clips import open_container, video_stream
from ..media.files import open_media

if TYPE_CHECKING:
    from pathlib import Path

LONGEST_SIDE = 1280


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture of a clip.

    Attributes:
        png: The picture, upright, at most `LONGEST_SIDE` pixels a side, as a PNG file.
        seconds: When it is shown, from the clip's first frame on.
    """

    png: bytes
    seconds: float


async def sample_frames(source: Path | bytes, count: int = 4) -> list[Frame]:
    """Up to `count` frames, evenly spaced in time, the first and the last among them.

    A clip of fewer frames gives them all; a damaged one what can be decoded; a `count` of 1 the first.

    Raises:
        MediaError: It is missing, no video, broken, or PyAV is not installed.
        ValueError: `count` is less than 1.
    """
    if count < 1:
        raise ValueError(f"count is {count}, must be at least 1")
    return await asyncio.to_thread(_sampled, source, count)


def _sampled(source: Path | bytes, count: int) -> list[Frame]:
    with open_media(source) as file, open_container(file, "a video") as container:
        stream = video_stream(file, container)
        shown = sorted({p.pts for p in container.demux(stream) if p.pts is not None and p.size})
        if not shown:
            raise file.broken("holds no picture", "record it again")
        wanted = _spaced(shown, count)
        frames = {pts: frame for pts in wanted if (frame := _frame_at(container, stream, pts))}
        if not frames:
            raise file.broken("holds no picture that can be decoded", "save it in a common format")
        unit = float(stream.time_base)
        # Where a damaged clip answers two times with one frame, that frame is given once.
        unlike = {frame.pts: frame for frame in frames.values()}
        return [Frame(_png(frame), (pts - shown[0]) * unit) for pts, frame in sorted(unlike.items())]


def _spaced(shown: list[int], count: int) -> list[int]:
    """`count` of the times in `shown`, nearest to even steps from its first to its last."""
    if count == 1:
        return shown[:1]
    step = (shown[-1] - shown[0]) / (count - 1)
    return sorted({min(shown, key=lambda pts: abs(pts - shown[0] - i * step)) for i in range(count)})


def _frame_at(container: Any, stream: Any, pts: int) -> Any:
    """The frame shown at `pts`, or the last before it that can be decoded; None if there is none."""
    from av.error import FFmpegError

    last = None
    try:
        container.seek(pts, stream=stream, backward=True)
        for frame in container.decode(stream):
            if frame.pts is None:
                continue
            if frame.pts <= pts or last is None:
                last = frame
            if frame.pts >= pts:
                break
    except FFmpegError:
        # Damaged from here on: what was decoded stands.
        return last
    return last


def _png(frame: Any) -> bytes:
    picture = frame.to_image()
    if frame.rotation:
        # A telephone held upright records a lying picture and how to turn it, anticlockwise as Pillow does.
        picture = picture.rotate(frame.rotation, expand=True)
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    data = io.BytesIO()
    picture.save(data, "PNG")
    return data.getvalue()
