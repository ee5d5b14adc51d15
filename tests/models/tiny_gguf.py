"""Tiny random models in GGUF, made here: a language model, and projectors that give it ears or eyes."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

WIDTH = 32
_TYPES = {bool: 7, int: 4, float: 6, str: 8}
_LAYOUTS = {7: "<?", 4: "<I", 6: "<f", 5: "<i"}
_ALIGNMENT = 32
TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def written(path: Path, about: Mapping[str, Any], tensors: Mapping[str, NDArray[Any]]) -> Path:
    """A GGUF file of version 3 (ggml, `docs/gguf.md`); arrays are lists of one type, int32 where numbers."""
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(about))
    for key, value in about.items():
        head += _text(key) + _value(value)
    offset, bodies = 0, []
    for name, values in tensors.items():
        kind = {np.dtype("float32"): 0, np.dtype("float16"): 1}[values.dtype]
        head += _text(name) + struct.pack("<I", values.ndim)
        head += b"".join(struct.pack("<Q", length) for length in reversed(values.shape))
        head += struct.pack("<IQ", kind, offset)
        body = _padded(values.tobytes())
        bodies.append(body)
        offset += len(body)
    path.write_bytes(_padded(head) + b"".join(bodies))
    return path


def language(path: Path, width: int = WIDTH, context: int = 4096) -> Path:
    """A Qwen2 of one layer that reads and writes bytes."""
    tokens = [*_bytes(), "<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    about = {
        "general.architecture": "qwen2",
        "qwen2.context_length": context,
        "qwen2.embedding_length": width,
        "qwen2.block_count": 1,
        "qwen2.feed_forward_length": 64,
        "qwen2.attention.head_count": 4,
        "qwen2.attention.head_count_kv": 2,
        "qwen2.attention.layer_norm_rms_epsilon": 1e-6,
        "qwen2.rope.freq_base": 10_000.0,
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "qwen2",
        "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.token_type": [1] * 256 + [3] * 3,
        "tokenizer.ggml.merges": ["a b"],
        "tokenizer.ggml.eos_token_id": 258,
        "tokenizer.ggml.padding_token_id": 256,
        "tokenizer.chat_template": TEMPLATE,
    }
    shapes = {
        "token_embd.weight": (len(tokens), width),
        "blk.0.attn_norm.weight": (width,),
        "blk.0.attn_q.weight": (width, width),
        "blk.0.attn_q.bias": (width,),
        "blk.0.attn_k.weight": (width // 2, width),
        "blk.0.attn_k.bias": (width // 2,),
        "blk.0.attn_v.weight": (width // 2, width),
        "blk.0.attn_v.bias": (width // 2,),
        "blk.0.attn_output.weight": (width, width),
        "blk.0.ffn_norm.weight": (width,),
        "blk.0.ffn_gate.weight": (64, width),
        "blk.0.ffn_up.weight": (64, width),
        "blk.0.ffn_down.weight": (width, 64),
        "output_norm.weight": (width,),
        "output.weight": (len(tokens), width),
    }
    return written(path, about, _random(shapes))


def ears(path: Path, width: int = WIDTH) -> Path:
    """A projector of Qwen2.5-Omni's kind for sound: one Whisper layer."""
    about = {**_projector("audio", "qwen2a", width), "clip.audio.num_mel_bins": 128}
    shapes: dict[str, tuple[int, ...]] = {
        "a.conv1d.1.weight": (32, 128, 3),
        "a.conv1d.1.bias": (32, 1),
        "a.conv1d.2.weight": (32, 32, 3),
        "a.conv1d.2.bias": (32, 1),
        "a.position_embd.weight": (1500, 32),
        **_layer("a"),
        "a.post_ln.weight": (32,),
        "a.post_ln.bias": (32,),
        "mm.a.fc.weight": (width, 32),
        "mm.a.fc.bias": (width,),
    }
    del shapes["a.blk.0.attn_k.bias"]
    return written(path, about, _random(shapes))


def eyes(path: Path, width: int = WIDTH) -> Path:
    """A projector for pictures: one layer of a vision transformer and a linear map."""
    about = {
        **_projector("vision", "mlp", width),
        "clip.vision.image_size": 64,
        "clip.vision.patch_size": 16,
        "clip.vision.image_mean": [0.5, 0.5, 0.5],
        "clip.vision.image_std": [0.5, 0.5, 0.5],
    }
    shapes: dict[str, tuple[int, ...]] = {
        "v.patch_embd.weight": (32, 3, 16, 16),
        "v.patch_embd.bias": (32,),
        "v.position_embd.weight": (16, 32),
        **_layer("v"),
        "mm.0.weight": (width, 32),
        "mm.0.bias": (width,),
        "mm.2.weight": (width, width),
        "mm.2.bias": (width,),
    }
    return written(path, about, _random(shapes))


def _projector(kind: str, name: str, width: int) -> dict[str, Any]:
    return {
        "general.architecture": "clip",
        "general.type": "mmproj",
        "clip.has_audio_encoder": kind == "audio",
        "clip.has_vision_encoder": kind == "vision",
        "clip.projector_type": name,
        "clip.use_gelu": True,
        f"clip.{kind}.embedding_length": 32,
        f"clip.{kind}.feed_forward_length": 64,
        f"clip.{kind}.block_count": 1,
        f"clip.{kind}.projection_dim": width,
        f"clip.{kind}.attention.head_count": 4,
        f"clip.{kind}.attention.layer_norm_epsilon": 1e-5,
    }


def _layer(kind: str) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {}
    for part in ("attn_q", "attn_k", "attn_v", "attn_out"):
        shapes[f"{kind}.blk.0.{part}.weight"] = (32, 32)
        shapes[f"{kind}.blk.0.{part}.bias"] = (32,)
    for norm in ("ln1", "ln2"):
        shapes[f"{kind}.blk.0.{norm}.weight"] = shapes[f"{kind}.blk.0.{norm}.bias"] = (32,)
    shapes[f"{kind}.blk.0.ffn_up.weight"], shapes[f"{kind}.blk.0.ffn_up.bias"] = (64, 32), (64,)
    shapes[f"{kind}.blk.0.ffn_down.weight"], shapes[f"{kind}.blk.0.ffn_down.bias"] = (32, 64), (32,)
    return shapes


def _random(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, NDArray[Any]]:
    made = np.random.default_rng(7)
    # llama.cpp convolves sound by kernels of half precision.
    return {
        name: (0.2 * made.standard_normal(shape)).astype(np.float16 if len(shape) == 3 else np.float32)
        for name, shape in shapes.items()
    }


def _bytes() -> list[str]:
    """The sign of each byte in vocabularies of GPT-2's kind."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in plain]
    return [chr(byte) if byte in plain else chr(256 + others.index(byte)) for byte in range(256)]


def _text(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def _value(value: Any) -> bytes:
    if isinstance(value, list):
        kind = 5 if isinstance(value[0], int) else _TYPES[type(value[0])]
        return struct.pack("<IIQ", 9, kind, len(value)) + b"".join(_bare(item, kind) for item in value)
    kind = _TYPES[type(value)]
    return struct.pack("<I", kind) + _bare(value, kind)


def _bare(value: Any, kind: int) -> bytes:
    return _text(value) if kind == 8 else struct.pack(_LAYOUTS[kind], value)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % _ALIGNMENT)
