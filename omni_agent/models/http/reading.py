"""Chunks of the servers' answers, read: a function a shape.

Thoughts (`reasoning_content`, `reasoning`, `thinking`) are left out, because words are spoken aloud.
"""

from __future__ import annotations

import json
from typing import Any

from ...errors import ModelError
from ...events import Usage
from ...messages import JsonObject
from .piece import CallPiece, Piece

TOO_LONG = (
    *("context length", "context_length", "maximum context", "exceed_context_size", "context size"),
    *("max_model_len", "longer than the maximum", "reduce the length", "input length"),
)
"""Of these words one stands in every server's complaint that a conversation is longer than its context."""

SHORTER = "send less at once, or serve the model with a longer context"
_GARBLED = "see whether its address is that of the API, and what its log says"


def decoded(text: str, server: str) -> JsonObject:
    """The chunk in a JSON text.

    Raises:
        ModelError: It is none (`answer_garbled`), or it is the server's report of a failure.
    """
    try:
        chunk = json.loads(text)
    except (ValueError, RecursionError):
        # `transformers serve` puts its message between the quotes as it is.
        if text.startswith('{"error": "'):
            raise failure(server, text[len('{"error": "') :].rstrip('"}')) from None
        raise garbled(server) from None
    if not isinstance(chunk, dict):
        raise garbled(server)
    if chunk.get("error") or chunk.get("object") == "error":
        raise failure(server, message_of(chunk))
    return chunk


def garbled(server: str) -> ModelError:
    """What came is not what the dialect's servers send."""
    return ModelError(f"the {server} server's answer cannot be read", code="answer_garbled", remedy=_GARBLED)


def failure(server: str, message: str) -> ModelError:
    """The server said in the middle of an answer that it failed."""
    said = message[:300] or "no reason given"
    if too_long(message):
        return ModelError(f"the {server} server says: {said}", code="context_exceeded", remedy=SHORTER)
    return ModelError(f"the {server} server failed: {said}", remedy="see its log; then ask again")


def too_long(message: str) -> bool:
    """Whether a server complains of the conversation's length."""
    return any(sign in message.lower() for sign in TOO_LONG)


def message_of(body: object) -> str:
    """What a server's report of a failure says: OpenAI's shape, FastAPI's, Ollama's, or none."""
    if not isinstance(body, dict):
        return ""
    for key in ("error", "message", "detail", "msg"):
        found = body.get(key)
        if isinstance(found, str) and found:
            return found
        if isinstance(found, dict):
            return message_of(found) or json.dumps(found)
        if isinstance(found, list) and found:
            return "; ".join(filter(None, map(message_of, found)))
    return ""


def whole(body: JsonObject) -> list[JsonObject]:
    """An answer that came in one piece, as the chunks of a stream.

    vLLM-Omni's releases put text and speech into one choice or into two.
    """
    chunks: list[JsonObject] = []
    for choice in _list(body.get("choices")):
        message = _dict(choice.get("message"))
        ended = {"finish_reason": choice.get("finish_reason") or "stop"}
        if audio := _dict(message.get("audio")):
            about = choice.get("audio_metadata")
            sound = {"delta": {"audio": audio}, "audio_metadata": about}
            chunks.append({"choices": [sound]})
        # The whole answer has each call once, without an index.
        calls = [{"index": index, **call} for index, call in enumerate(_list(message.get("tool_calls")))]
        rest = {"content": message.get("content"), "tool_calls": calls}
        chunks.append({"choices": [{"delta": rest, **ended}]})
    return [*chunks, {"choices": [], "usage": body.get("usage")}]


def read_openai(chunk: JsonObject) -> Piece:
    """OpenAI's `chat.completion.chunk`, with speech in `delta.audio` (also DashScope and SGLang-Omni)."""
    choice = next(iter(_list(chunk.get("choices"))), {})
    delta = _dict(choice.get("delta"))
    audio, about = _dict(delta.get("audio")), _dict(choice.get("audio_metadata"))
    return Piece(
        text=_text(delta.get("content")) or _text(delta.get("refusal")),
        transcript=_text(audio.get("transcript")),
        sound=_text(audio.get("data")),
        rate=_number(about.get("sample_rate_hz")),
        channels=_number(about.get("channels")) or 1,
        calls=tuple(map(_call, _list(delta.get("tool_calls")))),
        # Gateways that write JSON by hand say "null".
        reason=_text(choice.get("finish_reason")).replace("null", ""),
        usage=_usage(chunk.get("usage")),
    )


def read_vllm_omni(chunk: JsonObject) -> Piece:
    """vLLM-Omni's chunk: `modality` says whether `delta.content` is words or speech in base64.

    Source: vllm-omni 0.30.0, `entrypoints/openai/serving_chat.py` and `protocol/chat_completion.py`.
    """
    if chunk.get("modality", "text") != "audio":
        return read_openai(chunk)
    choice = next(iter(_list(chunk.get("choices"))), {})
    about = _dict(choice.get("audio_metadata"))
    return Piece(
        sound=_text(_dict(choice.get("delta")).get("content")),
        rate=_number(about.get("sample_rate_hz")),
        channels=_number(about.get("channels")) or 1,
        reason=_text(choice.get("finish_reason")),
        usage=_usage(chunk.get("usage")),
    )


def read_ollama(chunk: JsonObject) -> Piece:
    """Ollama's chunk of `/api/chat`: calls come whole, their arguments as an object.

    Source: `ollama` 0.6.3 for Python, `_types.py`, `ChatResponse`.
    """
    message, done = _dict(chunk.get("message")), chunk.get("done") is True
    counts = (_number(chunk.get(name)) for name in ("prompt_eval_count", "eval_count"))
    prompt, completion = counts
    return Piece(
        text=_text(message.get("content")),
        calls=tuple(
            # Each has an index of its own only since late: an id that is none says that it is a call apart.
            CallPiece(-1, call.id, call.name, call.arguments)
            for call in map(_call, _list(message.get("tool_calls")))
        ),
        reason=(_text(chunk.get("done_reason")) or "stop") if done else "",
        usage=Usage(prompt, 0, completion) if done else None,
    )


def _call(call: JsonObject) -> CallPiece:
    function = _dict(call.get("function"))
    given = function.get("arguments")
    arguments = given if isinstance(given, str) or given is None else json.dumps(given, ensure_ascii=False)
    index = call.get("index")
    return CallPiece(
        index if isinstance(index, int) else 0,
        _text(call.get("id")),
        _text(function.get("name")),
        arguments or "",
    )


def _usage(found: object) -> Usage | None:
    usage = _dict(found)
    if not usage:
        return None
    cached = _number(_dict(usage.get("prompt_tokens_details")).get("cached_tokens"))
    return Usage(_number(usage.get("prompt_tokens")), cached, _number(usage.get("completion_tokens")))


def _text(found: object) -> str:
    return found if isinstance(found, str) else ""


def _number(found: object) -> int:
    return found if isinstance(found, int) else 0


def _dict(found: object) -> dict[str, Any]:
    return found if isinstance(found, dict) else {}


def _list(found: object) -> list[dict[str, Any]]:
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []
