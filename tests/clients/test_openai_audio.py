"""OpenAI's own client, unmodified, speaks and hears with a running server."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from openai import APIStatusError, AsyncOpenAI, BadRequestError
from openai.types.audio import Transcription, TranscriptionVerbose

from omni_agent import Agent
from omni_agent.media.files import DEFAULT_LIMITS, open_media
from omni_agent.media.sounds import decode_audio
from omni_agent.senses import Senses
from omni_agent.server import Hosting
from omni_agent.server.running import running
from omni_agent.speech.pcm import Pcm
from omni_agent.testing import SaidEars, SaidVoice, ScriptedModel, noise, said, words_in

pytestmark = pytest.mark.anyio

TEXT = "The ferry leaves at noon. Bring a warm coat, and be early."
WORDS = TEXT.split()


@pytest.fixture
async def client() -> AsyncIterator[AsyncOpenAI]:
    model = ScriptedModel(senses=Senses(ears=SaidEars(), voice=SaidVoice()))
    async with (
        Agent(model=model, memory=None) as agent,
        running(Hosting({"omni": agent})) as address,
        AsyncOpenAI(base_url=f"{address}/v1", api_key="none", max_retries=0) as client,
    ):
        yield client


def recording() -> tuple[str, bytes]:
    """Half a second of nothing, the words, and nothing again."""
    silence = Pcm.silence(0.5, 16_000)
    return "recording.wav", Pcm.joined([silence, said(TEXT), silence], 16_000).to_wav()


def decoded(data: bytes) -> Pcm:
    with open_media(data) as file:
        return decode_audio(file, DEFAULT_LIMITS)


@pytest.mark.parametrize("name", ["mp3", "opus", "aac", "wav"])
async def test_speech_says_the_text_in_every_format(client: AsyncOpenAI, name: Any, tmp_path: Path) -> None:
    file = tmp_path / f"speech.{name}"
    async with client.audio.speech.with_streaming_response.create(
        model="tts-1", voice="alloy", input=TEXT, response_format=name
    ) as response:
        assert response.headers["content-type"].startswith("audio/")
        await response.stream_to_file(file)
    assert [word.text for word in words_in(decoded(file.read_bytes()))] == WORDS


async def test_pcm_is_24_khz_and_comes_at_once(client: AsyncOpenAI) -> None:
    spoken = await client.audio.speech.create(
        model="gpt-4o-mini-tts", voice="marin", input=TEXT, response_format="pcm", instructions="Whisper."
    )
    assert [word.text for word in words_in(Pcm.from_int16(spoken.content, 24_000))] == WORDS


async def test_speech_as_events_ends_with_the_usage(client: AsyncOpenAI) -> None:
    async with client.audio.speech.with_streaming_response.create(
        model="tts-1", voice="alloy", input=TEXT, response_format="pcm", stream_format="sse"
    ) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        lines = [line async for line in response.iter_lines() if line]
    events = [json.loads(line.removeprefix("data: ")) for line in lines]
    *deltas, done = events
    assert len(deltas) > 1
    assert {delta["type"] for delta in deltas} == {"speech.audio.delta"}
    sound = Pcm.from_int16(b"".join(base64.b64decode(delta["audio"]) for delta in deltas), 24_000)
    assert [word.text for word in words_in(sound)] == WORDS
    assert done["type"] == "speech.audio.done"
    assert done["usage"]["output_tokens"] == pytest.approx(sound.seconds * 20, abs=1)
    assert done["usage"]["total_tokens"] == done["usage"]["input_tokens"] + done["usage"]["output_tokens"]


async def test_speed_makes_it_shorter(client: AsyncOpenAI) -> None:
    async def seconds(speed: float) -> float:
        spoken = await client.audio.speech.create(
            model="tts-1",
            voice="alloy",
            input="International understanding",
            response_format="wav",
            speed=speed,
        )
        return decoded(spoken.content).seconds

    assert await seconds(1.3) < 0.9 * await seconds(1.0)


async def test_what_cannot_be_spoken_is_a_short_silence(client: AsyncOpenAI) -> None:
    spoken = await client.audio.speech.create(model="tts-1", voice="alloy", input="…", response_format="wav")
    assert 0 < decoded(spoken.content).seconds < 0.2


@pytest.mark.parametrize(
    ("named", "param"),
    [
        ({"voice": "nobody"}, "voice"),
        ({"input": ""}, "input"),
        ({"input": "a" * 4097}, "input"),
        ({"speed": 9.0}, "speed"),
        ({"response_format": "midi"}, "response_format"),
        ({"extra_body": {"language": "tlh"}}, None),
    ],
)
async def test_a_wrong_order_is_refused_by_its_field(
    client: AsyncOpenAI, named: dict[str, Any], param: str | None
) -> None:
    usual: dict[str, Any] = {"model": "tts-1", "voice": "alloy", "input": TEXT}
    with pytest.raises(BadRequestError) as refused:
        await client.audio.speech.create(**usual | named)
    assert refused.value.param == param
    assert refused.value.message


async def test_json_has_the_words_and_how_long_it_was(client: AsyncOpenAI) -> None:
    heard = await client.audio.transcriptions.create(model="whisper-1", file=recording())
    assert isinstance(heard, Transcription)
    assert heard.text == TEXT
    assert heard.usage is not None
    assert heard.usage.type == "duration"
    assert heard.usage.seconds == pytest.approx(1.0 + said(TEXT).seconds, abs=0.01)


async def test_text_is_plain(client: AsyncOpenAI) -> None:
    heard = await client.audio.transcriptions.create(
        model="whisper-1", file=recording(), response_format="text"
    )
    assert heard.strip() == TEXT


async def test_verbose_json_tells_the_times_of_words_and_sentences(client: AsyncOpenAI) -> None:
    heard = await client.audio.transcriptions.create(
        model="whisper-1",
        file=recording(),
        response_format="verbose_json",
        timestamp_granularities=["word", "segment"],
    )
    assert isinstance(heard, TranscriptionVerbose)
    assert heard.language == "english"
    assert heard.words is not None
    assert [word.word for word in heard.words] == WORDS
    for word, spoken in zip(heard.words, said(TEXT).words, strict=True):
        assert word.start == pytest.approx(0.5 + spoken.begin, abs=0.03)
        assert word.end == pytest.approx(0.5 + spoken.end, abs=0.03)
    assert heard.segments is not None
    assert [segment.text for segment in heard.segments] == [
        "The ferry leaves at noon.",
        "Bring a warm coat, and be early.",
    ]
    assert heard.segments[0].start == heard.words[0].start
    assert heard.segments[1].end == heard.words[-1].end


async def test_without_granularities_it_has_sentences_only(client: AsyncOpenAI) -> None:
    heard = await client.audio.transcriptions.create(
        model="whisper-1", file=recording(), response_format="verbose_json"
    )
    assert heard.words is None
    assert heard.segments


async def test_subtitles_have_a_cue_a_sentence(client: AsyncOpenAI) -> None:
    srt = await client.audio.transcriptions.create(model="whisper-1", file=recording(), response_format="srt")
    first, second = srt.strip().split("\n\n")
    assert first.splitlines()[0] == "1"
    assert first.splitlines()[1].startswith(("00:00:00,49", "00:00:00,50"))
    assert first.splitlines()[2] == "The ferry leaves at noon."
    assert second.splitlines()[2] == "Bring a warm coat, and be early."
    vtt = await client.audio.transcriptions.create(model="whisper-1", file=recording(), response_format="vtt")
    shown = [line.replace(",", ".") if "-->" in line else line for line in srt.splitlines()]
    assert vtt.splitlines() == ["WEBVTT", "", *(line for line in shown if not line.isdigit())]


async def test_a_stream_gives_the_words_sentence_by_sentence(client: AsyncOpenAI) -> None:
    stream = await client.audio.transcriptions.create(
        model="gpt-4o-transcribe", file=recording(), stream=True
    )
    events = [event async for event in stream]
    deltas = [event.delta for event in events if event.type == "transcript.text.delta"]
    assert deltas == ["The ferry leaves at noon.", " Bring a warm coat, and be early."]
    done = events[-1]
    assert done.type == "transcript.text.done"
    assert done.text == TEXT
    assert done.usage is not None
    assert done.usage.total_tokens == done.usage.input_tokens + done.usage.output_tokens


@pytest.mark.parametrize(
    ("name", "text"),
    [("json", ""), ("text", "\n"), ("srt", ""), ("vtt", "WEBVTT\n\n"), ("verbose_json", "")],
)
async def test_silence_has_no_words_and_is_no_error(client: AsyncOpenAI, name: Any, text: str) -> None:
    silent = "silence.wav", Pcm.silence(1.0, 16_000).to_wav()
    heard = await client.audio.transcriptions.create(model="whisper-1", file=silent, response_format=name)
    assert getattr(heard, "text", heard) == text


async def test_what_is_spoken_here_is_understood_here(client: AsyncOpenAI) -> None:
    """A speech in Opus goes back as a recording."""
    spoken = await client.audio.speech.create(
        model="tts-1", voice="alloy", input=TEXT, response_format="opus"
    )
    heard = await client.audio.transcriptions.create(model="whisper-1", file=("a.ogg", spoken.content))
    assert heard.text == TEXT


@pytest.mark.parametrize(
    ("file", "status", "told"),
    [
        (b"no sound at all, only words", 400, "sound"),
        (b"", 400, "empty"),
        (b"ffconcat version 1.0\nfile 'etc/passwd'\n", 400, "sound"),
        (noise(0.1).to_wav()[:40], 400, "sound"),
    ],
)
async def test_what_is_no_recording_is_refused(
    client: AsyncOpenAI, file: bytes, status: int, told: str
) -> None:
    with pytest.raises(APIStatusError, match=told) as refused:
        await client.audio.transcriptions.create(model="whisper-1", file=("a.wav", io.BytesIO(file)))
    assert refused.value.status_code == status
    assert refused.value.param == "file"


async def test_translations_are_refused_clearly(client: AsyncOpenAI) -> None:
    deprecated = pytest.warns(DeprecationWarning, match="deprecated")
    with deprecated, pytest.raises(BadRequestError, match="not translated here") as refused:
        await client.audio.translations.create(model="whisper-1", file=recording())
    assert refused.value.code == "translations_unsupported"
