"""A model with a voice of its own: its words go by rate."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from omni_agent.events import WordTime
from omni_agent.persona.length import seconds
from omni_agent.speech.pcm import Pcm
from omni_agent.speech.voices.own_voice import OwnVoice

RATE = 8_000
TEXT = "This is what the model says by itself. "


def tone(length: float) -> Pcm:
    return Pcm(np.full(round(length * RATE), 0.2, np.float32), RATE)


def test_words_come_at_a_steady_pace_until_the_text_is_out() -> None:
    own = OwnVoice()
    own.write(TEXT)
    words: list[WordTime] = []
    count = 0
    while len(words) < 8:
        span, found = own.next(tone(0.1))
        assert span[1] == (found[-1].end if found else span[0])
        words += found
        count += 1
        assert count < 100
    assert "".join(TEXT[word.start : word.end] for word in words) == TEXT.replace(" ", "")
    assert 0.5 * seconds(TEXT) < count * 0.1 < 1.2 * seconds(TEXT)


def test_silence_takes_no_words() -> None:
    own = OwnVoice()
    own.write(TEXT)
    assert own.next(Pcm.silence(5.0, RATE)) == ((0, 0), ())


def test_a_word_that_is_being_written_waits() -> None:
    own = OwnVoice()
    own.write("under")
    assert own.next(tone(2.0))[1] == ()
    own.write("standing is")
    _, words = own.next(tone(2.0))
    assert [(word.start, word.end) for word in words] == [(0, 13)]


@given(st.lists(st.one_of(st.text(max_size=12), st.floats(0.0, 1.5)), max_size=20))
def test_spans_and_words_are_in_order(steps: list[str | float]) -> None:
    own, text, spans = OwnVoice(), "", [(0, 0)]
    words: list[WordTime] = []
    for step in steps:
        if isinstance(step, str):
            own.write(step)
            text += step
            continue
        pcm = tone(step)
        span, found = own.next(pcm)
        spans.append(span)
        words += found
        edges = [edge for word in found for edge in (word.begin, word.until)]
        assert edges == sorted(edges)
        assert all(0 <= edge <= round(pcm.seconds * 1000) for edge in edges)
    assert all(one[1] == two[0] for one, two in pairwise(spans))
    assert all(one.end <= two.start for one, two in pairwise(words))
    assert spans[-1][1] <= len(text)
