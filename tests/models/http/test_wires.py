"""The fakes' answers and our requests against the type definitions of the packages that publish them.

`openai` is installed for the tests. The servers' own packages are large and are read, not run: the folder
`OMNI_AGENT_TEST_WHEELS` holds their unpacked wheels (`pip download --no-deps vllm-omni==0.30.0
sglang-omni==0.1.9 dashscope==2.0.2 ollama==0.6.3`); without it the tests of those are skipped.
"""

from __future__ import annotations

import ast
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openai.types.chat import ChatCompletionChunk
from openai.types.chat.completion_create_params import CompletionCreateParamsStreaming
from pydantic import TypeAdapter

from omni_agent.messages import Message, Text, ToolCall, ToolResult
from omni_agent.models.base import Request
from omni_agent.models.http.attachments import Attachments
from omni_agent.models.http.body import body, offered
from omni_agent.models.http.dialects import DIALECTS
from tests.models.http import checks
from tests.models.http.asking import NAMES, OTHER, PCM, SPEC, user
from tests.models.http.wires import WIRES, Chunk, wav

WHEELS = os.environ.get("OMNI_AGENT_TEST_WHEELS", "")
# Beside OpenAI's: of vLLM-Omni the modality, and each choice's metadata.
OWN_FIELDS = {"vllm-omni": {"modality", "audio_metadata"}}
REQUEST = Request(
    "You are Ada.",
    (
        user("a timer"),
        Message("assistant", (Text("Yes."), ToolCall("call_1", "set_timer", {"minutes": 3}))),
        Message("tool", (ToolResult("call_1", "set_timer", "done", "runs"),)),
    ),
    (SPEC, OTHER),
)


def chunks(name: str) -> Iterator[Chunk]:
    """Every kind of chunk that the fake sends."""
    wire = WIRES[name]
    speech = [PCM] if wire.spoken else []
    reply = wire.reply(["Hi."], speech=speech, calls=[("set_timer", '{"minutes": 3}')])
    for part in reply.parts:
        assert isinstance(part, bytes)
        text = part.decode().removeprefix("data: ").strip()
        if text != "[DONE]":
            yield json.loads(text)


def unknown(model: Any, at: str = "") -> set[str]:
    """Fields that the types do not have, anywhere in a value."""
    found: set[str] = set()
    if isinstance(model, list):
        return found.union(*(unknown(item, at) for item in model))
    if not hasattr(model, "model_fields_set"):
        return found
    found |= {f"{at}{name}" for name in model.model_extra or ()}
    for name in type(model).model_fields:
        found |= unknown(getattr(model, name), f"{at}{name}.")
    return found


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"ollama"}))
def test_the_fakes_chunks_are_openais_but_for_what_is_the_servers_own(name: str) -> None:
    for chunk in chunks(name):
        read = ChatCompletionChunk.model_validate(chunk, strict=False)
        extra = {path.rpartition(".")[2] for path in unknown(read)}
        assert extra <= OWN_FIELDS.get(name, set())


@pytest.mark.parametrize("name", ["openai", "vllm", "llama.cpp", "dashscope"])
def test_our_bodies_are_openais(name: str) -> None:
    for voice in (None, ""):
        made = body(offered(REQUEST, DIALECTS[name]), DIALECTS[name], "m", Attachments(), voice=voice)
        TypeAdapter(CompletionCreateParamsStreaming).validate_python(made)
        assert checks.unknown_to_openai(made) <= {"mm_processor_kwargs"}


def test_the_check_would_notice_a_field_that_openai_does_not_have() -> None:
    chunk = next(chunks("openai"))
    chunk["choices"][0]["delta"]["sound"] = "x"
    assert unknown(ChatCompletionChunk.model_validate(chunk)) == {"choices.delta.sound"}


def test_our_parts_are_openais() -> None:
    from omni_agent.messages import Audio, Image

    sound, picture = Audio("media://" + "0" * 64), Image("media://" + "1" * 64)
    media = Attachments({sound.ref: "AAAA", picture.ref: "BBBB"})
    asked = Request("", (Message("user", (sound, picture, Text("see"))),))
    made = body(asked, DIALECTS["openai"], "m", media)
    TypeAdapter(CompletionCreateParamsStreaming).validate_python(made)


def source(*parts: str) -> ast.Module:
    """A file of a wheel, read."""
    if not WHEELS:
        pytest.skip("no wheels: set OMNI_AGENT_TEST_WHEELS")
    found = sorted(Path(WHEELS).rglob(str(Path(*parts))))
    if not found:
        pytest.skip(f"{'/'.join(parts)} is in none of the wheels")
    return ast.parse(found[0].read_text(encoding="utf-8"))


def fields(module: ast.Module, name: str) -> set[str]:
    """The annotated names of a class."""
    (found,) = [node for node in ast.walk(module) if isinstance(node, ast.ClassDef) and node.name == name]
    return {
        line.target.id
        for line in found.body
        if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name)
    }


def test_vllm_omnis_own_fields_are_those_of_its_types() -> None:
    protocol = source("vllm_omni", "entrypoints", "openai", "protocol", "chat_completion.py")
    audio = source("vllm_omni", "entrypoints", "openai", "protocol", "audio.py")
    assert "modality" in fields(protocol, "OmniChatCompletionStreamResponse")
    assert "audio_metadata" in fields(protocol, "OmniChatCompletionResponseStreamChoice")
    (spoken,) = [chunk for chunk in chunks("vllm-omni") if "usage" in chunk and chunk["choices"]]
    assert set(spoken["choices"][0]["audio_metadata"]) == fields(audio, "AudioChunkMetadata")


def test_vllm_omni_reads_the_voice_and_the_format_where_we_put_them() -> None:
    text = ast.unparse(source("vllm_omni", "entrypoints", "openai", "serving_chat.py"))
    assert "getattr(request, 'voice', None)" in text
    assert "audio_params.get('format', DEFAULT_AUDIO_FORMAT)" in text
    made = body(REQUEST, DIALECTS["vllm-omni"], "m", Attachments(), voice="Ethan")
    assert (made["voice"], made["audio"]) == ("Ethan", {"format": "wav"})


def test_sglang_omnis_chunks_and_our_bodies_have_its_fields_only() -> None:
    protocol = source("sglang_omni", "serve", "protocol.py")
    assert fields(protocol, "ChatCompletionRequest") >= checks.SGLANG_FIELDS
    made = body(
        offered(REQUEST, DIALECTS["sglang-omni"]), DIALECTS["sglang-omni"], "m", Attachments(), voice=""
    )
    assert set(made) <= fields(protocol, "ChatCompletionRequest")
    for chunk in chunks("sglang-omni"):
        assert set(chunk) <= fields(protocol, "ChatCompletionStreamResponse")
        for choice in chunk["choices"]:
            assert set(choice) <= fields(protocol, "ChatCompletionStreamChoice")
            assert set(choice["delta"]) <= fields(protocol, "ChatCompletionStreamDelta")
            assert set(choice["delta"].get("audio", ())) <= fields(protocol, "ChatCompletionAudio")


def test_dashscopes_client_writes_the_parts_that_we_write() -> None:
    text = ast.unparse(source("dashscope", "v2", "protocols", "openai.py"))
    assert "{'type': 'input_audio', 'input_audio': input_audio}" in text
    assert "{'type': 'image_url', 'image_url': image_url}" in text
    assert "{'type': 'video_url', 'video_url': {'url': part['url']}}" in text
    assert "'DASHSCOPE_API_KEY'" in ast.unparse(source("dashscope", "v2", "_config.py"))
    assert DIALECTS["dashscope"].key == "DASHSCOPE_API_KEY"


def test_transformers_ignores_what_our_check_says_it_ignores() -> None:
    module = source("transformers", "cli", "serving", "chat_completion.py")
    (unused,) = [
        node.value
        for node in ast.walk(module)
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and node.targets[0].id == "UNUSED_CHAT_COMPLETION_FIELDS"
    ]
    assert ast.literal_eval(unused) == checks.TRANSFORMERS_UNUSED


def test_ollamas_chunks_and_our_bodies_have_its_fields_only() -> None:
    types = source("ollama", "_types.py")
    base = fields(types, "BaseRequest") | fields(types, "BaseStreamableRequest")
    base |= fields(types, "BaseGenerateRequest")
    assert base | fields(types, "ChatRequest") >= checks.OLLAMA_FIELDS
    message = next(
        node for node in ast.walk(types) if isinstance(node, ast.ClassDef) and node.name == "Message"
    )
    assert fields(types, "Message") == checks.OLLAMA_MESSAGE
    assert message
    made = body(offered(REQUEST, DIALECTS["ollama"]), DIALECTS["ollama"], "m", Attachments())
    assert set(made) <= base | fields(types, "ChatRequest")
    options = fields(types, "Options")
    assert set(made["options"]) <= options
    response = fields(types, "BaseGenerateResponse") | fields(types, "ChatResponse")
    for chunk in chunks("ollama"):
        assert set(chunk) <= response
        assert set(chunk["message"]) <= fields(types, "Message")


def test_speech_of_the_fakes_is_what_they_say_it_is() -> None:
    assert wav(PCM)[:4] == b"RIFF"
    assert len(wav(PCM)) == 44 + len(PCM)
