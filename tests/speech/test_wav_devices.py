"""Files as microphone and loudspeaker, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from omni_agent.errors import InputError, MediaError
from omni_agent.speech.devices.protocols import Microphone, Speaker
from omni_agent.speech.devices.wav_devices import WavMicrophone, WavSpeaker
from omni_agent.speech.pcm import Pcm
from omni_agent.testing import VirtualClock


def tone(seconds: float, rate: int = 24000) -> Pcm:
    time = np.arange(round(seconds * rate)) / rate
    return Pcm((0.5 * np.sin(2 * np.pi * 300 * time)).astype(np.float32), rate)


def running(test: Callable[[], Any]) -> None:
    asyncio.run(test())


def test_a_recording_is_heard_at_its_own_pace_then_silence(tmp_path: Path) -> None:
    sound = tone(0.09, 16000)
    sound.save(tmp_path / "in.wav")

    async def test() -> None:
        clock = VirtualClock()
        microphone = WavMicrophone(tmp_path / "in.wav", clock)
        assert isinstance(microphone, Microphone)
        heard: list[tuple[float, Pcm]] = []

        async def listen() -> None:
            async for frame in microphone.frames():
                heard.append((clock.monotonic(), frame))
                assert microphone.over == (len(heard) >= 5)

        listening = asyncio.create_task(listen())
        for _ in range(300):
            for _ in range(5):
                await asyncio.sleep(0)
            clock.advance(0.001)
        await microphone.close()
        clock.advance(0.1)
        await listening
        assert [at for at, _ in heard[:3]] == pytest.approx([0.02, 0.04, 0.06], abs=0.0011)
        assert len(heard) == 14
        samples = Pcm.joined((frame for _, frame in heard), 16000).samples
        np.testing.assert_allclose(samples[:1440], sound.samples, atol=1e-4)
        assert not samples[1440:].any()

    running(test)


def test_a_missing_or_empty_recording_is_named(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match=r"nothing\.wav does not exist"):
        WavMicrophone(tmp_path / "nothing.wav")
    (tmp_path / "text.wav").write_text("no sound")
    with pytest.raises(MediaError, match=r"text\.wav"):
        WavMicrophone(tmp_path / "text.wav")


def test_the_file_has_what_was_heard_and_when(tmp_path: Path) -> None:
    path = tmp_path / "out.wav"
    path.write_text("older")

    async def test() -> None:
        clock = VirtualClock()
        speaker = WavSpeaker(path, clock)
        assert isinstance(speaker, Speaker)
        clock.advance(1.0)
        speaker.write(tone(0.5))
        assert speaker.pending == 0.5
        clock.advance(2.0)
        assert speaker.pending == 0
        speaker.write(tone(1.0))
        clock.advance(0.25)
        assert speaker.pending == 0.75
        assert speaker.flush() == pytest.approx(0.745)
        clock.advance(0.75)
        await speaker.close()
        await speaker.close()

    running(test)
    samples, rate = soundfile.read(path, dtype="float32")
    assert (rate, len(samples)) == (24000, 4 * 24000)
    assert not samples[:24000].any()
    np.testing.assert_allclose(samples[24000:36000], tone(0.5).samples, atol=1e-4)
    assert not samples[36000:72000].any()
    np.testing.assert_allclose(samples[72000:78000], tone(0.25).samples, atol=1e-4)
    assert not samples[78000 + 120 :].any()
    assert [file.name for file in tmp_path.iterdir() if "out" in file.name] == ["out.wav"]


def test_what_is_pending_at_the_end_is_not_heard(tmp_path: Path) -> None:
    async def test() -> None:
        clock = VirtualClock()
        speaker = WavSpeaker(tmp_path / "out.wav", clock)
        speaker.write(tone(1.0))
        clock.advance(0.5)
        await speaker.close()

    running(test)
    assert soundfile.info(tmp_path / "out.wav").frames == 12000


def test_a_file_that_cannot_be_written_and_a_wrong_rate(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"out\.wav cannot be written: No such file or directory") as raised:
        WavSpeaker(tmp_path / "nowhere" / "out.wav")
    assert raised.value.code == "output_unwritable"
    speaker = WavSpeaker(tmp_path / "out.wav", VirtualClock())
    with pytest.raises(ValueError, match="24000"):
        speaker.write(tone(0.1, 16000))
    asyncio.run(speaker.close())
