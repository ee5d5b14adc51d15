"""Clauses follow each other with the right pauses and without a click."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from omni_agent.speech.pcm import Pcm
from omni_agent.speech.voices.joins import (
    COMMA_PAUSE,
    FADE_SECONDS,
    SENTENCE_PAUSE,
    Joins,
    faded,
    pause_after,
)
from omni_agent.speech.voices.sounding import stretches

RATE = 16_000


def clause(before: float, sounding: float, after: float) -> Pcm:
    tone = 0.3 * np.sin(np.arange(round(sounding * RATE)) * 0.1)
    edges = [np.zeros(round(seconds * RATE)) for seconds in (before, after)]
    return Pcm(np.concatenate([edges[0], tone, edges[1]]).astype(np.float32), RATE)


@pytest.mark.parametrize(
    ("text", "pause"),
    [
        ("It is late.", SENTENCE_PAUSE),
        ("Is it?”", SENTENCE_PAUSE),
        ("下雨。", SENTENCE_PAUSE),
        ("First,", COMMA_PAUSE),
        ("今天，", COMMA_PAUSE),
    ],
)
def test_the_mark_says_how_long_the_pause_is(text: str, pause: float) -> None:
    assert pause_after(text) == pause
    assert pause_after(text, 2.0) == pause / 2


def test_a_clause_cut_between_words_hardly_pauses() -> None:
    assert pause_after("and then we went") < COMMA_PAUSE / 2


@pytest.mark.parametrize("around", [(0.0, 0.0), (0.03, 0.12), (0.2, 0.9), (0.6, 0.0)])
@pytest.mark.parametrize("text", ["One sentence.", "one comma,", "some words"])
def test_the_pause_is_the_same_whatever_silence_the_voice_leaves(
    around: tuple[float, float], text: str
) -> None:
    joins = Joins()
    pieces = [joins.next(clause(around[0], 0.5, around[1]), text)[0] for _ in range(3)]
    whole = Pcm.joined(pieces, RATE)
    spans = stretches(whole.samples, RATE)
    if pause_after(text) < 0.08:
        assert len(spans) == 1
        assert whole.seconds == pytest.approx(1.5 + 3 * pause_after(text), abs=0.06)
        return
    assert [two[0] - one[1] for one, two in pairwise(spans)] == [
        pytest.approx(pause_after(text), abs=0.015)
    ] * 2
    assert spans[0][0] <= 0.03


def test_it_says_how_much_later_everything_is() -> None:
    joins = Joins()
    for text, pcm in (("One.", clause(0.2, 0.5, 0.3)), ("Two.", clause(0.1, 0.5, 0.0))):
        joined, later = joins.next(pcm, text)
        before, after = stretches(pcm.samples, RATE), stretches(joined.samples, RATE)
        assert after[0][0] - before[0][0] == pytest.approx(later, abs=0.011)


def test_silence_passes() -> None:
    assert Joins().next(Pcm.silence(0.4, RATE), "…")[0].seconds == pytest.approx(0.4)


def test_there_is_no_step_at_a_join() -> None:
    joins = Joins()
    pieces = [joins.next(clause(0.0, 0.5, 0.0), "words") for _ in range(3)]
    samples = Pcm.joined([piece for piece, _ in pieces], RATE).samples
    assert float(np.abs(np.diff(samples)).max()) < 0.05


@given(st.integers(0, 2000))
def test_a_cut_fades_out(count: int) -> None:
    tail = faded(Pcm(np.full(count, 0.5, np.float32), RATE))
    assert len(tail.samples) == min(count, round(FADE_SECONDS * RATE))
    assert float(np.abs(np.diff(np.append(tail.samples, 0.0))).max(initial=0.0)) < (
        0.51 if count < 40 else 0.03
    )
    assert 0.005 <= FADE_SECONDS <= 0.01
