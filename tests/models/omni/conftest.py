"""Tiny checkpoints, made once; they need torch and transformers and are skipped without."""

from __future__ import annotations

import asyncio
import io
import json
import shutil
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Picture

from omni_agent.media import MediaStore, load_audio, load_image
from omni_agent.messages import Audio, Image, Message, Text
from omni_agent.models.base import ModelEvent, OmniModel, Request, SpeechDelta, TextDelta
from omni_agent.models.omni import Options, TransformersOmni
from omni_agent.speech.pcm import Pcm


@pytest.fixture(scope="session")
def libraries() -> None:
    """torch and transformers, or no test; on one thread, because the models are tiny."""
    torch = pytest.importorskip("torch")
    pytest.importorskip("transformers")
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def qwen3(tmp_path_factory: pytest.TempPathFactory, libraries: None) -> Path:
    """A tiny Qwen3-Omni-Instruct."""
    from tests.models.omni.tiny import make_qwen3

    return make_qwen3(tmp_path_factory.mktemp("models") / "tiny-instruct")


@pytest.fixture(scope="session")
def qwen25(tmp_path_factory: pytest.TempPathFactory, libraries: None) -> Path:
    """A tiny Qwen2.5-Omni."""
    from tests.models.omni.tiny import make_qwen25

    return make_qwen25(tmp_path_factory.mktemp("models") / "tiny-2.5")


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> MediaStore:
    """Where the sounds and pictures of these tests lie."""
    return MediaStore(tmp_path_factory.mktemp("media"))


@pytest.fixture(scope="session")
def omni3(qwen3: Path, store: MediaStore) -> Iterator[TransformersOmni]:
    """The tiny Qwen3-Omni, loaded once; it speaks one second at most."""
    model = TransformersOmni(Options(str(qwen3), device="cpu", seconds=1, clips="pictures"), store=store)
    yield model
    asyncio.run(model.close())


@pytest.fixture(scope="session")
def omni25(qwen25: Path, store: MediaStore) -> Iterator[TransformersOmni]:
    """The tiny Qwen2.5-Omni, loaded once; it speaks one second at most."""
    model = TransformersOmni(Options(str(qwen25), device="cpu", seconds=1, clips="pictures"), store=store)
    yield model
    asyncio.run(model.close())


@pytest.fixture(scope="session")
def short3(qwen3: Path, tmp_path_factory: pytest.TempPathFactory, store: MediaStore) -> TransformersOmni:
    """The tiny Qwen3-Omni with a context of 1024 tokens."""
    folder = tmp_path_factory.mktemp("models") / "short-instruct"
    shutil.copytree(qwen3, folder)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config["thinker_config"]["text_config"]["max_position_embeddings"] = 1024
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    return TransformersOmni(Options(str(folder), device="cpu"), store=store)


@pytest.fixture(scope="session")
def tone(store: MediaStore) -> Audio:
    """A rising tone of 0.9 s at 22.05 kHz."""
    time = np.arange(round(0.9 * 22_050)) / 22_050
    samples = (0.4 * np.sin(2 * np.pi * (300 + 400 * time) * time)).astype(np.float32)
    return asyncio.run(load_audio(store, Pcm(samples, 22_050).to_wav()))[0]


@pytest.fixture(scope="session")
def hum(store: MediaStore) -> Audio:
    """Another sound, as long as the tone: its placeholders are the same."""
    samples = 0.3 * np.sin(2 * np.pi * 110 * np.arange(round(0.9 * 22_050)) / 22_050)
    return asyncio.run(load_audio(store, Pcm(samples.astype(np.float32), 22_050).to_wav()))[0]


@pytest.fixture(scope="session")
def photo(store: MediaStore) -> Image:
    """A picture in colours, 96 by 64."""
    pixels = np.zeros((64, 96, 3), np.uint8)
    pixels[..., 0], pixels[..., 1] = np.arange(96) * 2, np.arange(64)[:, None] * 3
    data = io.BytesIO()
    Picture.fromarray(pixels).save(data, "PNG")
    return asyncio.run(load_image(store, data.getvalue()))


def user(*parts: Any) -> Message:
    """What the user says, words or media."""
    return Message("user", tuple(Text(part) if isinstance(part, str) else part for part in parts))


def ask(*messages: Message, **fields: Any) -> Request:
    """A short request."""
    return Request("You are Ada.", messages or (user("hello"),), **{"max_tokens": 8, **fields})


def answered(model: OmniModel, request: Request) -> list[ModelEvent]:
    """All events of an answer."""

    async def main() -> list[ModelEvent]:
        async with aclosing(model.stream(request)) as events:
            return [event async for event in events]

    return asyncio.run(main())


def text_of(events: list[ModelEvent]) -> str:
    """The words among the events."""
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def sound_of(events: list[ModelEvent]) -> np.ndarray[Any, np.dtype[np.float32]]:
    """The speech among the events, as samples."""
    pcm = b"".join(event.pcm for event in events if isinstance(event, SpeechDelta))
    return (np.frombuffer(pcm, "<i2") / 32767).astype(np.float32)
