"""Sound in every format comes back as it was."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator

import av
import numpy as np
import pytest

from omni_agent.errors import InputError
from omni_agent.server.audio.codecs import CODECS, RATE, encoded
from omni_agent.speech.pcm import Pcm

pytestmark = pytest.mark.anyio

# Samples that a format adds by itself: an MP3 whose header cannot tell its length begins with the encoder's
# delay of two frames, and AAC in ADTS with one frame; both end with a whole frame.
ADDED = {"mp3": 3 * 576, "aac": 2 * 1024}


def tone(seconds: float, rate: int) -> Pcm:
    time = np.arange(round(seconds * rate)) / rate
    return Pcm((0.2 * np.sin(2 * np.pi * 440 * time)).astype(np.float32), rate)


def pieces(sound: Pcm, length: int) -> AsyncIterator[Pcm]:
    async def cut() -> AsyncIterator[Pcm]:
        for at in range(0, len(sound.samples), length):
            yield Pcm(sound.samples[at : at + length], sound.rate)

    return cut()


async def written(sounds: AsyncIterator[Pcm] | Pcm, name: str) -> list[bytes]:
    return [data async for data in encoded(sounds, name)]


def decoded(data: bytes, name: str) -> Pcm:
    if name in ("pcm", "pcm16"):
        return Pcm.from_int16(data, RATE)
    resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
    with av.open(io.BytesIO(data), "r") as container:
        parts = [part for frame in container.decode(audio=0) for part in resampler.resample(frame)]
    samples = b"".join(part.to_ndarray().tobytes() for part in [*parts, *resampler.resample(None)])
    return Pcm.from_int16(samples, RATE)


def level(sound: Pcm) -> float:
    middle = sound.samples[len(sound.samples) // 8 : -len(sound.samples) // 8]
    return float(20 * np.log10(np.sqrt((middle**2).mean())))


@pytest.mark.parametrize("name", CODECS)
@pytest.mark.parametrize("rate", [22_050, 24_000])
async def test_a_stream_decodes_to_the_same_sound(name: str, rate: int) -> None:
    sound = tone(3.1, rate)
    back = decoded(b"".join(await written(pieces(sound, 9_999), name)), name)
    # Opus is decoded at 48 kHz and brought down again.
    slack = 2 if name == "opus" else 0
    extra = len(back.samples) - round(3.1 * RATE)
    assert -slack <= extra <= ADDED.get(name, 0) + slack
    assert level(back) == pytest.approx(level(sound), abs=1.0)


@pytest.mark.parametrize("name", CODECS)
async def test_what_is_whole_tells_its_length(name: str) -> None:
    sound = tone(2.0, 16_000)
    (data,) = await written(sound, name)
    back = decoded(data, name)
    extra = len(back.samples) - 2 * RATE
    assert 0 <= extra <= (ADDED["aac"] if name == "aac" else 2)
    assert level(back) == pytest.approx(level(sound), abs=1.0)


@pytest.mark.parametrize("name", CODECS)
async def test_sound_is_written_while_it_comes(name: str) -> None:
    """Each piece gives bytes before the next one is asked for."""
    given: list[str] = []

    async def spoken() -> AsyncIterator[Pcm]:
        for number in range(3):
            given.append(f"piece {number}")
            yield tone(1.0, RATE)

    stream = encoded(spoken(), name)
    for _ in range(2):
        await anext(stream)
        given.append("bytes")
    await stream.aclose()
    assert given == ["piece 0", "bytes", "piece 1", "bytes"]


@pytest.mark.parametrize("name", CODECS)
async def test_pieces_join_without_a_click(name: str) -> None:
    """A stream cut anywhere is as smooth as the whole."""
    back = decoded(b"".join(await written(pieces(tone(1.0, 22_050), 1_111), name)), name)
    middle = back.samples[RATE // 8 : -RATE // 8]
    assert np.abs(np.diff(middle)).max() < 0.2 * 2 * np.pi * 440 / RATE * 1.3


async def test_pieces_of_other_rates_follow_each_other() -> None:
    async def spoken() -> AsyncIterator[Pcm]:
        for rate in (8_000, 24_000, 22_050):
            yield tone(0.5, rate)

    assert len(b"".join(await written(spoken(), "pcm"))) == pytest.approx(2 * 1.5 * RATE, abs=8)


async def test_a_stream_of_wav_has_a_header_of_unknown_length() -> None:
    data = b"".join(await written(pieces(tone(0.2, RATE), 1_000), "wav"))
    assert data[:4] == b"RIFF"
    assert data[4:8] == data[40:44] == b"\xff\xff\xff\xff"
    (whole,) = await written(tone(0.2, RATE), "wav")
    assert whole[44:] == data[44:]


@pytest.mark.parametrize("name", CODECS)
async def test_nothing_said_is_no_failure(name: str) -> None:
    assert len(b"".join(await written(pieces(Pcm.silence(0.0, RATE), 1), name))) <= 44


async def test_an_unknown_format_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(InputError, match=r"midi.*mp3"):
        await written(tone(0.1, RATE), "midi")
