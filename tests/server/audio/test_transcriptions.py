"""Recordings of any container are written down, within limits."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import av
import httpx
import numpy as np
import pytest

from omni_agent import Agent
from omni_agent.media import Limits as MediaLimits
from omni_agent.messages import HeardWord, Hearing
from omni_agent.senses import Senses
from omni_agent.server import Hosting, create_app
from omni_agent.server.limits import Limits
from omni_agent.speech.pcm import Pcm
from omni_agent.testing import SaidEars, ScriptedModel, noise, said

pytestmark = pytest.mark.anyio

TEXT = "The ferry leaves at noon. Bring a warm coat."


class Listener:
    """Ears that hear the same in everything, and keep how they were asked."""

    def __init__(self, hearing: Hearing) -> None:
        self._hearing = hearing
        self.asked: list[dict[str, Any]] = []

    async def transcribe(
        self, audio: Pcm, *, language: str = "", hints: Sequence[str] = (), timed: bool = True
    ) -> Hearing:
        self.asked.append({"seconds": audio.seconds, "language": language, "hints": hints, "timed": timed})
        return self._hearing

    async def prewarm(self) -> None: ...

    async def close(self) -> None: ...


@asynccontextmanager
async def serving(ears: Any, **named: Any) -> AsyncIterator[httpx.AsyncClient]:
    async with Agent(model=ScriptedModel(senses=Senses(ears=ears)), memory=None) as agent:
        app = create_app(Hosting({"omni": agent}, **named))
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            yield client


async def send(client: httpx.AsyncClient, data: bytes, **fields: Any) -> httpx.Response:
    return await client.post("/v1/audio/transcriptions", files={"file": ("a.wav", data)}, data=fields)


def in_container(sound: Pcm, muxer: str, encoder: str, rate: int, *, pictures: bool = False) -> bytes:
    """The sound as FFmpeg writes it, with moving pictures beside it or without."""
    file = io.BytesIO()
    with av.open(file, "w", format=muxer) as container:
        stream: Any = container.add_stream(encoder, rate=rate, layout="mono")
        options: dict[str, Any] = {"rate": 10, "width": 32, "height": 32, "pix_fmt": "yuv420p"}
        video: Any = container.add_stream("mpeg4", **options) if pictures else None
        frame = av.AudioFrame.from_ndarray(
            np.frombuffer(sound.resampled(rate).to_int16(), "<i2")[None, :], format="s16", layout="mono"
        )
        frame.sample_rate = rate
        for packet in (*stream.encode(frame), *stream.encode(None)):
            container.mux(packet)
        if video:
            for _ in range(10):
                container.mux(video.encode(av.VideoFrame(32, 32, "yuv420p")))
            container.mux(video.encode(None))
    return file.getvalue()


@pytest.mark.parametrize(
    ("muxer", "encoder", "rate", "pictures"),
    [
        ("ipod", "aac", 44_100, False),
        ("webm", "libopus", 48_000, False),
        ("mp3", "libmp3lame", 16_000, False),
        ("flac", "flac", 24_000, False),
        ("mp4", "aac", 48_000, True),
    ],
)
async def test_any_container_is_heard(muxer: str, encoder: str, rate: int, pictures: bool) -> None:
    data = in_container(said(TEXT), muxer, encoder, rate, pictures=pictures)
    async with serving(SaidEars()) as client:
        assert (await send(client, data)).json()["text"] == TEXT


@pytest.mark.parametrize(
    ("fields", "language", "hints"),
    [
        ({}, "", ()),
        ({"language": "de"}, "de", ()),
        ({"language": "pt-BR"}, "pt", ()),
        ({"language": "German"}, "de", ()),
        ({"prompt": "Omni, Piper; Kokoro.\nAnna Huber"}, "", ("Omni", "Piper", "Kokoro.", "Anna Huber")),
        ({"keywords[]": ["Piper", "Omni"], "prompt": "Omni"}, "", ("Piper", "Omni")),
    ],
)
async def test_language_and_hints_reach_the_ears(
    fields: dict[str, Any], language: str, hints: tuple[str, ...]
) -> None:
    ears = Listener(Hearing("hello", "en"))
    async with serving(ears) as client:
        assert (await send(client, noise(0.5).to_wav(), **fields)).status_code == 200
    (asked,) = ears.asked
    assert (asked["language"], tuple(asked["hints"])) == (language, hints)


@pytest.mark.parametrize(
    ("format_", "timed"),
    [("json", False), ("text", False), ("srt", True), ("vtt", True), ("verbose_json", True)],
)
async def test_times_are_asked_for_where_they_are_told(format_: str, timed: bool) -> None:
    ears = Listener(Hearing("hello", "en", words=(HeardWord("hello", 0.1, 0.4, 0.9),)))
    async with serving(ears) as client:
        await send(client, noise(0.5).to_wav(), response_format=format_)
    assert ears.asked[0]["timed"] == timed


async def test_segments_have_what_strict_clients_want() -> None:
    words = HeardWord("Guten", 0.1, 0.4, 0.5), HeardWord("Morgen.", 0.4, 0.9, 0.7)
    ears = Listener(Hearing("Guten Morgen.", "de", 0.9, 0.6, words=words))
    async with serving(ears) as client:
        told = (await send(client, noise(1.0).to_wav(), response_format="verbose_json")).json()
    assert (told["task"], told["language"], told["duration"]) == ("transcribe", "german", 1.0)
    (segment,) = told["segments"]
    assert segment["avg_logprob"] == pytest.approx(np.log(0.6), abs=1e-3)
    assert (segment["id"], segment["start"], segment["end"], segment["text"]) == (
        0,
        0.1,
        0.9,
        "Guten Morgen.",
    )
    assert "words" not in told


async def test_a_long_recording_is_streamed_stretch_by_stretch() -> None:
    ears = Listener(Hearing("It goes on and on.", "en"))
    async with serving(ears) as client:
        answer = await send(client, noise(70.0, rate=8000).to_wav(), stream="true")
    events = [json.loads(line.removeprefix("data: ")) for line in answer.text.splitlines() if line]
    assert [event["type"] for event in events] == ["transcript.text.delta"] * 3 + ["transcript.text.done"]
    assert events[-1]["text"] == "".join(event["delta"] for event in events[:-1])
    assert sum(asked["seconds"] for asked in ears.asked) == pytest.approx(70.0)
    assert events[-1]["usage"]["input_token_details"]["audio_tokens"] == 1400


async def test_what_is_too_long_or_too_large_is_a_413() -> None:
    limits = Limits(media=MediaLimits(audio_seconds=1.0, audio_bytes=200_000))
    async with serving(SaidEars(), limits=limits) as client:
        long = await send(client, noise(1.5).to_wav())
        assert (long.status_code, long.json()["error"]["code"]) == (413, "media_too_long")
        large = await send(client, bytes(200_001))
        assert (large.status_code, large.json()["error"]["code"]) == (413, "media_too_large")
    async with serving(SaidEars(), limits=Limits(body=1000)) as client:
        assert (await send(client, noise(0.5).to_wav())).status_code == 413


@pytest.mark.parametrize(
    "fields",
    [
        {"response_format": "diarized_json"},
        {"response_format": "srt", "stream": "true"},
        {"language": "12"},
        {"language": "x" * 30},
        {"timestamp_granularities[]": "syllable"},
        {"stream": "perhaps"},
        {"temperature": "hot"},
    ],
)
async def test_a_wrong_field_is_named(fields: dict[str, str]) -> None:
    async with serving(SaidEars()) as client:
        answer = await send(client, said("hello").to_wav(), **fields)
    assert answer.status_code == 400
    named = {name.removesuffix("[]") for name in fields}
    assert any(answer.json()["error"]["param"].startswith(name) for name in named)


async def test_a_form_without_a_recording_is_a_400() -> None:
    bodies: list[dict[str, Any]] = [
        {"json": {"file": "a"}},
        {"data": {"file": "a"}},
        {"files": {"other": b"a"}},
        {"files": {"file": (None, "text")}},
        {"content": b"--x\r\nbroken", "headers": {"content-type": "multipart/form-data; boundary=x"}},
        {"content": b"x", "headers": {"content-type": "multipart/form-data"}},
        {"files": [("file", b"a"), ("file", b"b")]},
    ]
    async with serving(SaidEars()) as client:
        for body in bodies:
            answer = await client.post("/v1/audio/transcriptions", **body)
            assert answer.status_code == 400, body
            assert answer.json()["error"]["message"]


async def test_an_agent_without_ears_says_so() -> None:
    async with serving(None) as client:
        assert (await send(client, noise(0.1).to_wav())).status_code == 503


@pytest.mark.models
async def test_a_real_voice_is_understood_with_its_times() -> None:
    """Spoken by the embedded voice, written down by the embedded ears."""
    plain = "Please turn off the light in the kitchen. The meeting begins tomorrow morning."
    async with Agent(memory=None) as agent:
        transport = httpx.ASGITransport(create_app(Hosting({"omni": agent})))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", timeout=120) as client:
            body = {"input": plain, "voice": "alloy", "response_format": "opus"}
            spoken = await client.post("/v1/audio/speech", json=body)
            told = (await send(client, spoken.content, response_format="verbose_json")).json()
            srt = (await send(client, spoken.content, response_format="srt")).text
    assert told["language"] == "english"
    assert told["text"].lower().replace(",", ".").rstrip(".") == plain.lower().rstrip(".")
    times = [time for segment in told["segments"] for time in (segment["start"], segment["end"])]
    assert times == sorted(times)
    assert 0.0 <= times[0] < 0.5
    assert told["duration"] - 0.6 < times[-1] <= told["duration"]
    assert srt.count("-->") == len(told["segments"])
