"""The servers that are known, each with where its facts are from."""

from __future__ import annotations

from dataclasses import replace

from ...messages import JsonObject
from ..base import Capabilities, Modality
from ..qwen_omni import QWEN3_VOICES, SPEECH_RATE
from . import shapes
from .chat import ChatForm
from .dialect import Dialect
from .lines import JsonLines
from .reading import read_ollama, read_vllm_omni

_ALL: frozenset[Modality] = frozenset({"text", "audio", "image", "video"})
_SERVED = Capabilities(
    inputs=_ALL,
    video_sound=True,
    speech=True,
    streams_speech=True,
    voices=QWEN3_VOICES,
    speech_rate=SPEECH_RATE,
    context_tokens=32_768,
)
# The order of Alibaba's list; the first is what its examples use.
_HOSTED = (
    *("Cherry", "Serena", "Ethan", "Chelsie", "Momo", "Vivian", "Moon", "Maia", "Kai", "Nofish", "Bella"),
    *("Jennifer", "Ryan", "Katerina", "Aiden", "Eldric Sage", "Mia", "Mochi", "Bellona", "Vincent", "Bunny"),
    *("Neil", "Elias", "Arthur", "Nini", "Ebona", "Seren", "Pip", "Stella", "Bodega", "Sonrisa", "Alek"),
    *("Dolce", "Sohee", "Ono Anna", "Lenn", "Emilien", "Andre", "Radio Gol", "Jada", "Dylan", "Li"),
    *("Marcus", "Roy", "Peter", "Sunny", "Eric", "Rocky", "Kiki"),
)
_OPENAI = (
    *("alloy", "ash", "ballad", "coral", "echo", "fable", "nova", "onyx", "sage", "shimmer"),
    *("verse", "marin", "cedar"),
)
_HEARD: JsonObject = {"use_audio_in_video": True}
_MM_HEARD: JsonObject = {"mm_processor_kwargs": _HEARD}
_WORDS: JsonObject = {"modalities": ["text"]}


# vllm-omni 0.30.0, `entrypoints/openai/serving_chat.py`; the command is that of its documentation.
VLLM_OMNI = Dialect(
    "vllm-omni",
    "vLLM-Omni",
    "http://127.0.0.1:8091/v1",
    _SERVED,
    key="VLLM_API_KEY",
    start="vllm serve Qwen/Qwen3-Omni-30B-A3B-Instruct --omni --port 8091 "
    "--enable-auto-tool-choice --tool-call-parser hermes",
    clips_heard=_MM_HEARD,
    speaking=shapes.vllm_omni_speaking,
    silent=_WORDS,
    read=read_vllm_omni,
)

# README of QwenLM/Qwen3-Omni, "vLLM Usage": the thinker only; `modalities` and `audio` are ignored.
VLLM = Dialect(
    "vllm",
    "vLLM",
    "http://127.0.0.1:8901/v1",
    Capabilities(inputs=_ALL, video_sound=True, context_tokens=32_768),
    key="VLLM_API_KEY",
    start="vllm serve Qwen/Qwen3-Omni-30B-A3B-Instruct --port 8901 --host 127.0.0.1 --dtype bfloat16 "
    "--max-model-len 32768 --enable-auto-tool-choice --tool-call-parser hermes",
    clips_heard=_MM_HEARD,
)

# sglang-omni 0.1.9, `serve/protocol.py` and `serve/openai_api.py`: no field for tools.
SGLANG_OMNI = Dialect(
    "sglang-omni",
    "SGLang-Omni",
    "http://127.0.0.1:8008/v1",
    _SERVED,
    key="SGLANG_API_KEY",
    start="sgl-omni serve --model-path Qwen/Qwen3-Omni-30B-A3B-Instruct --port 8008",
    form=ChatForm(tools_in_prompt=True),
    finish=shapes.lifted,
    clips_heard=_HEARD,
    speaking=lambda voice: shapes.audio(voice, QWEN3_VOICES[0], "wav"),
    silent=_WORDS,
    tool_choice="none",
    schema="prompt",
    counts=False,
)

# Model Studio's documentation, "Qwen-Omni" (alibabacloud.com/help/en/model-studio/qwen-omni).
DASHSCOPE = Dialect(
    "dashscope",
    "DashScope",
    "https://dashscope.aliyuncs.com/compatible-mode/v1",
    replace(_SERVED, voices=_HOSTED, context_tokens=65_536),
    model="qwen3-omni-flash-2025-12-01",
    path="/compatible-mode/v1",
    key="DASHSCOPE_API_KEY",
    key_needed=True,
    form=ChatForm(one_kind=True),
    finish=shapes.data_urls,
    speaking=lambda voice: shapes.audio(voice, _HOSTED[0], "wav"),
    silent=_WORDS,
    schema="prompt",
    counts_speech=True,
    prefills=False,
)

# openai 3.57.0 for Python, `types/chat`; speech is streamed as pcm16 only (the guide "Audio and speech"). The
# model is what is left when gpt-audio ends on 20 January 2027 (developers.openai.com, "Deprecations").
OPENAI = Dialect(
    "openai",
    "OpenAI",
    "https://api.openai.com/v1",
    Capabilities(
        inputs=frozenset({"text", "audio"}),
        speech=True,
        streams_speech=True,
        voices=_OPENAI,
        speech_rate=24_000,
        tools_with_speech=True,
        context_tokens=128_000,
    ),
    model="gpt-audio-1.5",
    key="OPENAI_API_KEY",
    key_needed=True,
    speaking=lambda voice: shapes.audio(voice, _OPENAI[0], "pcm16"),
    silent=_WORDS,
    limit="max_completion_tokens",
    counts_speech=True,
    prefills=False,
)

# README of llama.cpp's `tools/server`; its `tool_choice` is a word, never an object.
LLAMA_CPP = Dialect(
    "llama.cpp",
    "llama.cpp",
    "http://127.0.0.1:8080/v1",
    Capabilities(inputs=frozenset({"text", "audio", "image"}), context_tokens=8_192),
    key="LLAMA_API_KEY",
    start="llama-server -hf ggml-org/Qwen2.5-Omni-3B-GGUF --jinja -c 8192",
    finish=shapes.several_calls,
    tool_choice="required",
    patience=60.0,
)

# transformers 5.24.0, `cli/serving`: no `[DONE]`, and other fields than OpenAI's are refused.
TRANSFORMERS = Dialect(
    "transformers-serve",
    "transformers",
    "http://127.0.0.1:8000/v1",
    Capabilities(inputs=frozenset({"text", "audio", "image"}), context_tokens=32_768),
    start="transformers serve Qwen/Qwen2.5-Omni-3B",
    finish=shapes.known_fields,
    tool_choice="none",
    schema="prompt",
    counts=False,
    patience=180.0,
)

# Ollama's docs/api.md and `ollama` 0.6.3 for Python; most of its models read text only.
OLLAMA = Dialect(
    "ollama",
    "Ollama",
    "http://127.0.0.1:11434",
    Capabilities(context_tokens=8_192),
    path="",
    endpoint="/api/chat",
    key="OLLAMA_API_KEY",
    start="ollama serve",
    absent="ollama pull {model}",
    finish=shapes.ollama,
    read=read_ollama,
    framing=JsonLines,
    tool_choice="none",
    counts=False,
    patience=180.0,
)

DIALECTS = {
    dialect.name: dialect
    for dialect in (VLLM_OMNI, VLLM, SGLANG_OMNI, DASHSCOPE, OPENAI, LLAMA_CPP, TRANSFORMERS, OLLAMA)
}
