"""How long the end of a turn is waited for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omni_agent.speech.turn_end.patience import (
    LONGEST,
    LONGEST_DICTATED,
    LONGEST_TURN,
    QUICKEST,
    Patience,
)
from omni_agent.speech.turn_end.unfinished import Hold

scores = st.floats(0.0, 1.0)
holds = st.sampled_from(list(Hold))
spoken = st.floats(0.0, LONGEST_TURN * 0.7)


@st.composite
def patiences(draw: st.DrawFn) -> Patience:
    """Patience after any history."""
    learnt = Patience()
    for lesson in draw(
        st.lists(st.one_of(st.floats(0.0, 20.0), st.sampled_from(["cut", "taken"])), max_size=30)
    ):
        if lesson == "cut":
            learnt = learnt.cut_off()
        elif lesson == "taken":
            learnt = learnt.taken()
        else:
            learnt = learnt.paused(float(lesson))
    return learnt


@given(patiences(), scores, holds, spoken)
def test_the_bounds_hold_whatever_was_learnt(learnt: Patience, score: float, hold: Hold, said: float) -> None:
    longest = LONGEST_DICTATED if hold.dictating else LONGEST
    assert QUICKEST <= learnt.wait(score, hold, said) <= longest


@given(patiences(), scores, scores, holds, spoken)
def test_a_higher_score_never_waits_longer(
    learnt: Patience, one: float, other: float, hold: Hold, said: float
) -> None:
    low, high = sorted((one, other))
    assert learnt.wait(high, hold, said) <= learnt.wait(low, hold, said)


@given(patiences(), scores, spoken)
def test_words_that_must_go_on_are_waited_for_and_dictation_longest(
    learnt: Patience, score: float, said: float
) -> None:
    whole, nothing, trailing, number = (
        learnt.wait(score, hold, said) for hold in (Hold.COMPLETE, Hold.NONE, Hold.TRAILING, Hold.NUMBER)
    )
    assert whole <= nothing <= LONGEST
    assert trailing >= 1.0
    assert number > trailing


def test_a_sure_end_is_taken_at_once_and_an_unsure_one_is_not() -> None:
    fresh = Patience()
    assert fresh.wait(0.97, Hold.NONE, 2.0) == QUICKEST
    assert fresh.wait(0.5, Hold.COMPLETE, 0.5) <= 0.3
    assert fresh.wait(0.1, Hold.NONE, 2.0) > 0.8


@given(patiences(), st.floats(0.0, 0.8), spoken)
def test_who_was_cut_off_is_given_more_time(learnt: Patience, score: float, said: float) -> None:
    wiser = learnt.cut_off()
    assert wiser.wait(score, Hold.NONE, said) >= learnt.wait(score, Hold.NONE, said)


@given(st.floats(0.8, 1.5), st.floats(0.1, 0.35))
def test_long_pauses_make_patient_and_short_ones_quick(long: float, short: float) -> None:
    slow = quick = Patience()
    for _ in range(10):
        slow, quick = slow.paused(long), quick.paused(short)
    usual = Patience().wait(0.2, Hold.NONE, 2.0)
    assert quick.wait(0.2, Hold.NONE, 2.0) < usual < slow.wait(0.2, Hold.NONE, 2.0)


def test_a_speaker_who_never_pauses_is_answered_sooner() -> None:
    learnt = Patience()
    for _ in range(30):
        learnt = learnt.taken()
    assert learnt.wait(0.2, Hold.NONE, 2.0) < Patience().wait(0.2, Hold.NONE, 2.0)


def test_it_forgets_slowly() -> None:
    learnt = Patience().cut_off().cut_off()
    before = learnt.wait(0.95, Hold.NONE, 2.0)
    assert before > QUICKEST + 0.2
    waits = []
    for _ in range(20):
        learnt = learnt.taken()
        waits.append(learnt.wait(0.95, Hold.NONE, 2.0))
    assert waits == sorted(waits, reverse=True)
    assert waits[0] > (before + QUICKEST) / 2
    assert waits[-1] < QUICKEST + 0.1


@pytest.mark.parametrize("hold", list(Hold))
def test_an_endless_turn_is_taken(hold: Hold) -> None:
    assert Patience().wait(0.0, hold, LONGEST_TURN) == 0.0
    late = [Patience().wait(0.0, hold, LONGEST_TURN * share) for share in (0.7, 0.8, 0.9, 0.99)]
    assert late == sorted(late, reverse=True)
    assert late[-1] == QUICKEST


@given(patiences(), scores, holds, spoken)
def test_the_same_history_gives_the_same_wait(
    learnt: Patience, score: float, hold: Hold, said: float
) -> None:
    again = Patience(learnt.pause, learnt.wary)
    assert again.wait(score, hold, said) == learnt.wait(score, hold, said)
