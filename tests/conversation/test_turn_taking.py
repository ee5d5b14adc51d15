"""Turn-taking over random histories: one reply at a time, every start has its end, no reply after its end."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omni_agent.conversation import turn_effects as do
from omni_agent.conversation import turn_events as happened
from omni_agent.conversation.turn_taking import (
    LONGEST_PAUSE,
    LONGEST_TURN,
    Floor,
    IllegalEvent,
    TurnTaking,
    step,
)
from omni_agent.speech.barge_in.interruption import Verdict

Steps = list[tuple[TurnTaking, happened.Event, tuple[do.Effect, ...]]]


def play(state: TurnTaking, *events: happened.Event) -> tuple[TurnTaking, list[do.Effect]]:
    done: list[do.Effect] = []
    for event in events:
        state, effects = step(state, event)
        done += effects
    return state, done


KINDS = (
    "voice",
    "voice",
    "judged pause",
    "judged voice",
    "judged voice",
    "sounding",
    "ended",
    "given",
    "stopped",
    "pressed",
    "released",
    "woken",
)


def _event(kind: str, state: TurnTaking, at: float, data: st.DataObject) -> happened.Event:
    generation = max(0, state.generation - data.draw(st.sampled_from((0, 0, 0, 1)), label="stale"))
    if kind == "voice":
        if state.voice:
            return happened.VoicePaused(at, at - 0.1)
        return happened.VoiceStarted(at, at - data.draw(st.floats(0, 0.3)))
    if kind == "judged pause":
        return happened.PauseJudged(at, generation, data.draw(st.floats(0.2, 3.0)))
    if kind == "judged voice":
        verdict, owed = data.draw(st.sampled_from(Verdict)), data.draw(st.booleans(), label="owed")
        return happened.VoiceJudged(at, verdict, at - 0.5, at - 0.1, owed)
    if kind in ("sounding", "ended"):
        return (happened.Sounding if kind == "sounding" else happened.ReplyEnded)(at, generation)
    return SIMPLE[kind](at)


SIMPLE = {
    "given": happened.Given,
    "stopped": happened.Stopped,
    "pressed": happened.Pressed,
    "released": happened.Released,
    "woken": happened.Woken,
}


@st.composite
def histories(draw: st.DrawFn) -> Steps:
    state = TurnTaking(
        hands_free=draw(st.booleans(), label="hands free"), idle=draw(st.sampled_from((math.inf, 5.0)))
    )
    data = draw(st.data())
    at, steps = 0.0, list[tuple[TurnTaking, happened.Event, tuple[do.Effect, ...]]]()
    for kind in draw(st.lists(st.sampled_from(KINDS), max_size=60)):
        at += draw(st.floats(0.01, 2.5))
        event = _event(kind, state, at, data)
        state, effects = step(state, event)
        steps.append((state, event, effects))
    return steps


@given(histories())
def test_a_reply_is_begun_once_and_ended_before_the_next(steps: Steps) -> None:
    open_reply, taken, begun = None, False, set[int]()
    for state, event, effects in steps:
        ended = isinstance(event, happened.ReplyEnded) and event.generation == open_reply
        if ended and state.floor in (Floor.OPEN, Floor.USER, Floor.PAUSE):
            open_reply, taken = None, False
        for effect in effects:
            match effect:
                case do.Begin(generation=number):
                    assert open_reply is None
                    assert number not in begun
                    begun.add(number)
                    open_reply, taken = number, False
                case do.Take(generation=number):
                    assert number == open_reply
                    assert not taken
                    taken = True
                case do.Abandon(generation=number):
                    assert number == open_reply
                    assert not taken
                    open_reply = None
                case do.Cut(generation=number):
                    assert number == open_reply
                    assert taken
                    open_reply = None
                case _:
                    pass
        assert (open_reply is not None) == (state.floor in (Floor.PAUSE, Floor.AGENT, Floor.HELD))


@given(histories())
def test_what_is_held_is_resumed_or_cut(steps: Steps) -> None:
    held = False
    for state, _, effects in steps:
        for effect in effects:
            if isinstance(effect, do.Hold):
                assert not held
                held = True
            elif isinstance(effect, do.Resume):
                assert held
                held = False
            elif isinstance(effect, do.Cut):
                held = False
        if state.floor is not Floor.HELD:
            held = False if state.floor is Floor.OPEN else held
        assert held == (state.floor is Floor.HELD)


@given(histories())
def test_whoever_waits_is_woken(steps: Steps) -> None:
    alarm = math.inf
    for state, _, effects in steps:
        for effect in effects:
            if isinstance(effect, do.Wake):
                alarm = effect.at
        if state.floor in (Floor.PAUSE, Floor.HELD, Floor.USER):
            assert alarm < math.inf


@given(st.sampled_from(list(Floor)), st.booleans())
def test_a_voice_that_sounds_cannot_begin_nor_one_that_does_not_pause(floor: Floor, voice: bool) -> None:
    state = TurnTaking(floor=floor, voice=voice)
    impossible = happened.VoiceStarted(1, 1) if voice else happened.VoicePaused(1, 1)
    with pytest.raises(IllegalEvent):
        step(state, impossible)


def test_going_on_in_a_pause_throws_the_reply_away() -> None:
    state, done = play(
        TurnTaking(),
        happened.VoiceStarted(1.1, 1.0),
        happened.VoicePaused(2.1, 2.0),
        happened.PauseJudged(2.2, 1, 0.8),
        happened.VoiceStarted(2.6, 2.5),
    )
    assert state.floor is Floor.USER
    assert do.Abandon(1, 0.5) in done
    assert not any(isinstance(effect, do.Take) for effect in done)


def test_silence_takes_the_turn_even_if_nobody_judges_it() -> None:
    state, _ = play(TurnTaking(), happened.VoiceStarted(1, 1), happened.VoicePaused(2.1, 2.0))
    assert state.deadline == 2.0 + LONGEST_PAUSE
    state, done = play(state, happened.Woken(state.deadline))
    assert (state.floor, done) == (Floor.AGENT, [do.Take(1)])


def test_who_does_not_stop_loses_the_floor() -> None:
    state, done = play(TurnTaking(), happened.VoiceStarted(1, 1), happened.Woken(1 + LONGEST_TURN))
    assert state.floor is Floor.AGENT
    assert [type(effect) for effect in done[-2:]] == [do.Begin, do.Take]


def _agent_speaks() -> TurnTaking:
    state, _ = play(TurnTaking(), happened.Given(1), happened.Sounding(2, 1))
    return state


def test_an_interruption_gives_the_user_the_floor() -> None:
    state, done = play(
        _agent_speaks(),
        happened.VoiceStarted(3.1, 3.0),
        happened.VoiceJudged(3.15, Verdict.HOLD, 3.0, 3.15),
        happened.VoiceJudged(3.6, Verdict.CUT, 3.0, 3.6),
    )
    assert state.floor is Floor.USER
    assert do.Hold() in done
    assert do.Cut(1) in done
    assert do.Listen(3.0) in done


def test_a_nod_leaves_it_to_the_agent() -> None:
    state, done = play(
        _agent_speaks(),
        happened.VoiceStarted(3.1, 3.0),
        happened.VoiceJudged(3.15, Verdict.HOLD, 3.0, 3.15),
        happened.VoicePaused(3.5, 3.4),
        happened.VoiceJudged(3.7, Verdict.GO_ON, 3.0, 3.4),
    )
    assert state.floor is Floor.AGENT
    assert done[-1] == do.Resume()


def test_who_goes_on_before_the_reply_is_heard_goes_on_with_the_turn() -> None:
    state, _ = play(
        TurnTaking(),
        happened.VoiceStarted(1, 1),
        happened.VoicePaused(2.1, 2.0),
        happened.PauseJudged(2.2, 1, 0.3),
        happened.Woken(2.3),
    )
    judged = happened.VoiceJudged(2.7, Verdict.CUT, 2.5, 2.7)
    state, done = play(state, happened.VoiceStarted(2.6, 2.5), judged)
    assert state.floor is Floor.USER
    assert do.Cut(1, early=True) in done
    assert do.Listen(2.5, again=True) in done


def test_words_over_what_may_not_be_interrupted_are_answered_after_it() -> None:
    state, done = play(
        _agent_speaks(),
        happened.VoiceStarted(3.1, 3.0),
        happened.VoicePaused(3.5, 3.4),
        happened.VoiceJudged(3.5, Verdict.GO_ON, 3.0, 3.4, owed=True),
        happened.ReplyEnded(6, 1),
    )
    assert state.floor is Floor.PAUSE
    assert do.Listen(3.0) in done
    assert do.Begin(2, 6) in done


def test_silence_is_told_less_and_less_often() -> None:
    state, _ = play(TurnTaking(idle=5.0), happened.Given(1), happened.ReplyEnded(2, 1))
    told = []
    for _ in range(3):
        state, done = play(state, happened.Woken(state.deadline))
        told += [effect.seconds for effect in done if isinstance(effect, do.TellIdle)]
    assert told == [5.0, 10.0, 20.0]
