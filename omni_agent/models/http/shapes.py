"""The bodies of requests where a kind of server wants another than OpenAI's, and the fields for speech.

Each takes a body in OpenAI's shape and the length of the context in tokens, and gives its server's.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ...messages import JsonObject

_TRANSFORMERS = frozenset(
    {"model", "messages", "stream", "temperature", "seed", "max_tokens", "tools", "top_p", "stop"}
)


def spoken(audio: JsonObject) -> JsonObject:
    """Words and speech."""
    return {"modalities": ["text", "audio"], "audio": audio}


def audio(voice: str, usual: str, form: str) -> JsonObject:
    """Words and speech, by a voice in OpenAI's field for it."""
    return spoken({"voice": voice or usual, "format": form})


def vllm_omni_speaking(voice: str) -> JsonObject:
    """Words and speech; the voice stands beside `audio`, and without one the checkpoint's own is used."""
    return spoken({"format": "wav"}) | ({"voice": voice} if voice else {})


def lifted(body: JsonObject, context: int) -> JsonObject:
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
    return {**body, "messages": messages, **top}


def data_urls(body: JsonObject, context: int) -> JsonObject:
    """DashScope's body: sounds are data URLs, where OpenAI has bare base64."""
    for part in _media(body):
        if part["type"] == "input_audio":
            part["input_audio"]["data"] = f"data:;base64,{part['input_audio']['data']}"
    return body


def several_calls(body: JsonObject, context: int) -> JsonObject:
    """llama.cpp's body: one call an answer unless more are asked for (`server-common.cpp`)."""
    return {**body, "parallel_tool_calls": True} if "tools" in body else body


def known_fields(body: JsonObject, context: int) -> JsonObject:
    """`transformers serve` refuses fields that OpenAI does not have, and warns of those that it ignores."""
    return {name: value for name, value in body.items() if name in _TRANSFORMERS}


def ollama(body: JsonObject, context: int) -> JsonObject:
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
