"""Qwen3-Omni and Qwen2.5-Omni in this process, by torch and transformers (the extra `omni`)."""

from .model import TransformersOmni, in_process
from .options import Options

__all__ = ["Options", "TransformersOmni", "in_process"]
