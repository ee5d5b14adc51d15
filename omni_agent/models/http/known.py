"""Models that want to be asked otherwise than others on the same server."""

from __future__ import annotations

from dataclasses import replace

from ..qwen_omni import QWEN25_SYSTEM, QWEN25_VOICES
from .dialect import Dialect

_OWN_TEMPLATE = frozenset({"vllm-omni", "vllm", "sglang-omni", "transformers-serve"})
"""Servers that apply the checkpoint's own template; llama.cpp has a form of its own for tools."""


def for_model(dialect: Dialect, model: str) -> Dialect:
    """The dialect as that model wants it.

    Qwen2.5-Omni's template ignores tools and drops calls (QwenLM/Qwen2.5-Omni, issue 33), so both go as
    words; it was not trained to call, so what it calls is grounded like a small model's. It speaks when its
    words are done (`vllm_omni/deploy/qwen2_5_omni.yaml`).
    """
    if "qwen2.5-omni" not in model.lower() or dialect.name not in _OWN_TEMPLATE:
        return dialect
    able = replace(dialect.capabilities, invents=True)
    form = replace(dialect.form, tools_in_prompt=True, fixed_system=QWEN25_SYSTEM if able.speech else "")
    if able.speech:
        able = replace(able, voices=QWEN25_VOICES, streams_speech=False)
    # Words cannot make it call just one of several.
    return replace(dialect, capabilities=able, form=form, tool_choice="none")
