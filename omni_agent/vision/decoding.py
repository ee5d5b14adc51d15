"""Single pictures of an open clip, in the order of their times: each frame of it is decoded once at most."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from .timeline import Timeline

# About a minute of work for two cores; beyond it only key frames are decoded.
MOST_PIXELS = 20_000_000_000


class Decoder:
    """Decodes a clip's pictures near given times.

    Args:
        container: Of PyAV, open; its position is this object's while it is used.
        stream: Its picture track.
        times: When its pictures are shown.
        stopped: True ends the work at the next frame.
        allowance: Pixels that may be decoded before only key frames are.
    """

    def __init__(
        self,
        container: Any,
        stream: Any,
        times: Timeline,
        stopped: Callable[[], bool],
        allowance: int = MOST_PIXELS,
    ) -> None:
        self._container = container
        self._stream = stream
        self._times = times
        self._stopped = stopped
        self._left = allowance
        self._frames: Iterator[Any] | None = None
        self._last: Any = None
        self._next: Any = None
        self._key: int | None = None
        # The key frame behind which nothing more can be decoded; at first none, which is no time.
        self._ended: int | None = -1 << 63

    def near(self, wanted: Sequence[int]) -> Iterator[tuple[int, Any]]:
        """For each time in `wanted`, ascending, it and the picture shown then, or the last before it.

        A picture comes once. Where the clip is damaged, the next that can be decoded comes, or none.
        """
        given: int | None = None
        for pts in wanted:
            frame = self._at(pts)
            if self._stopped():
                return
            if frame is not None and frame.pts != given:
                given = frame.pts
                yield pts, frame

    def _at(self, pts: int) -> Any:
        key = self._key_before(pts)
        if self._left <= 0:
            if key is None:
                return self._last
            pts = key
        reached = self._last.pts if self._last is not None else None
        behind = reached is not None and pts < reached
        beyond = key is not None and (reached is None or key > reached)
        if behind or beyond or (self._frames is None and key != self._ended):
            self._go_to(pts)
        self._key = key
        return self._decoded_to(pts)

    def _decoded_to(self, pts: int) -> Any:
        from av.error import FFmpegError

        if self._next is not None and (self._next.pts <= pts or self._last is None):
            self._last, self._next = self._next, None
        if self._next is not None or self._frames is None:
            return self._last
        try:
            for frame in self._frames:
                if self._stopped():
                    return self._last
                self._left -= frame.width * frame.height
                if frame.pts is None:
                    continue
                if frame.pts > pts and self._last is not None:
                    self._next = frame
                    return self._last
                self._last = frame
                if frame.pts >= pts:
                    return frame
        except (FFmpegError, OSError, ValueError, EOFError):
            # Damaged from here on, up to the next key frame: what was decoded stands.
            pass
        self._frames, self._ended = None, self._key
        return self._last

    def _go_to(self, pts: int) -> None:
        from av.error import FFmpegError

        try:
            self._container.seek(pts, stream=self._stream, backward=True)
        except (FFmpegError, OSError, ValueError):
            self._frames = None
            return
        self._frames = iter(self._container.decode(self._stream))
        self._last = self._next = None

    def _key_before(self, pts: int) -> int | None:
        place = bisect_right(self._times.keys, pts)
        return self._times.keys[place - 1] if place else None
