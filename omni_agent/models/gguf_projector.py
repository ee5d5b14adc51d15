"""Whether a projector's tensors fit each other, by its header, before llama.cpp sees it.

llama.cpp (of October 2026) refuses a projector that lacks a tensor or is of another model's width. One with a
tensor of a wrong shape it takes, and ends the whole process at an assertion: when it is loaded, or at the
first picture. What is looked for here is what all its encoders have in common (`tools/mtmd/clip.cpp`); what
is not known to be wrong is let pass.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeAlias

from ..errors import ModelUnavailable
from .gguf_header import Header, header

if TYPE_CHECKING:
    from pathlib import Path

Shape: TypeAlias = tuple[int, ...]

# Prefix of the tensors and of the keys.
_ENCODERS = (("a", "audio"), ("v", "vision"))
_BLOCK = re.compile(r"(?P<block>[av]\.blk\.\d+\.)(?P<name>\w+)\.weight")
# What of a block takes in the encoder's width, and what gives it.
_FROM = frozenset({"attn_q", "attn_k", "attn_v", "attn_qkv", "ln1", "ln2"})
_TO = frozenset({"attn_out"})
_THREE = frozenset({"attn_q", "attn_k", "attn_v"})


def checked_projector(path: Path) -> Header:
    """The header of a projector that fits itself.

    Raises:
        ModelUnavailable: It is no projector, is cut short, or has tensors of wrong shapes.
        ValueError: It is no GGUF file, or its header is broken.
        OSError: It cannot be read.
    """
    read = header(path)
    if read.about.get("general.architecture", "clip") != "clip":
        raise ModelUnavailable(
            f"{path} is a language model, not a projector", remedy="rename it: it has mmproj in its name"
        )
    size = path.stat().st_size
    if size < read.ends:
        raise _unfit(path, f"it ends after {size} of {read.ends} bytes")
    if wrong := next(_wrongs(read), ""):
        raise _unfit(path, wrong)
    return read


def _wrongs(read: Header) -> Iterator[str]:
    yield from _biases(read.shapes)
    for prefix, kind in _ENCODERS:
        width = read.about.get(f"clip.{kind}.embedding_length")
        if isinstance(width, int) and width > 0:
            yield from _heads(read, kind, width)
            yield from _blocks(read.shapes, prefix, width)
    yield from _inlets(read)
    yield from _outlet(read)


def _biases(shapes: dict[str, Shape]) -> Iterator[str]:
    """A bias has as many values as its weight gives."""
    for name, shape in shapes.items():
        bias = shapes.get(f"{name.removesuffix('.weight')}.bias")
        gives = list(shape)[-1] if shape else 1
        if bias is not None and name.endswith(".weight") and len(shape) < 3 and _count(bias) != gives:
            yield f"{name} gives {gives} values and its bias has {_count(bias)}"


def _heads(read: Header, kind: str, width: int) -> Iterator[str]:
    heads = read.about.get(f"clip.{kind}.attention.head_count")
    if isinstance(heads, int) and (heads < 1 or width % heads):
        yield f"its {kind} encoder of width {width} cannot have {heads} heads"


def _blocks(shapes: dict[str, Shape], prefix: str, width: int) -> Iterator[str]:
    """Each block of an encoder takes its width and gives it."""
    blocks: dict[str, dict[str, Shape]] = {}
    for name, shape in shapes.items():
        if (found := _BLOCK.fullmatch(name)) and name.startswith(f"{prefix}."):
            blocks.setdefault(found["block"], {})[found["name"]] = shape
    for block, parts in blocks.items():
        if parts.keys() & _THREE and "attn_qkv" not in parts and (lacking := _THREE - parts.keys()):
            yield f"{block}{min(lacking)}.weight is missing"
        for name, shape in parts.items():
            if (name in _FROM and shape[0] != width) or (name in _TO and shape[-1] != width):
                yield f"{block}{name}.weight has the shape {shape} in an encoder of width {width}"
        up, down = parts.get("ffn_up"), parts.get("ffn_down")
        # Old files have the two names the other way round, and llama.cpp knows it.
        if up and down and (up[::-1] != down or width not in (up[0], down[0])):
            yield f"{block}ffn_up.weight and ffn_down.weight have the shapes {up} and {down}"


def _inlets(read: Header) -> Iterator[str]:
    """What sounds and pictures come in by."""
    heard, bins = read.shapes.get("a.conv1d.1.weight"), read.about.get("clip.audio.num_mel_bins")
    if heard and len(heard) == 3 and isinstance(bins, int) and heard[1] != bins:
        yield f"a.conv1d.1.weight takes {heard[1]} bands of sound, and there are {bins}"
    seen, patch = read.shapes.get("v.patch_embd.weight"), read.about.get("clip.vision.patch_size")
    if seen and len(seen) == 4 and isinstance(patch, int) and seen[:2] != (patch, patch):
        yield f"v.patch_embd.weight takes patches of {seen[0]} x {seen[1]} pixels, and they have {patch}"
    attends = any(name.startswith("v.blk.") and ".attn_" in name for name in read.shapes)
    if attends and not any(name.startswith("v.patch_embd.weight") for name in read.shapes):
        yield "v.patch_embd.weight is missing"


def _outlet(read: Header) -> Iterator[str]:
    """What is seen goes on to the language model by one or several patches at a time."""
    first, second = read.shapes.get("mm.0.weight"), read.shapes.get("mm.2.weight")
    width = read.about.get("clip.vision.embedding_length")
    if first and isinstance(width, int) and width > 0 and first[0] % width:
        yield f"mm.0.weight takes {first[0]} values of an encoder of width {width}"
    if first and second and len(second) == 2 and second[0] != first[-1]:
        yield f"mm.2.weight takes {second[0]} values and mm.0.weight gives {first[-1]}"


def _count(shape: Shape) -> int:
    count = 1
    for length in shape:
        count *= length
    return count


def _unfit(path: Path, what: str) -> ModelUnavailable:
    return ModelUnavailable(
        f"the projector {path} does not fit itself: {what}",
        remedy="fetch it again, from the repository that the model is from; without it the model hears and "
        "sees by the local senses",
    )
