"""The order in which a person reads lines on a page: down each column, then the next column.

Two stacks of lines count as columns where an empty gutter parts them and both are prose; a price beside its
article is no column, so a receipt is read row by row.
"""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..messages import TextBox

# In heights of a line.
_GUTTER = 0.8
_PROSE = 7.0
_LINES_OF_COLUMN = 3
# The search for columns is cubic in these; a page of more is read row by row.
_MOST_BANDS = 120


def in_reading_order(lines: Sequence[TextBox]) -> list[TextBox]:
    """The same lines, top to bottom and left to right, column by column where there are columns."""
    bands = _bands(lines)
    if len(bands) > _MOST_BANDS:
        return [line for band in bands for line in _rows(band)]
    ordered: list[TextBox] = []
    at = 0
    while at < len(bands):
        end, columns = _columns_from(bands, at)
        for column in columns:
            ordered += in_reading_order(column) if len(columns) > 1 else _rows(column)
        at = end
    return ordered


def _columns_from(bands: Sequence[list[TextBox]], at: int) -> tuple[int, list[list[TextBox]]]:
    """The longest run of bands from `at` on that stands in columns, or this one band as it is."""
    for end in range(len(bands), at, -1):
        run = [line for band in bands[at:end] for line in band]
        if columns := _split(run):
            return end, columns
    return at + 1, [bands[at]]


def _split(lines: Sequence[TextBox]) -> list[list[TextBox]]:
    """Left and right of the first gutter that has prose on both sides; empty if there is none."""
    if len(lines) < 2 * _LINES_OF_COLUMN:
        return []
    size = median(_height(line) for line in lines)
    by_left = sorted(lines, key=lambda line: line.box[0])
    reach = 0
    for at, line in enumerate(by_left):
        if at and line.box[0] - reach >= _GUTTER * size:
            left, right = by_left[:at], by_left[at:]
            if _is_prose(left, size) and _is_prose(right, size):
                return [left, right]
        reach = max(reach, line.box[2])
    return []


def _is_prose(lines: Sequence[TextBox], size: float) -> bool:
    return (
        len(lines) >= _LINES_OF_COLUMN
        and median(line.box[2] - line.box[0] for line in lines) >= _PROSE * size
    )


def _bands(lines: Sequence[TextBox]) -> list[list[TextBox]]:
    """Groups parted by empty rows of pixels, from the top."""
    bands: list[list[TextBox]] = []
    bottom = 0
    for line in sorted(lines, key=lambda line: line.box[1]):
        if not bands or line.box[1] >= bottom:
            bands.append([])
        bands[-1].append(line)
        bottom = max(bottom, line.box[3])
    return bands


def _rows(lines: Sequence[TextBox]) -> Iterator[TextBox]:
    """Line by line: what shares most of its height with the row's first stands in that row."""
    rows: list[list[TextBox]] = []
    for line in sorted(lines, key=_middle):
        first = rows[-1][0] if rows else None
        if first and _middle(line) - _middle(first) < min(_height(line), _height(first)) / 2:
            rows[-1].append(line)
        else:
            rows.append([line])
    for row in rows:
        yield from sorted(row, key=lambda line: line.box[0])


def _middle(line: TextBox) -> float:
    return (line.box[1] + line.box[3]) / 2


def _height(line: TextBox) -> int:
    return max(1, line.box[3] - line.box[1])
