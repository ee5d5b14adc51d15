"""The sound of a clip on the clip's own scale: sample `i` is heard `i / rate` s after its beginning."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..speech.pcm import Pcm

# A frame's time is rounded to its track's unit and a resampler holds a few samples back: less is no gap.
_GAP = 0.05


def aligned_sound(
    container: Any, stream: Any, *, zero: float, seconds: float, rate: int, stopped: Callable[[], bool]
) -> Pcm | None:
    """A sound track, with silence where it has gaps and nothing of what comes before `zero`.

    Args:
        container: Of PyAV, just opened: a seek goes by the pictures, and may leave out sound before them.
        stream: Its sound track.
        zero: Where the clip begins, in the container's seconds.
        seconds: Most of it to decode, from `zero` on; what a damaged file claims beyond it is left out.
        rate: Samples a second of the result.
        stopped: True ends the work at the next frame.

    Returns:
        None where nothing of it can be decoded.
    """
    from av.error import FFmpegError

    from ..speech.pcm import Pcm

    line = _Line(zero, seconds, rate)
    try:
        for frame in container.decode(stream):
            if stopped() or not line.add(frame):
                break
    except (FFmpegError, OSError, ValueError, EOFError):
        # Cut short or damaged further on: what came before stands.
        pass
    line.flush()
    return Pcm.from_int16(bytes(line.samples), rate) if line.samples else None


class _Line:
    """16-bit samples, each at its time."""

    def __init__(self, zero: float, seconds: float, rate: int) -> None:
        import av

        self.samples = bytearray()
        self._zero = zero
        self._most = 2 * round(seconds * rate)
        self._rate = rate
        self._resampler: Any = av.AudioResampler(format="s16", layout="mono", rate=rate)
        self._skip = 0

    def add(self, frame: Any) -> bool:
        """Add a decoded frame; False when the line is full."""
        if frame.pts is not None and frame.time_base:
            place = 2 * round((float(frame.pts * frame.time_base) - self._zero) * self._rate)
            self._place(place)
            # Times are seen to above; the resampler would refuse one that jumps.
            frame.pts = None
        for part in self._resampler.resample(frame):
            self._append(part)
        return len(self.samples) < self._most

    def flush(self) -> None:
        """Add what the resampler holds back."""
        for part in self._resampler.resample(None):
            self._append(part)

    def _place(self, at: int) -> None:
        gap = at - len(self.samples) + self._skip
        if gap > 2 * _GAP * self._rate:
            self.samples += bytes(min(gap, max(0, self._most - len(self.samples))) & ~1)
        elif gap < -2 * _GAP * self._rate or (at < 0 and not self.samples):
            self._skip = -(at - len(self.samples))

    def _append(self, part: Any) -> None:
        data = part.to_ndarray().tobytes()
        left_out = min(self._skip, len(data))
        self._skip -= left_out
        self.samples += data[left_out : left_out + max(0, self._most - len(self.samples))]
