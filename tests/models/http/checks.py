"""What the real servers refuse, so that the fakes refuse it too: each gives the reason, or nothing."""

from __future__ import annotations

import base64
import binascii
from typing import Any, get_type_hints

Body = dict[str, Any]

# transformers 5.24.0, `cli/serving/chat_completion.py`: accepted, but of no effect.
TRANSFORMERS_UNUSED = frozenset(
    {
        "audio",
        "function_call",
        "functions",
        "logprobs",
        "metadata",
        "modalities",
        "n",
        "parallel_tool_calls",
        "prediction",
        "presence_penalty",
        "reasoning_effort",
        "response_format",
        "service_tier",
        "store",
        "stream_options",
        "tool_choice",
        "top_logprobs",
        "user",
        "web_search_options",
    }
)
# sglang-omni 0.1.9, `serve/protocol.py`, `ChatCompletionRequest`, as far as a chat needs it.
SGLANG_FIELDS = frozenset(
    {
        "model",
        "messages",
        "temperature",
        "max_tokens",
        "max_completion_tokens",
        "seed",
        "stream",
        "modalities",
        "audio",
        "audios",
        "images",
        "videos",
        "use_audio_in_video",
    }
)
# vllm-omni 0.30.0, `entrypoints/openai/serving_chat.py`.
VLLM_OMNI_FORMATS = frozenset({"wav", "pcm", "pcm16", "flac", "mp3", "opus"})
# ollama 0.6.3 for Python, `_types.py`.
OLLAMA_FIELDS = frozenset(
    {"model", "messages", "tools", "stream", "format", "options", "keep_alive", "think"}
)
OLLAMA_MESSAGE = frozenset({"role", "content", "thinking", "images", "tool_name", "tool_calls"})


def _parts(body: Body) -> list[dict[str, Any]]:
    contents = (message["content"] for message in body["messages"])
    return [part for content in contents if isinstance(content, list) for part in content]


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode(text, validate=True)
    except binascii.Error:
        return False
    return True


def _messages(body: Body) -> str:
    """What every server of OpenAI's shape holds to: results follow their calls, arguments are a string."""
    waiting: set[str] = set()
    for message in body["messages"]:
        if message["role"] == "tool":
            if message["tool_call_id"] not in waiting:
                return "a result without its call"
            waiting.discard(message["tool_call_id"])
        elif waiting:
            return f"no results for {waiting}"
        for call in message.get("tool_calls", ()):
            if not isinstance(call["function"]["arguments"], str):
                return "arguments must be a string"
            waiting.add(call["id"])
    return "no results at the end" if waiting else ""


def openai(body: Body) -> str:
    """OpenAI's, and those that are just like it."""
    if body["stream"] is not True:
        return "stream is off"
    if "audio" in body and (not body["audio"].get("voice") or body["audio"]["format"] != "pcm16"):
        return "audio needs a voice, and pcm16 when streamed"
    for part in _parts(body):
        if part["type"] == "input_audio" and not _is_base64(part["input_audio"]["data"]):
            return "input_audio.data is no base64"
    return _messages(body)


def unknown_to_openai(body: Body) -> set[str]:
    """The fields that OpenAI's own types do not have."""
    from openai.types.chat.completion_create_params import CompletionCreateParamsStreaming

    return set(body) - set(get_type_hints(CompletionCreateParamsStreaming))


def vllm_omni(body: Body) -> str:
    if body.get("audio", {}).get("format", "wav") not in VLLM_OMNI_FORMATS:
        return "Invalid audio format"
    if "voice" in body.get("audio", {}):
        return "the voice is ignored there"
    return "" if body.get("modalities") else "all modalities would come"


def sglang_omni(body: Body) -> str:
    if ignored := set(body) - SGLANG_FIELDS:
        return f"ignored without a word: {ignored}"
    if any("tool_calls" in message or message["role"] == "tool" for message in body["messages"]):
        return "calls are ignored without a word"
    return ""


def dashscope(body: Body) -> str:
    if body.get("stream") is not True:
        return "Qwen-Omni supports streaming output only"
    for message in body["messages"]:
        content = message["content"]
        kinds = {part["type"] for part in content} - {"text"} if isinstance(content, list) else set()
        if len(kinds) > 1:
            return "one other modality a message"
    for part in _parts(body):
        if part["type"] == "input_audio" and not part["input_audio"]["data"].startswith(("data:", "http")):
            return "input_audio.data is no URL"
    if "audio" in body and body["audio"]["format"] != "wav":
        return "format must be wav"
    return _messages(body)


def llama_cpp(body: Body) -> str:
    if not isinstance(body.get("tool_choice", "auto"), str):
        return "tool_choice must be a word"
    for part in _parts(body):
        if part["type"] not in {"text", "input_audio", "image_url"}:
            return f"unsupported content[].type {part['type']}"
        if part["type"] == "input_audio" and part["input_audio"]["format"] not in {"wav", "mp3"}:
            return "input_audio.format must be either 'wav' or 'mp3'"
    return _messages(body)


def transformers(body: Body) -> str:
    if unused := set(body) & TRANSFORMERS_UNUSED:
        return f"Ignoring unsupported fields in the request: {unused}"
    unknown = unknown_to_openai(body) - {"generation_config", "seed", "chat_template_kwargs"}
    return f"Unexpected fields in the request: {unknown}" if unknown else _messages(body)


def ollama(body: Body) -> str:
    if unknown := set(body) - OLLAMA_FIELDS:
        return f"unknown fields: {unknown}"
    for message in body["messages"]:
        if unknown := set(message) - OLLAMA_MESSAGE:
            return f"unknown fields of a message: {unknown}"
        if not isinstance(message["content"], str):
            return "content must be a string"
        for call in message.get("tool_calls", ()):
            if not isinstance(call["function"]["arguments"], dict):
                return "arguments must be an object"
    return "" if "num_ctx" in body["options"] else "the context would be cut at 4096 tokens"
