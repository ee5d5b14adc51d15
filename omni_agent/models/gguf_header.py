"""What a GGUF file says of itself, without loading it.

Form of the file: ggml's `docs/gguf.md`, version 2 and 3, little-endian. What projectors say of their encoders
(`clip.has_vision_encoder`, `clip.has_audio_encoder`): llama.cpp's `tools/mtmd/clip-impl.h`.
"""

from __future__ import annotations

import struct
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
# A header that claims more is broken; real ones have some dozens of keys and vocabularies of 300,000 words.
_MOST_KEYS, _MOST_ITEMS, _LONGEST = 10_000, 5_000_000, 10_000_000


def metadata(path: Path) -> dict[str, Value]:
    """The keys of a file and their values; lists are left out.

    Raises:
        ValueError: It is no GGUF file, or its header is broken.
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        if file.read(4) != b"GGUF":
            raise ValueError("no GGUF file")
        if _number(file, "<I") not in (2, 3):
            raise ValueError("a version of the format that is not known")
        _number(file, "<Q")
        found: dict[str, Value] = {}
        for _ in range(_bounded(_number(file, "<Q"), _MOST_KEYS)):
            key, kind = _text(file), int(_number(file, "<I"))
            value = _value(file, kind)
            if value is not None:
                found[key] = value
        return found


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
