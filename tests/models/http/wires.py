"""The answers of each kind of server, byte for byte as they are published; test_wires.py checks them."""

from __future__ import annotations

import base64
import io
import json
import wave
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from omni_agent.models.http.dialect import Dialect
from omni_agent.models.http.dialects import DIALECTS
from tests.models.http import checks
from tests.models.http.server import Reply

Chunk = dict[str, Any]
MODEL = "Qwen/Qwen3-Omni-30B-A3B-Instruct"


def wav(pcm: bytes, rate: int = 24_000, channels: int = 1) -> bytes:
    """A WAV file."""
    held = io.BytesIO()
    with wave.open(held, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(pcm)
    return held.getvalue()


def base64_of(data: bytes) -> str:
    return base64.b64encode(data).decode()


def sse(chunk: Chunk | str) -> bytes:
    text = chunk if isinstance(chunk, str) else json.dumps(chunk, ensure_ascii=False)
    return f"data: {text}\n\n".encode()


def ndjson(chunk: Chunk | str) -> bytes:
    text = chunk if isinstance(chunk, str) else json.dumps(chunk, ensure_ascii=False)
    return f"{text}\n".encode()


def _frame(delta: Chunk, reason: str | None = None, **more: Any) -> Chunk:
    """OpenAI's chunk with one choice; `more` are fields of the choice."""
    choice = {"index": 0, "delta": delta, "finish_reason": reason, **more}
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1_795_000_000, "model": MODEL}
    return {**head, "choices": [choice]}


def _usage(**more: Any) -> Chunk:
    counts = {"prompt_tokens": 40, "completion_tokens": 7, "total_tokens": 47}
    return {**_frame({}), "choices": [], "usage": {**counts, **more}}


def _called(index: int, call: str, name: str, arguments: str) -> list[Chunk]:
    """A call as vLLM and OpenAI stream it: the name first, then the arguments in pieces."""
    middle = len(arguments) // 2
    first = {"index": index, "id": call, "type": "function", "function": {"name": name, "arguments": ""}}
    parts = [
        {"index": index, "function": {"arguments": part}} for part in (arguments[:middle], arguments[middle:])
    ]
    return [_frame({"tool_calls": [part]}) for part in (first, *parts)]


@dataclass(frozen=True)
class Wire:
    """How one kind of server answers.

    Attributes:
        dialect: Its own.
        words: The chunk of a piece of text.
        called: The chunks of a call: index, id, name, arguments as JSON.
        end: What comes last, framed.
        spoken: The chunk of a piece of speech; None where it has none.
        check: What it refuses.
        frame: A chunk as bytes.
        kind: Its content type.
        models: What it answers to a question for its models.
    """

    dialect: Dialect
    words: Callable[[str], Chunk]
    called: Callable[[int, str, str, str], list[Chunk]]
    end: Callable[[str], list[bytes]]
    spoken: Callable[[bytes], Chunk] | None = None
    check: Callable[[Any], str] = checks.openai
    frame: Callable[[Chunk | str], bytes] = sse
    kind: str = "text/event-stream"
    models: Chunk | None = None

    def reply(
        self,
        says: Sequence[str] = (),
        *,
        speech: Sequence[bytes] = (),
        calls: Sequence[tuple[str, str]] = (),
        reason: str = "",
    ) -> Reply:
        """An answer: words, speech between them, calls."""
        chunks: list[Chunk] = []
        for index in range(max(len(says), len(speech))):
            chunks += [self.words(says[index])] if index < len(says) else []
            if index < len(speech):
                assert self.spoken
                chunks.append(self.spoken(speech[index]))
        for index, (name, arguments) in enumerate(calls):
            chunks += self.called(index, f"call_{index}", name, arguments)
        ending = self.end(reason or ("tool_calls" if calls else "stop"))
        return Reply([*map(self.frame, chunks), *ending], kind=self.kind)

    def served(self) -> Reply:
        """The list of its models."""
        listed = self.models or {"object": "list", "data": [{"id": MODEL, "object": "model"}]}
        return Reply([json.dumps(listed).encode()], kind="application/json")


def _openai_end(reason: str) -> list[bytes]:
    return [sse(_frame({}, reason)), sse(_usage()), sse("[DONE]")]


def _vllm_omni_words(text: str) -> Chunk:
    return {**_frame({"content": text}), "modality": "text"}


def _vllm_omni_spoken(pcm: bytes) -> Chunk:
    """A whole WAV file in `delta.content`; its usage counts no words of the answer."""
    about = {"format": "wav", "sample_rate_hz": 24_000, "frame_count": len(pcm) // 2, "channels": 1}
    delta = {"role": "assistant", "content": base64_of(wav(pcm))}
    usage = {"prompt_tokens": 40, "completion_tokens": 0, "total_tokens": 40}
    return {**_frame(delta, audio_metadata=about), "modality": "audio", "usage": usage}


def _vllm_omni_called(index: int, call: str, name: str, arguments: str) -> list[Chunk]:
    return [{**chunk, "modality": "text"} for chunk in _called(index, call, name, arguments)]


def _vllm_omni_end(reason: str) -> list[bytes]:
    # The last piece of speech may be empty, and has no metadata then.
    last = {**_frame({"role": "assistant", "content": ""}, reason), "modality": "audio"}
    return [sse(last), sse({**_usage(), "modality": "text"}), sse("[DONE]")]


def _delta_audio(pcm: bytes) -> Chunk:
    return _frame({"audio": {"id": "audio-1", "data": base64_of(pcm), "expires_at": 1_795_003_600}})


def _openai_spoken(pcm: bytes) -> Chunk:
    return _frame({"audio": {"id": "audio_1", "data": base64_of(pcm)}})


def _openai_words(text: str) -> Chunk:
    """Where an audio model of OpenAI speaks, its words are the transcript; else they are the content."""
    return _frame({"content": text})


def _sglang_spoken(pcm: bytes) -> Chunk:
    return _frame({"audio": {"id": "audio-1", "data": base64_of(wav(pcm))}})


def _marked(index: int, call: str, name: str, arguments: str) -> list[Chunk]:
    """A call among the words, cut as tokens are."""
    text = f'<tool_call>\n{{"name": "{name}", "arguments": {arguments}}}\n</tool_call>'
    cuts = [text[start : start + 7] for start in range(0, len(text), 7)]
    return [_frame({"content": cut}) for cut in cuts]


def _sglang_end(reason: str) -> list[bytes]:
    """Counts come with the reason; there is no chunk of their own."""
    reason = "stop" if reason == "tool_calls" else reason
    return [sse({**_frame({}, reason), "usage": _usage()["usage"]}), sse("[DONE]")]


def _transformers_end(reason: str) -> list[bytes]:
    """Nothing says that the stream is over but its end."""
    reason = "stop" if reason == "tool_calls" else reason
    return [sse({**_frame({}, reason), "usage": _usage()["usage"], "system_fingerprint": ""})]


def _llama_called(index: int, call: str, name: str, arguments: str) -> list[Chunk]:
    first = {"index": index, "id": call, "type": "function", "function": {"name": name, "arguments": ""}}
    return [_frame({"tool_calls": [first]})] + [
        _frame({"tool_calls": [{"index": index, "function": {"arguments": sign}}]}) for sign in arguments
    ]


def _ollama(message: Chunk, **more: Any) -> Chunk:
    head = {"model": "qwen3:4b", "created_at": "2026-11-28T00:00:00.000000Z"}
    return {**head, "message": {"role": "assistant", "content": "", **message}, "done": False, **more}


def _ollama_called(index: int, call: str, name: str, arguments: str) -> list[Chunk]:
    return [_ollama({"tool_calls": [{"function": {"name": name, "arguments": json.loads(arguments)}}]})]


def _ollama_end(reason: str) -> list[bytes]:
    counts = {"prompt_eval_count": 40, "eval_count": 7, "total_duration": 9, "load_duration": 1}
    spent = {"prompt_eval_duration": 4, "eval_duration": 4}
    reason = "stop" if reason == "tool_calls" else reason
    return [ndjson(_ollama({}, **counts, **spent) | {"done": True, "done_reason": reason})]


WIRES = {
    wire.dialect.name: wire
    for wire in (
        Wire(
            DIALECTS["vllm-omni"],
            _vllm_omni_words,
            _vllm_omni_called,
            _vllm_omni_end,
            _vllm_omni_spoken,
            checks.vllm_omni,
        ),
        Wire(DIALECTS["vllm"], lambda text: _frame({"content": text}), _called, _openai_end),
        Wire(
            DIALECTS["sglang-omni"],
            lambda text: _frame({"content": text}),
            _marked,
            _sglang_end,
            _sglang_spoken,
            checks.sglang_omni,
        ),
        Wire(
            DIALECTS["dashscope"],
            lambda text: _frame({"content": text}),
            _called,
            _openai_end,
            _delta_audio,
            checks.dashscope,
        ),
        Wire(DIALECTS["openai"], _openai_words, _called, _openai_end, _openai_spoken, checks.openai),
        Wire(
            DIALECTS["llama.cpp"],
            lambda text: _frame({"content": text}),
            _llama_called,
            _openai_end,
            check=checks.llama_cpp,
        ),
        Wire(
            DIALECTS["transformers-serve"],
            lambda text: _frame({"content": text}),
            _marked,
            _transformers_end,
            check=checks.transformers,
        ),
        Wire(
            DIALECTS["ollama"],
            lambda text: _ollama({"content": text}),
            _ollama_called,
            _ollama_end,
            check=checks.ollama,
            frame=ndjson,
            kind="application/x-ndjson",
            models={"models": [{"name": "qwen3:4b", "model": "qwen3:4b"}]},
        ),
    )
}
