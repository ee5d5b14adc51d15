"""How much memory a checkpoint takes, from the headers of its files, before any of it is loaded."""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, Any

from ...errors import ModelUnavailable

if TYPE_CHECKING:
    from pathlib import Path

    from .checkpoint import Checkpoint
    from .options import Options

GB = 1_000_000_000
# Cache, activations and what the allocator loses; Qwen2.5-Omni's README: real use is at least 1.2 times the
# weights and states.
_MARGIN = 1.2
_BYTES = {"F64": 8, "F32": 4, "I32": 4, "F16": 2, "BF16": 2, "I64": 8, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1}
_WIDTH = {"float32": 4, "float16": 2, "bfloat16": 2}
# Four bits a weight, its scales, and the parts that stay as they are.
_FOUR_BITS = 0.32
_SPEAKING = ("talker.", "code2wav.", "token2wav.")
# Official minimum in BF16 for a clip of 15 s, in GB (READMEs of Qwen3-Omni and Qwen2.5-Omni; the Captioner is
# taken to be as large as Thinking). Only where the files are not here yet.
_PUBLISHED = {
    "qwen3-omni-30b-a3b-instruct": 78.85,
    "qwen3-omni-30b-a3b-thinking": 68.74,
    "qwen3-omni-30b-a3b-captioner": 68.74,
    "qwen2.5-omni-7b": 31.11,
    "qwen2.5-omni-3b": 18.38,
}
_TALKERS = {"qwen3": 10.0, "qwen2.5": 2.0}


def bytes_needed(checkpoint: Checkpoint, options: Options, dtype: str) -> int:
    """Bytes that the loaded model will take, with room to answer; 0 where nothing is known of it.

    Args:
        checkpoint: Which model.
        options: How it is to be loaded.
        dtype: Of its weights once they are loaded; `auto` for that of the files.
    """
    if checkpoint.folder is not None and (sizes := tensor_bytes(checkpoint.folder, dtype)):
        wanted = sum(
            size for name, size in sizes.items() if checkpoint.talks or not name.startswith(_SPEAKING)
        )
        return int(wanted * (_FOUR_BITS if options.bits == 4 else 1.0) * _MARGIN)
    known = _PUBLISHED.get(checkpoint.source.rstrip("/").rpartition("/")[2].lower(), 0.0)
    if known and checkpoint.variant == "instruct" and not checkpoint.talks:
        known -= _TALKERS[checkpoint.family]
    width = _WIDTH.get(dtype, 2) / 2
    return int(known * GB * (_FOUR_BITS if options.bits == 4 else width))


def tensor_bytes(folder: Path, dtype: str = "auto") -> dict[str, int]:
    """Bytes of each tensor in the folder's safetensors files, in `dtype` or in that of the files.

    Empty where there are none, or not all that the index names: a download that was broken off tells nothing.
    """
    sizes: dict[str, int] = {}
    if not _complete(folder):
        return sizes
    for path in sorted(folder.glob("*.safetensors")):
        for name, about in _header(path).items():
            if name == "__metadata__":
                continue
            count = 1
            for length in about["shape"]:
                count *= length
            width = _BYTES.get(about["dtype"], 2)
            floating = about["dtype"] in ("F64", "F32", "F16", "BF16")
            sizes[name] = count * (_WIDTH.get(dtype, width) if floating else width)
    return sizes


def check_room(checkpoint: Checkpoint, options: Options, *, dtype: str, free: int, where: str) -> None:
    """Refuse what cannot fit, before gigabytes are fetched or read.

    Args:
        checkpoint: Which model.
        options: How it is to be loaded.
        dtype: Of its weights once they are loaded.
        free: Bytes free on the device; 0 where that is not known.
        where: The device, for the message.

    Raises:
        ModelUnavailable: It needs more than is free (`model_too_large`).
    """
    needed = bytes_needed(checkpoint, options, dtype) if options.memory else 0
    if not needed or not free or needed <= free:
        return
    ways = [
        *([f"{checkpoint.source}?talker=off"] if checkpoint.talks else []),
        *(["bits=4"] if options.bits == 0 and where != "the processor's memory" else []),
        *(["Qwen/Qwen2.5-Omni-3B"] if "3b" not in checkpoint.source.lower() else []),
        "a server on a larger machine",
        'model="local"',
    ]
    raise ModelUnavailable(
        f"{checkpoint.source} needs about {needed / GB:.1f} GB, but {where} has {free / GB:.1f} GB free",
        code="model_too_large",
        remedy=f"try {', '.join(ways)}; memory=off loads it all the same",
    )


def free_main_memory() -> int:
    """Bytes that can be had without swapping; 0 where the system does not tell."""
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            for line in file:
                if line.startswith("MemAvailable:"):
                    return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        pass
    return 0


def _complete(folder: Path) -> bool:
    try:
        index = json.loads((folder / "model.safetensors.index.json").read_text(encoding="utf-8"))
        return all((folder / name).is_file() for name in set(index["weight_map"].values()))
    except FileNotFoundError:
        return True
    except (OSError, ValueError, KeyError, AttributeError):
        return False


def _header(path: Path) -> dict[str, Any]:
    """The index at the beginning of a safetensors file; empty where it cannot be read."""
    try:
        with path.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            header: dict[str, Any] = json.loads(file.read(min(length, 100_000_000)))
    except (OSError, ValueError, struct.error):
        return {}
    return header
