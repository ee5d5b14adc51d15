"""How long each phoneme lasts: a voice model computes it on the way; here it is told to hand it over.

A protobuf message that is followed by another of its kind is read as both merged, repeated fields appended
(https://protobuf.dev/programming-guides/encoding/#last-one-wins). So a model file followed by a few bytes
that hold one node and one output is that model with one more output, and the `onnx` package is not needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

DURATION = "duration"
"""The added output: frames of each token, `(1, tokens)` or `(1, 1, tokens)`; kokoro-onnx reads this name."""

# Field numbers of onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).
_MODEL_GRAPH = 7
_GRAPH_NODE, _GRAPH_OUTPUT = 1, 12
_NODE_INPUT, _NODE_OUTPUT, _NODE_OPERATOR = 1, 2, 4
_VALUE_NAME = 1
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


def with_durations(model: bytes) -> bytes | None:
    """The model with the output `DURATION`, or None where it is not known which tensor that is.

    VITS rounds durations up (its only `Ceil`), StyleTTS 2, of which Kokoro is one, to the nearest (its only
    `Round`).

    Args:
        model: The bytes of an ONNX file; anything else gives None.
    """
    try:
        rounded = [node for node in _nodes(memoryview(model)) if node[0] in (b"Ceil", b"Round")]
    except (IndexError, ValueError):
        return None
    for operator in (b"Ceil", b"Round"):
        tensors = [tensor for name, tensor in rounded if name == operator]
        if len(tensors) == 1 and tensors[0]:
            return b"".join((model, _addition(tensors[0])))
    return None


def _addition(tensor: bytes) -> bytes:
    name = DURATION.encode()
    node = _field(_NODE_INPUT, tensor) + _field(_NODE_OUTPUT, name) + _field(_NODE_OPERATOR, b"Identity")
    graph = _field(_GRAPH_NODE, node) + _field(_GRAPH_OUTPUT, _field(_VALUE_NAME, name))
    return _field(_MODEL_GRAPH, graph)


def _nodes(model: memoryview) -> Iterator[tuple[bytes, bytes]]:
    """Operator and first output of each node."""
    for number, graph in _fields(model):
        if number != _MODEL_GRAPH:
            continue
        for kind, node in _fields(graph):
            if kind == _GRAPH_NODE:
                parts: dict[int, bytes] = {}
                for part, value in _fields(node):
                    if part in (_NODE_OUTPUT, _NODE_OPERATOR):
                        parts.setdefault(part, bytes(value))
                yield parts.get(_NODE_OPERATOR, b""), parts.get(_NODE_OUTPUT, b"")


def _fields(message: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Number and content of each field; numbers are passed over.

    Raises:
        IndexError, ValueError: This is no protobuf message.
    """
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        kind, length = key & 7, 0
        if kind == _BYTES:
            length, at = _varint(message, at)
        elif kind == _VARINT:
            _, at = _varint(message, at)
        elif kind in (_FIXED64, _FIXED32):
            length = 8 if kind == _FIXED64 else 4
        else:
            raise ValueError(f"no field of kind {kind} is known")
        if at + length > len(message):
            raise ValueError("a field is longer than its message")
        if kind == _BYTES:
            yield key >> 3, message[at : at + length]
        at += length


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at
        if shift > 63:
            raise ValueError("a number is too long")


def _field(number: int, content: bytes) -> bytes:
    return _number(number << 3 | _BYTES) + _number(len(content)) + content


def _number(value: int) -> bytes:
    digits = bytearray()
    while value > 0x7F:
        digits.append(value & 0x7F | 0x80)
        value >>= 7
    digits.append(value)
    return bytes(digits)
