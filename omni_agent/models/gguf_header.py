"""What a GGUF file says of itself, without loading it.

Form of the file: ggml's `docs/gguf.md`, version 2 and 3, little-endian. What projectors say of their encoders
(`clip.has_vision_encoder`, `clip.has_audio_encoder`): llama.cpp's `tools/mtmd/clip-impl.h`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeAlias

Value: TypeAlias = int | float | bool | str

# By the format's number of the type: layout and bytes.
_SCALARS = {
    0: "<B",
    1: "<b",
    2: "<H",
    3: "<h",
    4: "<I",
    5: "<i",
    6: "<f",
    7: "<?",
    10: "<Q",
    11: "<q",
    12: "<d",
}
_STRING, _ARRAY = 8, 9
# By ggml's number of the type: weights that are packed together, and the bytes they take (ggml's `ggml.c`).
_PACKED = (
    {0: (1, 4), 1: (1, 2), 24: (1, 1), 25: (1, 2), 26: (1, 4), 27: (1, 8), 28: (1, 8), 30: (1, 2)}
    | {2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34)}
    | {10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210), 15: (256, 292)}
)
_ALIGNMENT = 32
# A header that claims more is broken; real ones have some dozens of keys and vocabularies of 300,000 words.
_MOST_KEYS, _MOST_ITEMS, _LONGEST = 10_000, 5_000_000, 10_000_000
_MOST_TENSORS, _MOST_DIMENSIONS = 1_000_000, 4


@dataclass(frozen=True, slots=True)
class Header:
    """What stands before the weights.

    Attributes:
        about: The keys and their values; lists are left out.
        shapes: The tensors by name, the dimension that lies closest together first, as ggml counts them.
        ends: Bytes that the file must have for all tensors whose type is known.
    """

    about: dict[str, Value]
    shapes: dict[str, tuple[int, ...]]
    ends: int


def metadata(path: Path) -> dict[str, Value]:
    """The keys of a file and their values; lists are left out.

    Raises:
        ValueError: It is no GGUF file, or its header is broken.
        OSError: It cannot be read.
    """
    with _opened(path) as (file, _):
        return _keys(file)


def header(path: Path) -> Header:
    """All of the header.

    Raises:
        ValueError: It is no GGUF file, or its header is broken.
        OSError: It cannot be read.
    """
    with _opened(path) as (file, count):
        about = _keys(file)
        shapes: dict[str, tuple[int, ...]] = {}
        last = 0
        for _ in range(count):
            name, shape, end = _tensor(file)
            shapes[name], last = shape, max(last, end)
        aligned = about.get("general.alignment", _ALIGNMENT)
        step = aligned if isinstance(aligned, int) and aligned > 0 else _ALIGNMENT
        return Header(about, shapes, -(-file.tell() // step) * step + last)


@contextmanager
def _opened(path: Path) -> Iterator[tuple[BinaryIO, int]]:
    """The file, at its keys, and how many tensors it has."""
    with path.open("rb") as file:
        if file.read(4) != b"GGUF":
            raise ValueError("no GGUF file")
        if _number(file, "<I") not in (2, 3):
            raise ValueError("a version of the format that is not known")
        yield file, _bounded(_number(file, "<Q"), _MOST_TENSORS)


def _keys(file: BinaryIO) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for _ in range(_bounded(_number(file, "<Q"), _MOST_KEYS)):
        key, kind = _text(file), int(_number(file, "<I"))
        value = _value(file, kind)
        if value is not None:
            found[key] = value
    return found


def _tensor(file: BinaryIO) -> tuple[str, tuple[int, ...], int]:
    """A tensor's name and shape, and where it ends, in bytes after the header."""
    name = _text(file)
    count = _bounded(_number(file, "<I"), _MOST_DIMENSIONS)
    shape = tuple(int(_number(file, "<Q")) for _ in range(count)) or (1,)
    kind, start = int(_number(file, "<I")), int(_number(file, "<Q"))
    weights, size = _PACKED.get(kind, (1, 0))
    for length in shape:
        size *= length
    return name, shape, start + size // weights


def _value(file: BinaryIO, kind: int) -> Value | None:
    if kind == _STRING:
        return _text(file)
    if kind != _ARRAY:
        return _number(file, _layout(kind))
    kind, count = int(_number(file, "<I")), _bounded(_number(file, "<Q"), _MOST_ITEMS)
    if kind == _STRING:
        for _ in range(count):
            file.seek(_bounded(_number(file, "<Q"), _LONGEST), 1)
    else:
        file.seek(struct.calcsize(_layout(kind)) * count, 1)
    return None


def _layout(kind: int) -> str:
    if kind not in _SCALARS:
        raise ValueError(f"a value of the unknown type {kind}")
    return _SCALARS[kind]


def _number(file: BinaryIO, layout: str) -> int | float | bool:
    size = struct.calcsize(layout)
    data = file.read(size)
    if len(data) < size:
        raise ValueError("the file ends within its header")
    number: int | float | bool = struct.unpack(layout, data)[0]
    return number


def _text(file: BinaryIO) -> str:
    length = _bounded(_number(file, "<Q"), _LONGEST)
    data = file.read(length)
    if len(data) < length:
        raise ValueError("the file ends within its header")
    return data.decode("utf-8", errors="replace")


def _bounded(number: float, most: int) -> int:
    if number > most:
        raise ValueError(f"a length of {number}")
    return int(number)
