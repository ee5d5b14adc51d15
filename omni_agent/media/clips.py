"""Containers of moving pictures and sound (MP4, WebM, MOV, Matroska, M4A), through PyAV."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..errors import MediaError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .files import Limits, MediaFile

_NEEDS_AV = "pip install 'omni-agent-framework[local]'"
_MIMES = {"webm": "video/webm", "mp4": "video/mp4", "avi": "video/x-msvideo", "mpegts": "video/mp2t"}
# What FFmpeg opens as a video of one or few frames, although it is a picture or text.
_NO_VIDEO = ("image2", "_pipe", "gif", "apng", "tty", "webp")
# A frame of 8K video; a header that claims more asks for the memory before a byte of it is there.
MOST_PIXELS = 8192 * 4320


def probe_video(file: MediaFile, limits: Limits) -> tuple[str, float]:
    """A clip's MIME type and length in seconds, without decoding it.

    Raises:
        MediaError: It is no video, too large or too long, or PyAV is not installed.
    """
    file.check_size(limits.video_bytes)
    with open_container(file, "a video") as container:
        video_stream(file, container)
        seconds = container_seconds(container)
        file.check_seconds(seconds, limits.video_seconds)
        names = container.format.name.split(",")
    file.stream.seek(0)
    # FFmpeg reads both by one name; the type is written in the first bytes.
    if "matroska" in names and b"webm" not in file.stream.read(64):
        return "video/x-matroska", seconds
    return next((mime for name, mime in _MIMES.items() if name in names), "application/octet-stream"), seconds


@contextmanager
def open_container(file: MediaFile, what: str) -> Iterator[Any]:
    """A PyAV container of the file; what PyAV raises inside becomes a `MediaError`.

    Args:
        file: At any position.
        what: What it should be, for the message: `a video`, `a sound`.

    Raises:
        MediaError: It cannot be opened or read on, or PyAV is not installed.
    """
    try:
        import av
        from av.error import FFmpegError
    except ImportError:
        raise file.broken(f"cannot be opened as {what}: PyAV is not installed", _NEEDS_AV) from None
    file.stream.seek(0)
    try:
        # Some formats name other files and addresses, which FFmpeg would open: it may open none.
        options = {"protocol_whitelist": "none"}
        with av.open(file.stream, metadata_errors="replace", options=options) as container:
            yield container
    except MediaError:
        raise
    # PyAV raises OSError, ValueError and EOFError alongside its own, according to FFmpeg's code.
    except (FFmpegError, OSError, ValueError, EOFError, IndexError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise file.broken(f"is not {what} that can be read: {reason}", "save it in a common format") from None


def video_stream(file: MediaFile, container: Any) -> Any:
    """The first stream of moving pictures.

    Raises:
        MediaError: There is none, or its pictures are too large to decode.
    """
    name = container.format.name
    streams = [s for s in _decodable(container.streams.video) if s.codec_context.width and not _is_cover(s)]
    if not streams or any(name == kind or name.endswith(kind) for kind in _NO_VIDEO):
        raise file.broken("is no video", "hand in MP4, WebM or MOV")
    coded = streams[0].codec_context
    if coded.width * coded.height > MOST_PIXELS:
        raise MediaError(
            f"{file.name} has pictures of {coded.width} × {coded.height} pixels, which is too large",
            code="media_too_large",
            remedy="save it at 3840 × 2160 pixels or less",
        )
    return streams[0]


def audio_stream(file: MediaFile, container: Any) -> Any:
    """The first sound track.

    Raises:
        MediaError: There is none.
    """
    track = sound_track(container)
    if track is None:
        raise file.broken("holds no sound that can be decoded", "save it in a common format")
    return track


def sound_track(container: Any) -> Any | None:
    """The first sound track; None for a clip without one."""
    return next(iter(_decodable(container.streams.audio)), None)


def container_seconds(container: Any) -> float:
    """Length by the header, or by the last packet where the header is silent (as browsers record WebM)."""
    if container.duration is not None:
        return float(container.duration) / 1_000_000
    ends = [
        float((packet.pts + (packet.duration or 0)) * packet.time_base)
        for packet in container.demux()
        if packet.pts is not None and packet.time_base is not None
    ]
    container.seek(0)
    return max(ends, default=0.0)


def _decodable(streams: Any) -> list[Any]:
    """Those in a coding that this FFmpeg knows."""
    return [stream for stream in streams if stream.codec_context is not None]


def _is_cover(stream: Any) -> bool:
    """Whether it is the picture on the sleeve of a song."""
    return "attached_pic" in str(stream.disposition)
