"""Of a model's own sound, that of the words which are kept."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from omni_agent.speech.pcm import Pcm
from omni_agent.speech.voices.kept_sound import KeptSound

RATE = 8_000
KEPT = "This is kept of what the model says by itself."
REST = " This is what lies behind the limit of the persona."


def tone(length: float) -> Pcm:
    return Pcm(np.full(round(length * RATE), 0.2, np.float32), RATE)


def seconds(sounds: list[Pcm]) -> float:
    return sum(sound.seconds for sound in sounds)


def test_without_a_limit_all_sound_passes_at_once() -> None:
    own = KeptSound()
    own.write(KEPT, KEPT)
    assert seconds(own.take(tone(60))) == 60
    assert own.finish(ended=True) == []


def test_while_words_are_held_back_only_sound_of_the_others_passes() -> None:
    own = KeptSound()
    own.write(KEPT + REST, KEPT)
    before = seconds(own.take(tone(20)))
    assert 1 < before < 4
    assert abs(before + seconds(own.write("", REST)) - 20) < 1e-3


def test_nothing_is_heard_where_nothing_was_kept() -> None:
    own = KeptSound()
    own.cut = True
    own.write(REST, "")
    assert own.take(tone(3)) == []
    assert own.finish(ended=True) == []


@given(st.lists(st.floats(0.01, 1.5), min_size=4, max_size=20))
def test_of_a_cut_answer_the_share_of_its_words_is_heard_however_it_is_cut_up(lengths: list[float]) -> None:
    own = KeptSound()
    own.cut = True
    own.write(KEPT + REST, KEPT)
    heard = sum(seconds(own.take(tone(length))) for length in lengths)
    total = sum(round(length * RATE) for length in lengths) / RATE
    heard += seconds(own.finish(ended=True))
    share = 0.479 * total
    # Short sound was let through before anybody knew that it would be so short.
    assert abs(heard - share) < 0.02 * total + 0.01 or share < heard <= min(total, 3.0) + 0.01


def test_it_ends_at_a_pause_that_is_near() -> None:
    own = KeptSound()
    own.cut = True
    own.write(KEPT + REST, KEPT)
    heard = seconds(own.take(tone(3.1)) + own.take(Pcm.silence(0.3, RATE)) + own.take(tone(2.9)))
    assert abs(heard + seconds(own.finish(ended=True)) - 3.1) < 0.03
