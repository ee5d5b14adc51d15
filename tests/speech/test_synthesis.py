"""The thread, the stop and the even sound around every voice engine."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from omni_agent.errors import ConfigError, ModelError, ModelUnavailable
from omni_agent.speech.spoken import Spoken, SpokenWord
from omni_agent.speech.voices.synthesis import Engine, Stop, evened, existing, speakable
from omni_agent.speech.voices.tts_kokoro import KokoroVoice
from omni_agent.speech.voices.tts_piper import PiperVoice

RATE = 16_000


class FakeModel:
    def __init__(self) -> None:
        self.session: Any = self
        self.stop = Stop()


class Loader:
    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> FakeModel:
        self.count += 1
        return FakeModel()


def engine(load: Any) -> Engine[FakeModel]:
    return Engine("fake", load, lambda model: model.session)


def tone(level: float, before: float, sounding: float, after: float) -> Any:
    samples = level * np.sin(np.arange(int(sounding * RATE)) * 0.2)
    return np.concatenate([np.zeros(int(before * RATE)), samples, np.zeros(int(after * RATE))]).astype(
        np.float32
    )


def test_concurrent_first_uses_load_once_in_one_thread() -> None:
    load = Loader()

    async def main() -> None:
        busy = engine(load)
        names = await asyncio.gather(*(busy.run(lambda _: threading.current_thread().name) for _ in range(8)))
        assert len(set(names)) == 1
        assert names[0] != threading.main_thread().name
        await busy.close()
        assert load.count == 1
        await busy.run(lambda _: None)
        assert load.count == 2

    asyncio.run(main())


def test_cancelling_stops_the_work_and_leaves_the_engine_usable() -> None:
    class Session:
        """Runs until it is stopped, as onnxruntime does between two operators."""

        def __init__(self) -> None:
            self.stop = Stop()
            self.started = threading.Event()
            self.ended = threading.Event()

        def run(self) -> str:
            self.started.set()
            while not self.stop.options().terminate:
                pass
            self.ended.set()
            raise RuntimeError("terminated")

    class Model:
        session: Any = Session()

    async def main() -> None:
        busy: Engine[Model] = Engine("fake", Model, lambda model: model.session)
        task = asyncio.create_task(busy.run(lambda model: model.session.run()))
        await asyncio.to_thread(Model.session.started.wait, 5)
        queued = asyncio.create_task(busy.run(lambda _: pytest.fail("cancelled work ran")))
        await asyncio.sleep(0)
        queued.cancel()
        task.cancel()
        results = await asyncio.gather(task, queued, return_exceptions=True)
        assert all(isinstance(result, asyncio.CancelledError) for result in results)
        assert await busy.run(lambda _: "still here") == "still here"
        assert Model.session.ended.is_set()

    asyncio.run(main())


def test_failures_are_errors_of_ours_and_do_not_stick() -> None:
    def fail(error: Exception) -> Any:
        def work(_: FakeModel) -> None:
            raise error

        return work

    async def main() -> None:
        busy = engine(FakeModel)
        with pytest.raises(ModelError, match="fake failed: no luck"):
            await busy.run(fail(ValueError("no luck")))
        with pytest.raises(ModelUnavailable) as raised:
            await busy.run(fail(ImportError("no such engine")))
        assert "omni-agent-framework[local]" in raised.value.remedy
        assert await busy.run(lambda _: 1) == 1

    asyncio.run(main())


def test_a_load_that_failed_is_tried_again(tmp_path: Path) -> None:
    file = tmp_path / "voice.onnx"

    def load() -> FakeModel:
        existing(file, "pull it")
        return FakeModel()

    async def main() -> None:
        busy = engine(load)
        with pytest.raises(ModelUnavailable, match=r"voice\.onnx"):
            await busy.run(lambda _: 1)
        file.touch()
        assert await busy.run(lambda _: 1) == 1

    asyncio.run(main())


@pytest.mark.parametrize("make", [PiperVoice, KokoroVoice])
def test_missing_files_say_what_to_do(make: Any, tmp_path: Path) -> None:
    for folder in (tmp_path, lambda: tmp_path):
        with pytest.raises(ModelUnavailable) as raised:
            asyncio.run(make(folder).speak("Hello"))
        assert "omni-agent models pull voice-" in raised.value.remedy


@pytest.mark.parametrize("make", [PiperVoice, KokoroVoice])
def test_unknown_names_are_refused_before_anything_loads(make: Any, tmp_path: Path) -> None:
    for unknown in ({"voice": "nobody"}, {"language": "xx"}):
        with pytest.raises(ConfigError):
            asyncio.run(make(tmp_path).speak("Hello", **unknown))


@pytest.mark.parametrize("level", [0.02, 0.2, 1.0, 3.0])
def test_silence_is_trimmed_and_levels_are_alike(level: float) -> None:
    pcm = evened(tone(level, 0.5, 1.0, 0.7), RATE)
    assert 1.0 <= pcm.seconds <= 1.17
    assert 0.05 < float(np.sqrt((pcm.samples**2).mean())) < 0.12
    assert float(np.abs(pcm.samples).max()) <= 0.95


def test_words_keep_their_place_in_the_sound() -> None:
    words = [SpokenWord("one", 0.5, 1.0), SpokenWord("two", 1.0, 1.9)]
    pcm = evened(tone(0.2, 0.5, 1.0, 0.7), RATE, words)
    assert isinstance(pcm, Spoken)
    assert [word.text for word in pcm.words] == ["one", "two"]
    edges = [edge for word in pcm.words for edge in (word.begin, word.end)]
    assert edges == pytest.approx([0.03, 0.53, 0.53, 1.03], abs=0.011)


def test_a_pause_inside_stays() -> None:
    two = np.concatenate([tone(0.3, 0.2, 0.5, 0.4), tone(0.3, 0, 0.5, 0.2)])
    assert evened(two, RATE).seconds == pytest.approx(1.55, abs=0.03)


@given(st.lists(st.floats(width=32), max_size=2000))
def test_any_samples_come_out_sound(values: list[float]) -> None:
    pcm = evened(np.array(values, dtype=np.float32), RATE)
    assert np.isfinite(pcm.samples).all()
    assert float(np.abs(pcm.samples).max(initial=0.0)) <= 0.951


@given(st.text())
def test_only_what_has_letters_or_figures_is_spoken(text: str) -> None:
    words = speakable(text)
    assert not words or any(char.isalnum() for char in words)
    words.encode()
    assert words.isprintable()
    assert bool(words) == any(char.isalnum() for char in text.encode("utf-8", "ignore").decode())
