"""Sound on the wire, and turns in it."""

from __future__ import annotations

import base64

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omni_agent.server.realtime.input_buffer import InputBuffer
from omni_agent.server.realtime.protocol import Refusal
from omni_agent.server.realtime.sound import RATE, Format, Incoming, Outgoing, decoded, whole
from omni_agent.server.realtime.turn_detection import Started, Stopped, TurnDetection, TurnDetector
from omni_agent.speech.pcm import Pcm
from omni_agent.testing import ScriptedActivity, noise, said, words_in

FORMATS: list[Format] = ["audio/pcm", "audio/pcmu", "audio/pcma"]


def samples(count: int) -> bytes:
    return np.random.default_rng(0).integers(-20_000, 20_000, count).astype("<i2").tobytes()


@given(st.lists(st.integers(0, 700), max_size=30), st.sampled_from(FORMATS))
def test_it_does_not_matter_where_sound_is_cut(cuts: list[int], wire: Format) -> None:
    data = samples(4000)
    incoming, at, got = Incoming(wire), 0, []
    for cut in cuts:
        got.append(incoming.feed(data[at : at + cut]))
        at += cut
    got += [incoming.feed(data[at:]), incoming.flush()]
    assert np.array_equal(np.concatenate(got), np.rint(whole(data, wire).samples * 32767))


@pytest.mark.parametrize("wire", FORMATS)
def test_speech_arrives_as_it_was_said(wire: Format) -> None:
    outgoing = Outgoing(wire)
    speech = said("good day", rate=22_050)
    deltas = outgoing.feed(speech.to_int16(), speech.rate) + outgoing.flush()
    data = b"".join(map(base64.b64decode, deltas))
    assert [word.text for word in words_in(whole(data, wire))] == ["good", "day"]
    per_second = 48_000 if wire == "audio/pcm" else 8_000
    assert all(len(base64.b64decode(delta)) <= per_second * 0.2 for delta in deltas)
    assert len(data) / per_second == pytest.approx(speech.seconds, abs=0.002)


def test_g711_is_that_of_libsndfile_both_ways() -> None:
    codes = bytes(range(256))
    for wire in FORMATS[1:]:
        outgoing = Outgoing(wire)
        from omni_agent.server.realtime.sound import _expanding

        values = _expanding(wire)[np.frombuffer(codes, np.uint8)]
        back = b"".join(map(base64.b64decode, outgoing.feed(values.tobytes(), 8000)))
        assert np.array_equal(_expanding(wire)[np.frombuffer(back, np.uint8)], values)


@pytest.mark.parametrize("text", ["%", "AAA", "A" * (21 << 20), "ä"])
def test_what_is_no_base64_or_too_much_is_refused(text: str) -> None:
    with pytest.raises(Refusal):
        decoded(text)


@settings(max_examples=40)
@given(st.data())
def test_samples_are_neither_lost_nor_used_twice(data: st.DataObject) -> None:
    buffer, sent, taken = InputBuffer(), 0, list[np.ndarray]()  # type: ignore[type-arg]
    count = np.arange(1, 20_001)
    for _ in range(data.draw(st.integers(0, 30))):
        if data.draw(st.booleans()):
            size = data.draw(st.integers(0, 400))
            buffer.append(count[sent : sent + size].astype("<i2").tobytes())
            sent += size
        else:
            begin = data.draw(st.integers(buffer.start, buffer.end))
            end = data.draw(st.integers(begin, buffer.end))
            taken.append(np.rint(buffer.take(begin, end).samples * 32767))
            assert len(taken[-1]) == end - begin
    used = np.concatenate([np.zeros(0), *taken])
    assert np.array_equal(used, np.unique(used))
    rest = np.rint(buffer.take(buffer.start, buffer.end).samples * 32767)
    assert buffer.end == sent
    assert not set(used) & set(rest)


SOUNDS = st.one_of(
    st.tuples(st.just("voice"), st.floats(0.05, 3)), st.tuples(st.just("silence"), st.floats(0.02, 2))
)


@settings(max_examples=20)
@given(st.lists(SOUNDS, max_size=6), st.lists(st.integers(1, 5000), max_size=20), st.integers(100, 900))
def test_turns_do_not_overlap_and_do_not_depend_on_the_frames(
    sounds: list[tuple[str, float]], sizes: list[int], silence: int
) -> None:
    parts = [noise(s, rate=RATE) if kind == "voice" else Pcm.silence(s, RATE) for kind, s in sounds]
    stream = np.frombuffer(Pcm.joined([*parts, Pcm.silence(2, RATE)], RATE).to_int16(), "<i2")
    settings = TurnDetection(silence_duration_ms=silence)
    runs = []
    for cuts in (sizes, []):
        detector, at, told = TurnDetector(settings, ScriptedActivity(), 0), 0, []
        for size in [*cuts, len(stream)]:
            told += [e for e in detector.feed(stream[at : at + size]) if isinstance(e, Started | Stopped)]
            at += size
        assert not detector.speaking
        runs.append(told)
    assert runs[0] == runs[1]
    ends = [0]
    for started, stopped in zip(runs[0][::2], runs[0][1::2], strict=True):
        assert isinstance(started, Started)
        assert isinstance(stopped, Stopped)
        assert ends[-1] <= started.at <= stopped.at
        ends.append(stopped.at)


def test_a_turn_without_end_is_cut_and_goes_on_where_it_was_cut() -> None:
    detector = TurnDetector(TurnDetection(), ScriptedActivity(), 0)
    told = detector.feed(np.frombuffer(noise(130, rate=RATE).to_int16(), "<i2"))
    marks = [event.at for event in told if isinstance(event, Started | Stopped)]
    assert len(marks) == 5
    assert marks[1] == marks[2]
    assert marks[3] == marks[4]
