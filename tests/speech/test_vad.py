"""Speech told from what is none, and recordings cut where nobody speaks."""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from omni_agent.errors import ModelUnavailable
from omni_agent.speech.hearing.vad import evened, pieces, speech_spans
from omni_agent.speech.pcm import Pcm

RATE = 1_000
LONGEST = 28.0


def noises(seconds: float) -> dict[str, np.ndarray]:
    size = round(seconds * 16_000)
    random, time = np.random.default_rng(7), np.arange(size) / 16_000
    return {
        "silence": np.zeros(size),
        "white noise": random.normal(0, 0.1, size),
        "faint noise": random.normal(0, 0.001, size),
        "mains hum": 0.2 * np.sin(2 * np.pi * 50 * time) + 0.05 * np.sin(2 * np.pi * 150 * time),
        "whistle": 0.3 * np.sin(2 * np.pi * 1500 * time),
        "offset": np.full(size, 0.5),
    }


@pytest.fixture(scope="module")
def speech(test_data: Path) -> Pcm:
    samples, rate = soundfile.read(test_data / "human_speech" / "librivox_0880.flac", dtype="float32")
    return Pcm(np.asarray(samples, dtype=np.float32), rate)


def test_nothing_is_no_speech() -> None:
    pytest.importorskip("faster_whisper")
    assert speech_spans(Pcm(np.zeros(0, dtype=np.float32), 16_000)) == []


@pytest.mark.parametrize("seconds", [0.1, 1.0, 6.0])
@pytest.mark.parametrize("name", noises(0.1))
def test_noise_is_no_speech(name: str, seconds: float) -> None:
    pytest.importorskip("faster_whisper")
    assert speech_spans(Pcm(noises(seconds)[name].astype(np.float32), 16_000)) == []


@pytest.mark.data
@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100])
def test_speech_is_found_between_silences_at_any_rate(speech: Pcm, rate: int) -> None:
    pytest.importorskip("faster_whisper")
    sound = Pcm.joined([Pcm.silence(2.0, 16_000), speech, Pcm.silence(3.0, 16_000)], rate)
    spans = speech_spans(sound)
    assert spans[0][0] == pytest.approx(2.0, abs=0.4)
    assert spans[-1][1] == pytest.approx(2.0 + speech.seconds, abs=0.6)


@pytest.mark.data
@pytest.mark.parametrize("level", [1.0, 0.05, 0.01])
def test_a_quiet_voice_is_heard_and_an_offset_ignored(speech: Pcm, level: float) -> None:
    pytest.importorskip("faster_whisper")
    spans = speech_spans(Pcm(speech.samples * np.float32(level) + np.float32(0.2), speech.rate))
    assert sum(end - start for start, end in spans) > 1.5


@pytest.mark.data
def test_a_pause_parts_two_stretches(speech: Pcm) -> None:
    pytest.importorskip("faster_whisper")
    twice = Pcm.joined([speech, Pcm.silence(1.5, 16_000), speech], 16_000)
    middle = speech.seconds + 0.75
    assert not any(start < middle < end for start, end in speech_spans(twice))
    assert any(start < middle < end for start, end in speech_spans(twice, pause=4.0))


def test_without_the_package_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "faster_whisper", None)
    monkeypatch.setitem(sys.modules, "faster_whisper.vad", None)
    with pytest.raises(ModelUnavailable) as caught:
        speech_spans(Pcm.silence(1.0, 16_000))
    assert "omni-agent-framework[local]" in caught.value.remedy


def test_a_quiet_sound_becomes_loud_and_a_loud_one_stays() -> None:
    tone = np.sin(np.arange(16_000) / 9).astype(np.float32)
    quiet = evened(Pcm(tone * np.float32(0.03) + np.float32(0.4), 16_000)).samples
    assert np.abs(quiet).max() == pytest.approx(0.3, abs=0.01)
    assert quiet.mean() == pytest.approx(0.0, abs=0.01)
    loud = evened(Pcm(tone * np.float32(0.8), 16_000)).samples
    assert np.abs(loud).max() == pytest.approx(0.8, abs=0.01)
    assert np.abs(evened(Pcm(tone * np.float32(1e-7), 16_000)).samples).max() < 1e-4


@given(st.lists(st.tuples(st.floats(0.05, 3.0), st.floats(0.1, 70.0)), max_size=12))
def test_pieces_are_short_in_order_and_lose_nothing(steps: list[tuple[float, float]]) -> None:
    spans: list[tuple[float, float]] = []
    now = 0.0
    for pause, length in steps:
        spans.append((now + pause, now + pause + length))
        now = spans[-1][1]
    random = np.random.default_rng(3)
    sound = Pcm(random.normal(0, 0.1, round((now + 1) * RATE)).astype(np.float32), RATE)
    cut = pieces(sound, spans, LONGEST)
    assert all(0 < end - start <= LONGEST for start, end in cut)
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(cut))
    for start, end in spans:
        kept = sum(max(0.0, min(end, b) - max(start, a)) for a, b in cut)
        assert kept == pytest.approx(end - start)
    # A cut that no span asked for is only made in a span that is too long.
    edges = {time for span in spans for time in span}
    inner = [time for piece in cut for time in piece if time not in edges]
    assert all(any(a < t < b and b - a > LONGEST for a, b in spans) for t in inner)


def test_a_cut_in_running_speech_falls_where_it_is_quiet() -> None:
    samples = np.random.default_rng(3).normal(0, 0.1, 40 * RATE).astype(np.float32)
    samples[round(20.3 * RATE) : round(20.5 * RATE)] = 0
    first, second = pieces(Pcm(samples, RATE), [(0.0, 40.0)], LONGEST)
    assert first[1] == second[0] == pytest.approx(20.4, abs=0.05)
