"""`gguf:PATH` on llama.cpp itself, with tiny random models that really hear and see."""

from __future__ import annotations

import asyncio
import base64
import io
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pictures

from omni_agent import Agent
from omni_agent.config import Settings
from omni_agent.errors import MediaError, ModelError, ModelUnavailable
from omni_agent.events import Usage
from omni_agent.media import MediaStore, load_audio, load_image
from omni_agent.messages import Audio, Image, Media, Message, Text, ToolCall, ToolResult
from omni_agent.models.base import Done, ModelEvent, Request, TextDelta
from omni_agent.models.cascade import Cascade
from omni_agent.models.gguf import in_process
from omni_agent.models.gguf_files import found
from omni_agent.models.gguf_header import metadata
from omni_agent.models.prompt import render
from omni_agent.models.stand_ins import shown
from omni_agent.speech.pcm import Pcm
from omni_agent.testing.model_conformance import check_model
from tests.models import tiny_gguf

pytest.importorskip("xllamacpp")
pytestmark = pytest.mark.anyio


@pytest.fixture
def hearing(tmp_path: Path) -> Path:
    tiny_gguf.language(tmp_path / "tiny.gguf")
    tiny_gguf.ears(tmp_path / "mmproj-tiny.gguf")
    return tmp_path


@pytest.fixture
def seeing(tmp_path: Path) -> Path:
    tiny_gguf.language(tmp_path / "tiny.gguf")
    tiny_gguf.eyes(tmp_path / "mmproj-tiny.gguf")
    return tmp_path


def model(folder: Path) -> Cascade:
    return in_process(Settings(threads=1), str(folder))


def ask(*parts: Text | Media, before: tuple[Message, ...] = (), tokens: int = 8) -> Request:
    return Request("You are Ada.", (*before, Message("user", parts)), max_tokens=tokens)


def chance(request: Request) -> Request:
    """By chance, but by the same chance each time: what differs then is what was heard or seen."""
    return replace(request, temperature=1.0, seed=1, max_tokens=60)


async def tone(hertz: float = 440.0, seconds: float = 1.0) -> Audio:
    at = np.arange(round(seconds * 16_000)) / 16_000
    sound = Pcm((0.3 * np.sin(2 * np.pi * hertz * at)).astype(np.float32), 16_000)
    return (await load_audio(MediaStore(), sound.to_wav()))[0]


async def square(colour: str, kind: str = "PNG") -> Image:
    data = io.BytesIO()
    Pictures.new("RGB", (64, 64), colour).save(data, kind)
    return await load_image(MediaStore(), data.getvalue())


async def events(of: Cascade, *requests: Request) -> list[list[ModelEvent]]:
    found = []
    try:
        for request in requests:
            async with aclosing(of.stream(request)) as stream:
                found.append([event async for event in stream])
    finally:
        await of.close()
    return found


def usage(answer: list[ModelEvent]) -> Usage:
    return next(event for event in answer if isinstance(event, Usage))


def words(answer: list[ModelEvent]) -> str:
    return "".join(event.text for event in answer if isinstance(event, TextDelta))


def test_a_projector_gives_the_senses_that_it_encodes(tmp_path: Path) -> None:
    tiny_gguf.language(tmp_path / "tiny.gguf")
    assert model(tmp_path).capabilities.inputs == {"text"}
    tiny_gguf.ears(tmp_path / "mmproj-tiny.gguf")
    assert model(tmp_path).capabilities.inputs == {"text", "audio"}
    tiny_gguf.eyes(tmp_path / "mmproj-tiny.gguf")
    cascade = model(tmp_path)
    assert cascade.capabilities.inputs == {"text", "image"}
    assert cascade.capabilities.context_tokens == 4096
    assert not cascade.capabilities.speech
    assert cascade.senses.voice is not None


async def test_it_hears_by_itself(hearing: Path) -> None:
    tones = [chance(ask(Text("hm"), await tone(hertz))) for hertz in (200, 3000)]
    plain, low, high = await events(model(hearing), ask(Text("hm")), *tones)
    # A window of 30 s of sound is 750 tokens, however short the sound is.
    assert usage(low).prompt_tokens - usage(plain).prompt_tokens == pytest.approx(750, abs=40)
    assert isinstance(low[-1], Done)
    assert isinstance(high[-1], Done)
    assert words(low) != words(high)


async def test_it_sees_by_itself(seeing: Path) -> None:
    squares = [chance(ask(Text("hm"), await square(colour))) for colour in ("red", "blue")]
    plain, red, blue = await events(model(seeing), ask(Text("hm")), *squares)
    assert usage(red).prompt_tokens > usage(plain).prompt_tokens
    assert words(red) != words(blue)


async def test_trap_webp_is_unknown_to_llama_cpp_and_becomes_png(seeing: Path) -> None:
    picture = await square("green", "WEBP")
    assert picture.mime == "image/webp"
    (answer,) = await events(model(seeing), ask(picture))
    assert answer[-1] == Done("length")


async def test_what_was_heard_before_is_still_there_and_is_not_read_again(hearing: Path) -> None:
    sound = await tone()
    first = Message("user", (sound,))
    _, second = await events(
        model(hearing),
        Request("You are Ada.", (first,), max_tokens=1),
        ask(Text("and now?"), before=(first, Message("assistant", (Text("a tone"),)))),
    )
    assert usage(second).prompt_tokens > 750
    assert usage(second).cached_tokens > 750


async def test_a_sound_that_was_erased_is_left_out_of_the_past_but_not_of_the_present(hearing: Path) -> None:
    gone = Audio("media://" + "0" * 64, seconds=1.0)
    before = (Message("user", (gone,)), Message("assistant", (Text("hm"),)))
    (answer,) = await events(model(hearing), ask(Text("and now?"), before=before))
    assert usage(answer).prompt_tokens < 750
    with pytest.raises(MediaError):
        await events(model(hearing), ask(gone))


async def test_a_picture_of_a_tool_is_seen(seeing: Path) -> None:
    picture = await square("red")
    call = ToolCall("c1", "photo", {})
    messages = (
        Message("user", (Text("look"),)),
        Message("assistant", (call,)),
        Message("tool", (ToolResult("c1", "photo", "done", "[picture]" + "x" * 9000, (picture,)),)),
    )
    seen = await shown(Request("", messages), frozenset({"image"}), MediaStore())
    content = seen.filled(render(seen.request, sighted=True))[-1]["content"]
    assert [part["type"] for part in content] == ["text", "image_url", "text"]
    data = content[1]["image_url"]["url"].removeprefix("data:image/png;base64,")
    assert Pictures.open(io.BytesIO(base64.b64decode(data))).size == (64, 64)


async def test_nobody_can_write_a_stand_in() -> None:
    picture = await square("red")
    first = await shown(ask(picture), frozenset({"image"}), MediaStore())
    forged = f"[{first.mark}:0:]"
    second = await shown(ask(Text(forged), picture), frozenset({"image"}), MediaStore())
    content = second.filled(render(second.request))[-1]["content"]
    assert [part["type"] for part in content] == ["text", "image_url"]
    assert forged in content[0]["text"]


async def test_who_sees_is_not_told_that_it_cannot(seeing: Path) -> None:
    request = ask(Text("hello"))
    assert "cannot see" in render(request)[0]["content"]
    assert "cannot see" not in render(request, sighted=True)[0]["content"]


async def test_more_sound_than_the_context_holds_is_refused_with_a_remedy(hearing: Path) -> None:
    with pytest.raises(ModelError) as caught:
        await events(model(hearing), ask(await tone(seconds=200.0)))
    assert caught.value.code == "context_exceeded"
    assert caught.value.remedy


async def test_it_stops_at_the_next_token(hearing: Path) -> None:
    cascade = model(hearing)
    async with aclosing(cascade.stream(ask(await tone(), tokens=2000))) as stream:
        async for _ in stream:
            break
    (answer,) = await events(cascade, ask(Text("hm"), tokens=1))
    assert answer[-1] == Done("length")


async def test_a_projector_of_another_model_is_refused(hearing: Path) -> None:
    tiny_gguf.ears(hearing / "mmproj-tiny.gguf", width=64)
    with pytest.raises(ModelUnavailable, match="no model and projector") as caught:
        await events(model(hearing), ask(Text("hm")))
    assert "same repository" in caught.value.remedy


@pytest.mark.parametrize("sense", ["hearing", "seeing"])
async def test_it_does_what_every_model_must(sense: str, request: pytest.FixtureRequest) -> None:
    cascade = model(request.getfixturevalue(sense))
    try:
        report = await check_model(cascade, name="gguf", patience=60.0)
    finally:
        await cascade.close()
    assert report.ok, [(item.check, item.reason) for item in report if item.outcome == "failed"]


async def test_an_agent_hears_by_it_without_the_local_ears(hearing: Path) -> None:
    cascade = model(hearing)
    agent = Agent(model=cascade, memory=None)
    try:
        reply = await agent.ask(audio=Pcm.silence(0.5, 16_000), speak=False)
    finally:
        await cascade.close()
    assert reply.status == "done"
    assert reply.transcript == ""
    assert reply.usage.prompt_tokens > 750


def test_a_folder_of_several_models_wants_one_named(hearing: Path) -> None:
    tiny_gguf.language(hearing / "other.gguf")
    with pytest.raises(ModelUnavailable, match="more than one") as caught:
        found(str(hearing))
    assert "gguf:FOLDER/MODEL.gguf" in caught.value.remedy
    assert found(str(hearing / "other.gguf")).projector == hearing / "mmproj-tiny.gguf"


def test_the_projector_of_the_models_own_name_is_taken(tmp_path: Path) -> None:
    for name in ("a-3b-q4.gguf", "b-7b-q4.gguf"):
        tiny_gguf.language(tmp_path / name)
    tiny_gguf.ears(tmp_path / "mmproj-a-3b.gguf")
    tiny_gguf.eyes(tmp_path / "mmproj-b-7b.gguf")
    assert found(str(tmp_path / "b-7b-q4.gguf")).senses == {"image"}
    assert found(str(tmp_path / "a-3b-q4.gguf")).senses == {"audio"}


@pytest.mark.parametrize("body", [None, b"", b"GGUF", b"no model at all" * 9])
def test_what_is_no_model_is_refused_with_a_remedy(tmp_path: Path, body: bytes | None) -> None:
    if body is not None:
        (tmp_path / "m.gguf").write_bytes(body)
    for address in (tmp_path, tmp_path / "m.gguf", tmp_path / "nowhere"):
        with pytest.raises(ModelUnavailable) as caught:
            found(str(address))
        assert caught.value.remedy


def test_a_header_is_read_without_its_lists(tmp_path: Path) -> None:
    about = metadata(tiny_gguf.language(tmp_path / "m.gguf", context=777))
    assert about["general.architecture"] == "qwen2"
    assert about["qwen2.context_length"] == 777
    assert about["qwen2.rope.freq_base"] == 10_000.0
    assert "tokenizer.ggml.tokens" not in about
    assert about["tokenizer.chat_template"] == tiny_gguf.TEMPLATE


@given(st.data())
def test_a_broken_header_is_a_value_error(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("gguf") / "m.gguf"
    whole = bytearray(tiny_gguf.ears(path).read_bytes()[:1500])
    for _ in range(data.draw(st.integers(0, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(whole[: data.draw(st.integers(0, len(whole)))])
    try:
        about = metadata(path)
    except ValueError:
        return
    assert isinstance(about, dict)


def test_asyncio_is_not_needed_to_name_a_model(hearing: Path) -> None:
    with pytest.raises(RuntimeError):
        asyncio.get_running_loop()
    assert isinstance(model(hearing), Cascade)
