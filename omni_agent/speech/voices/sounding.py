"""Where a span of sound is loud and where it is quiet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..spoken import SpokenWord

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy as np
    from numpy.typing import NDArray

_FRAME_SECONDS = 0.01
# Of the level that only a twentieth of the frames exceed.
_QUIET = 0.03
_SHORTEST_PAUSE = 0.08
# A word that only touches a stretch with so little is not in it.
_LEAST_SECONDS, _LEAST_SHARE = 0.04, 0.2


def stretches(samples: NDArray[np.float32], rate: int) -> list[tuple[float, float]]:
    """Where it sounds, from and until in seconds, to 10 ms; a pause of less than 80 ms is no pause.

    Args:
        samples: Shape `(n,)`, mono.
        rate: Samples a second.
    """
    import numpy as np

    frame = max(1, round(_FRAME_SECONDS * rate))
    exact = samples.astype(np.float64)
    whole = exact[: len(exact) // frame * frame].reshape(-1, frame)
    rest = exact[whole.size :]
    # The last frame may be a part of one, and is as quiet as if silence followed.
    powers = np.append(np.einsum("ij,ij->i", whole, whole), rest @ rest if len(rest) else ())
    if not len(powers):
        return []
    levels = np.sqrt(np.nan_to_num(powers, copy=False) / frame)
    twentieth = (len(levels) - 1) * 19 // 20
    loud = float(np.partition(levels, twentieth)[twentieth]) or float(levels.max())
    sounding = np.flatnonzero(levels > _QUIET * loud)
    if not len(sounding):
        return []
    gaps = np.flatnonzero(np.diff(sounding) * frame > _SHORTEST_PAUSE * rate)
    begins = [sounding[0], *sounding[gaps + 1]]
    ends = [*sounding[gaps], sounding[-1]]
    return [
        (int(begin) * frame / rate, min(int(end + 1) * frame, len(samples)) / rate)
        for begin, end in zip(begins, ends, strict=True)
    ]


def within(words: Iterable[SpokenWord], sounding: Sequence[tuple[float, float]]) -> tuple[SpokenWord, ...]:
    """The words without the quiet around them, which engines count to the sound before or after it."""
    return tuple(_within(word, sounding) for word in words)


def _within(word: SpokenWord, sounding: Sequence[tuple[float, float]]) -> SpokenWord:
    least = max(_LEAST_SECONDS, _LEAST_SHARE * (word.end - word.begin))
    common = [(max(word.begin, begin), min(word.end, end)) for begin, end in sounding]
    parts = [(begin, end) for begin, end in common if end - begin >= least]
    if not parts:
        parts = [max(common, key=lambda part: part[1] - part[0], default=(0.0, 0.0))]
    begin, end = parts[0][0], parts[-1][1]
    return SpokenWord(word.text, begin, end) if begin < end else word
