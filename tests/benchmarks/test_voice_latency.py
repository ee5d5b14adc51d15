"""The parts of the voice latency benchmark that need no model."""

from __future__ import annotations

import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.peers.trace import Trace
from benchmarks.voice_latency import figures, stages
from benchmarks.voice_latency_requests import (
    LEAD_SECONDS,
    RATE,
    SpokenRequest,
    in_room,
    last_speech_sample,
    load,
    save,
    with_pauses,
)
from benchmarks.voice_latency_runs import Latency
from benchmarks.voice_latency_texts import PAUSED, QUESTIONS
from omni_agent.speech.pcm import Pcm


def tone(length: float, level: float = 0.2) -> Pcm:
    time = np.arange(round(length * RATE)) / RATE
    return Pcm((level * np.sin(2 * np.pi * 220 * time)).astype(np.float32), RATE)


def traced(*happened: tuple[str, float]) -> Trace:
    trace = Trace()
    for what, when in happened:
        trace.note(what, when)
    return trace


def test_last_speech_sample_ignores_breath_and_silence() -> None:
    breath = Pcm((tone(0.3).samples * 0.004).astype(np.float32), RATE)
    sound = Pcm.joined([tone(0.5), breath, Pcm.silence(0.5, RATE)], RATE)
    assert last_speech_sample(sound) == pytest.approx(0.5 * RATE, abs=RATE // 100)
    assert last_speech_sample(Pcm.silence(1.0, RATE)) == -1


def test_a_room_is_around_the_speech() -> None:
    request = in_room("one", "hello", "somebody", tone(0.5))
    assert request.end == pytest.approx(LEAD_SECONDS + 0.5, abs=0.01)
    assert 0 < np.abs(request.sound.samples[:1000]).max() < 0.005
    again = in_room("one", "hello", "somebody", tone(0.5))
    assert np.array_equal(request.sound.samples, again.sound.samples)


@given(
    st.lists(
        st.tuples(st.integers(200, 15_000), st.floats(0.3, 1.0)), max_size=3, unique_by=lambda pair: pair[0]
    )
)
def test_pauses_are_silent_and_nothing_else_is_lost(places: list[tuple[int, float]]) -> None:
    places.sort()
    cuts, pauses = [cut for cut, _ in places], [pause for _, pause in places]
    speech = tone(1.0)
    broken = with_pauses(speech, cuts, pauses)
    lengths = [round(pause * RATE) for pause in pauses]
    assert len(broken.samples) == len(speech.samples) + sum(lengths)
    start = 0
    for cut, length in zip(cuts, lengths, strict=True):
        assert not broken.samples[start + cut : start + cut + length].any()
        start += length


def test_requests_survive_a_folder(tmp_path: Path) -> None:
    made = [
        in_room("one", "hello there", "af_heart", tone(0.5)),
        in_room("two", "yes", "am_puck", tone(0.2), [0.4]),
    ]
    save(tmp_path, made)
    found = load(tmp_path)
    assert [known(one) for one in found] == [known(one) for one in made]
    assert np.allclose(found[0].sound.samples, made[0].sound.samples, atol=1e-4)
    assert len(load(tmp_path, 1)) == 1


def known(request: SpokenRequest) -> tuple[object, ...]:
    return request.name, request.text, request.voice, request.last_sample, request.pauses


def test_recordings_without_notes_are_measured(tmp_path: Path) -> None:
    sound = Pcm.joined([tone(0.5), Pcm.silence(0.5, RATE)], RATE)
    with wave.open(str(tmp_path / "mine.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(sound.resampled(8000).to_int16())
    (found,) = load(tmp_path)
    assert (found.name, found.sound.rate) == ("mine", RATE)
    assert found.end == pytest.approx(0.5, abs=0.03)


def test_a_reply_has_the_moments_that_led_to_it() -> None:
    """Work that was thrown away, before and after the end of speech, is not counted."""
    trace = traced(
        ("turn", 8.0), ("asked", 9.0), ("transcript", 8.9), ("text", 9.2), ("clause", 9.3),
        ("transcript", 10.2), ("asked", 10.25), ("turn", 10.3), ("text", 10.5), ("text", 10.55),
        ("clause", 10.6), ("chunk", 10.7), ("sound", 10.75), ("clause", 11.0), ("sound", 11.1),
    )  # fmt: skip
    measured = trace.measured(9.5, 10.0)
    moments = {key: round(value, 3) for key, value in measured.items() if isinstance(value, float)}
    expected = {"seconds": 0.75, "turn": 0.3, "transcript": 0.2, "text": 0.5, "clause": 0.6, "chunk": 0.7}
    assert moments == expected
    assert not measured["early_turn"]
    assert not measured["early_sound"]


def test_a_turn_before_the_end_of_speech_is_early() -> None:
    measured = traced(("turn", 9.0), ("sound", 9.5), ("turn", 10.4), ("sound", 11.0)).measured(8.0, 10.0)
    assert measured["early_turn"]
    assert measured["early_sound"]
    assert measured["seconds"] == 1.0


def test_no_reply_has_no_moments() -> None:
    assert traced(("turn", 10.2)).measured(8.0, 10.0)["seconds"] is None


def test_figures_compare_the_systems() -> None:
    asked = {
        "default": [Latency("a", 2.0), Latency("b", 2.0)],
        "ours": [Latency("a", 1.0, turn=0.4), Latency("b", 1.0, turn=0.6)],
        "tuned": [Latency("a", 1.25), Latency("b")],
    }
    broken = {"ours": [Latency("c", 1.0, early_turn=True), *[Latency("d", 1.0)] * 3]}
    found: dict[str, Any] = figures(asked, broken)
    assert (found["p50_s"], found["default_p50_s"], found["ratio_p50"]) == (1.0, 2.0, 0.5)
    assert (found["tuned_unanswered"], found["tuned_p95_s"]) == (1, 10.0)
    assert (found["cut_off"], found["spoke_early"], found["n"], found["n_paused"]) == (0.25, 0.0, 2, 4)
    assert found["stages"]["ours"] == {"turn_s": 0.5, "sound_s": 1.0}
    assert stages([]) == {}


def test_there_is_enough_to_say() -> None:
    assert len(set(QUESTIONS)) >= 24
    assert len(set(PAUSED)) == 40
    assert all(1 <= text.count("|") <= 2 for text in PAUSED)
