"""Which pictures of a clip are worth looking at: those that differ."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

# The part of a picture that must have changed for all of it to count as changed: a line of text appears.
_PART = 1 / 50


def spaced(times: Sequence[int], count: int) -> list[int]:
    """Up to `count` of the ascending `times`, nearest to even steps from the first to the last of them."""
    if count <= 1 or len(times) <= 1:
        return list(times[:1])
    step = (times[-1] - times[0]) / (count - 1)
    return sorted({_nearest(times, times[0] + i * step) for i in range(count)})


def difference(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """How far two small pictures differ, 0 to 1, where they differ most.

    Args:
        one, other: Shape (height, width, 3), the same for both.
    """
    import numpy as np

    cells = np.abs(one.astype(np.int16) - other.astype(np.int16)).max(axis=2).ravel()
    most = max(1, round(len(cells) * _PART))
    return float(np.partition(cells, -most)[-most:].mean()) / 255


def changed(
    pictures: Sequence[tuple[int, NDArray[np.uint8]]], count: int, *, least: float, apart: float = 0.0
) -> list[int]:
    """Times of up to `count` of the pictures: the first, and then those unlike the last one kept.

    Where more of them differ than are wanted, they are taken in even steps of change: many where much happens
    and few where little does.

    Args:
        pictures: Small ones by their times, ascending; shape (height, width, 3), the same for all.
        count: At least 1.
        least: How far a picture must differ, 0 to 1.
        apart: Least time from one that is kept to the next.
    """
    if not pictures:
        return []
    (time, kept), *others = pictures
    # By how much had changed until then, in millionths, because equal steps must be equal.
    steps, reached = {0: time}, 0.0
    for at, picture in others:
        far = difference(kept, picture)
        if far >= least and at - time >= apart:
            time, kept, reached = at, picture, reached + far
            steps.setdefault(round(reached * 1_000_000), at)
    return [steps[step] for step in spaced(list(steps), count)]


def _nearest(times: Sequence[int], wanted: float) -> int:
    place = bisect_left(times, wanted)
    return min(times[max(0, place - 1) : place + 1], key=lambda time: abs(time - wanted))
