"""Starts and pauses of a voice, from windows alone."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omni_agent.speech.hearing.activity import Window
from omni_agent.speech.hearing.onset import Onsets, VoiceEvent, VoicePaused, VoiceStarted

SIZE = 512
LOUD, BACKGROUND = -20.0, -60.0


def windows(probabilities: list[float], levels: list[float] | None = None) -> list[Window]:
    levels = levels or [LOUD if said > 0.1 else BACKGROUND - 10 for said in probabilities]
    return [
        Window(SIZE * number, said, level, BACKGROUND)
        for number, (said, level) in enumerate(zip(probabilities, levels, strict=True), 1)
    ]


def events(probabilities: list[float], levels: list[float] | None = None) -> list[VoiceEvent]:
    return Onsets().feed(windows(probabilities, levels))


def test_one_clear_window_is_a_voice() -> None:
    assert events([0.0] * 5 + [0.9]) == [VoiceStarted(6 * SIZE, 5 * SIZE)]


def test_doubtful_windows_are_a_voice_together() -> None:
    assert events([0.0, 0.3, 0.3]) == []
    assert events([0.0, 0.34, 0.34]) == [VoiceStarted(3 * SIZE, SIZE)]


def test_doubt_does_not_outlast_silence() -> None:
    assert events([0.34, 0.0, 0.34, 0.0, 0.34, 0.0]) == []


def test_a_start_reaches_back_over_the_soft_beginning() -> None:
    soft = [BACKGROUND + 5] * 4
    started = events([0.0] * 8 + [0.05] * 4 + [0.9], [-90.0] * 8 + soft + [LOUD])
    assert started == [VoiceStarted(13 * SIZE, 8 * SIZE)]


def test_a_start_reaches_back_three_tenths_of_a_second_at_most() -> None:
    (started,) = events([0.05] * 40 + [0.9], [LOUD] * 41)
    assert isinstance(started, VoiceStarted)
    assert 0.25 * 16_000 < started.at - started.said_from <= 0.3 * 16_000


@pytest.mark.parametrize("gap", [1, 2])
def test_a_gap_between_words_is_no_pause(gap: int) -> None:
    assert len(events([0.9, 0.9] + [0.0] * gap + [0.9])) == 1


def test_a_pause_is_told_after_a_tenth_of_a_second_and_dated_back() -> None:
    said = events([0.9, 0.5, 0.36, 0.1, 0.1, 0.1, 0.1])
    assert said == [VoiceStarted(SIZE, 0), VoicePaused(6 * SIZE, 3 * SIZE)]


def test_other_people_in_the_background_are_no_voice() -> None:
    assert events([0.95] * 30, [BACKGROUND - 1] * 30) == []


def test_the_background_does_not_keep_a_voice_going() -> None:
    said = events([0.9] * 20, [LOUD] * 5 + [BACKGROUND - 8] * 15)
    assert said == [VoiceStarted(SIZE, 0), VoicePaused(8 * SIZE, 5 * SIZE)]


def test_it_can_be_asked_whether_somebody_speaks() -> None:
    onsets = Onsets()
    told = windows([0.0, 0.9, 0.0, 0.0, 0.0])
    assert [(onsets.feed([one]), onsets.speaking)[1] for one in told] == [False, True, True, True, False]


ANY = st.lists(st.tuples(st.floats(0, 1), st.floats(-120, 0), st.floats(-120, 0)), max_size=120)


@given(ANY, st.lists(st.integers(1, 20), max_size=40), st.floats(0.02, 1.0))
def test_starts_and_pauses_alternate_in_order_however_they_are_fed(
    told: list[tuple[float, float, float]], sizes: list[int], pause: float
) -> None:
    given_ = [Window(SIZE * number, *values) for number, values in enumerate(told, 1)]
    whole = Onsets(pause=pause).feed(given_)

    onsets, parts, start = Onsets(pause=pause), [], 0
    for size in [*sizes, len(given_)]:
        parts += onsets.feed(given_[start : start + size])
        start += size
    assert parts == whole

    kinds = [type(one) for one in whole]
    assert kinds == [VoiceStarted, VoicePaused] * (len(kinds) // 2) + [VoiceStarted] * (len(kinds) % 2)
    times = [
        time
        for one in whole
        for time in ((one.said_from, one.at) if isinstance(one, VoiceStarted) else (one.since, one.at))
    ]
    ends = [one.since for one in whole if isinstance(one, VoicePaused)]
    begins = [one.said_from for one in whole if isinstance(one, VoiceStarted)]
    assert all(time >= 0 for time in times)
    assert [one.at for one in whole] == sorted({one.at for one in whole})
    assert all(end <= begin for end, begin in zip(ends, begins[1:], strict=False))
    assert all(begin < end for begin, end in zip(begins, ends, strict=False))
    assert all(one.at - one.said_from <= 0.3 * 16_000 for one in whole if isinstance(one, VoiceStarted))
    assert all(a.at < b.at for a, b in itertools.pairwise(whole))
