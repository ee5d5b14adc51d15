"""The servers that are known, each with where its facts are from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ...messages import JsonObject
from ..base import Capabilities, Modality
from .chat import ChatForm
from .dialect import Dialect
from .lines import JsonLines
from .reading import read_ollama, read_vllm_omni

_ALL: frozenset[Modality] = frozenset({"text", "audio", "image", "video"})
_QWEN3 = ("Ethan", "Chelsie", "Aiden")
_QWEN3_RATE = 24_000
# The order of Alibaba's list; the first is what its examples use.
_HOSTED = (
    *("Cherry", "Serena", "Ethan", "Chelsie", "Momo", "Vivian", "Moon", "Maia", "Kai", "Nofish", "Bella"),
    *("Jennifer", "Ryan", "Katerina", "Aiden", "Eldric Sage", "Mia", "Mochi", "Bellona", "Vincent", "Bunny"),
    *("Neil", "Elias", "Arthur", "Nini", "Ebona", "Seren", "Pip", "Stella", "Bodega", "Sonrisa", "Alek"),
    *("Dolce", "Sohee", "Ono Anna", "Lenn", "Emilien", "Andre", "Radio Gol", "Jada", "Dylan", "Li"),
    *("Marcus", "Roy", "Peter", "Sunny", "Eric", "Rocky", "Kiki"),
)
_OPENAI = ("alloy", "ash", "ballad", "coral", "echo", "fable", "nova", "onyx", "sage", "shimmer")
_WORDS: JsonObject = {"modalities": ["text"]}
_TRANSFORMERS = frozenset(
    {"model", "messages", "stream", "temperature", "seed", "max_tokens", "tools", "top_p", "stop"}
)


def _spoken(audio: JsonObject) -> JsonObject:
    return {"modalities": ["text", "audio"], "audio": audio}


def _audio(voice: str, usual: str, form: str) -> JsonObject:
    return _spoken({"voice": voice or usual, "format": form})


def _vllm_omni_speaking(voice: str) -> JsonObject:
    # The voice stands beside `audio`, not in it; without one the checkpoint's own is used.
    return _spoken({"format": "wav"}) | ({"voice": voice} if voice else {})


def _with_clips_heard(body: JsonObject, context: int) -> JsonObject:
    """Say that clips are to be heard too; for the whole conversation, and only where there are any."""
    if any(part["type"] == "video_url" for part in _media(body)):
        return {**body, "mm_processor_kwargs": {"use_audio_in_video": True}}
    return body


def _lifted(body: JsonObject, context: int) -> JsonObject:
    """SGLang-Omni's body: the last message's media stand at its top, as data URLs.

    It puts them into the last message if that is the user's, and into no other (0.1.9,
    `models/qwen3_omni/components/preprocessor.py`, `build_multimodal_messages`); those of earlier messages
    stay where they are.
    """
    messages = [dict(message) for message in body["messages"]]
    last = messages[-1] if messages else {"content": ""}
    if last.get("role") != "user" or not isinstance(last["content"], list):
        return body
    top: dict[str, list[str]] = {}
    for part in last["content"]:
        match part:
            case {"type": "input_audio", "input_audio": {"data": data, "format": form}}:
                top.setdefault("audios", []).append(f"data:audio/{form};base64,{data}")
            case {"type": "image_url", "image_url": {"url": url}}:
                top.setdefault("images", []).append(url)
            case {"type": "video_url", "video_url": {"url": url}}:
                top.setdefault("videos", []).append(url)
    last["content"] = "\n".join(part["text"] for part in last["content"] if part["type"] == "text")
    heard = {"use_audio_in_video": True} if "videos" in top else {}
    return {**body, "messages": messages, **top, **heard}


def _data_urls(body: JsonObject, context: int) -> JsonObject:
    """DashScope's body: sounds are data URLs, where OpenAI has bare base64."""
    for part in _media(body):
        if part["type"] == "input_audio":
            part["input_audio"]["data"] = f"data:;base64,{part['input_audio']['data']}"
    return body


def _known_fields(body: JsonObject, context: int) -> JsonObject:
    """`transformers serve` refuses fields that OpenAI does not have, and warns of those that it ignores."""
    return {name: value for name, value in body.items() if name in _TRANSFORMERS}


def _ollama(body: JsonObject, context: int) -> JsonObject:
    """Ollama's own body: options apart, pictures beside the words, a schema as `format`."""
    settings = {"temperature": "temperature", "seed": "seed", "max_tokens": "num_predict"}
    options = {name: body.pop(field) for field, name in settings.items()}
    # Said each time: Ollama forgets, without a word, the beginning of what is longer than its own setting.
    options["num_ctx"] = context
    form = body.pop("response_format", None)
    schema = {"format": form["json_schema"]["schema"]} if form else {}
    calls = {
        call["id"]: call["function"]["name"]
        for message in body["messages"]
        for call in message.get("tool_calls", ())
    }
    messages = [_ollama_message(message, calls) for message in body["messages"]]
    return {**body, "messages": messages, "options": options, **schema}


def _ollama_message(message: JsonObject, calls: Mapping[str, str]) -> JsonObject:
    """Calls have no ids there, and their arguments are objects; a result goes by the tool's name."""
    content = message["content"]
    written: JsonObject = {"role": message["role"], "content": content or ""}
    if isinstance(content, list):
        written["content"] = "\n".join(part["text"] for part in content if part["type"] == "text")
        urls = [part["image_url"]["url"] for part in content if part["type"] == "image_url"]
        written["images"] = [url.partition(",")[2] for url in urls]
    if made := [call["function"] for call in message.get("tool_calls", ())]:
        written["tool_calls"] = [
            {"function": {"name": call["name"], "arguments": json.loads(call["arguments"])}} for call in made
        ]
    if message["role"] == "tool":
        written["tool_name"] = calls.get(message["tool_call_id"], "")
    return written


def _media(body: JsonObject) -> list[dict[str, Any]]:
    contents = (message["content"] for message in body["messages"])
    return [part for content in contents if isinstance(content, list) for part in content]


# vllm-omni 0.30.0, `entrypoints/openai/serving_chat.py`; the command is that of its documentation.
VLLM_OMNI = Dialect(
    "vllm-omni",
    "vLLM-Omni",
    "http://127.0.0.1:8091/v1",
    Capabilities(
        inputs=_ALL,
        video_sound=True,
        speech=True,
        streams_speech=True,
        voices=_QWEN3,
        speech_rate=_QWEN3_RATE,
        context_tokens=32_768,
    ),
    key="VLLM_API_KEY",
    start="vllm serve Qwen/Qwen3-Omni-30B-A3B-Instruct --omni --port 8091 "
    "--enable-auto-tool-choice --tool-call-parser hermes",
    finish=_with_clips_heard,
    speaking=_vllm_omni_speaking,
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
    finish=_with_clips_heard,
)

# sglang-omni 0.1.9, `serve/protocol.py` and `serve/openai_api.py`: no field for tools.
SGLANG_OMNI = Dialect(
    "sglang-omni",
    "SGLang-Omni",
    "http://127.0.0.1:8008/v1",
    Capabilities(
        inputs=_ALL,
        video_sound=True,
        speech=True,
        streams_speech=True,
        voices=_QWEN3,
        speech_rate=_QWEN3_RATE,
        context_tokens=32_768,
    ),
    key="SGLANG_API_KEY",
    start="sgl-omni serve --model-path Qwen/Qwen3-Omni-30B-A3B-Instruct --port 8008",
    form=ChatForm(tools_in_prompt=True),
    finish=_lifted,
    speaking=lambda voice: _audio(voice, _QWEN3[0], "wav"),
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
    Capabilities(
        inputs=_ALL,
        video_sound=True,
        speech=True,
        streams_speech=True,
        voices=_HOSTED,
        speech_rate=_QWEN3_RATE,
        context_tokens=65_536,
    ),
    model="qwen3-omni-flash-2025-12-01",
    path="/compatible-mode/v1",
    key="DASHSCOPE_API_KEY",
    key_needed=True,
    form=ChatForm(one_kind=True),
    finish=_data_urls,
    speaking=lambda voice: _audio(voice, _HOSTED[0], "wav"),
    silent=_WORDS,
    schema="prompt",
    counts_speech=True,
    prefills=False,
)

# openai 3.57.0 for Python, `types/chat`; speech is streamed as pcm16 only (the guide "Audio and speech").
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
    model="gpt-audio",
    key="OPENAI_API_KEY",
    key_needed=True,
    speaking=lambda voice: _audio(voice, _OPENAI[0], "pcm16"),
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
    finish=_known_fields,
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
    finish=_ollama,
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
