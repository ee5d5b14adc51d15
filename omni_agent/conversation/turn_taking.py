"""Who has the floor: one pure function from a state and an event to the next state and what is to be done.

    OPEN ──voice──> USER ──pause──> PAUSE ──silence──> AGENT ──reply ended──> OPEN
                      ^               │                 │  ^
                      └────voice──────┘            hold │  │ resume
                      ^                                 v  │
                      └───────────cut────────────────── HELD

Nothing here waits, hears or speaks: the session carries the effects out and tells what came of them. Times
are readings of its clock, in seconds. What comes too late (a verdict on a voice that has the floor, the end
of a reply that was cut) changes nothing; what cannot be (a pause of a voice that never began) is refused.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, TypeAlias

from ..speech.barge_in.interruption import Verdict
from .turn_effects import Abandon, Begin, Cut, Effect, Hold, Ignore, Listen, Resume, Take, TellIdle, Wake
from .turn_events import (
    Event,
    Given,
    PauseJudged,
    Pressed,
    Released,
    ReplyEnded,
    Sounding,
    Stopped,
    VoiceJudged,
    VoicePaused,
    VoiceStarted,
    Woken,
)

LONGEST_TURN = 60.0
"""Seconds after which the floor is taken from who does not stop; what is said on is the next turn."""

LONGEST_PAUSE = 2.0
"""Seconds of silence after which a turn is over even if nobody could judge the pause."""

LONGEST_HOLD = 2.0
"""Seconds that the agent waits for a voice to show what it wants."""

JUST_TAKEN = 0.5
"""Seconds after the end of a turn in which going on means that it was taken too early."""


class Floor(Enum):
    """Whose turn it is."""

    OPEN = "open"
    USER = "user"
    PAUSE = "pause"
    AGENT = "agent"
    HELD = "held"


class IllegalEvent(ValueError):
    """An event that cannot happen in this state: a defect of whoever sent it."""


@dataclass(frozen=True, slots=True)
class TurnTaking:
    """The state.

    Attributes:
        floor: Whose turn it is.
        generation: Number of the last reply that was begun; work for older ones is stale.
        voice: The user's voice sounds.
        began: When the user's utterance began; of a voice over the agent's, one that is held or owed for.
        since: When the floor was left open, or the user's voice was last heard.
        taken: When the turn was taken.
        deadline: When the silence has lasted long enough.
        sounding: Something of the reply has been heard.
        owed: Words were said over speech that may not be interrupted; they are a turn when it ends.
        hands_free: The voice takes the floor by itself; else a key does.
        idle: Seconds of an open floor until it is told, which doubles each time; infinite for never.
    """

    floor: Floor = Floor.OPEN
    generation: int = 0
    voice: bool = False
    began: float = 0.0
    since: float = 0.0
    taken: float = 0.0
    deadline: float = math.inf
    sounding: bool = False
    owed: bool = False
    hands_free: bool = True
    idle: float = math.inf


Step: TypeAlias = tuple[TurnTaking, tuple[Effect, ...]]


def step(state: TurnTaking, event: Event) -> Step:
    """The next state, and what is to be done, in this order.

    Raises:
        IllegalEvent: The event cannot happen in this state.
    """
    return _RULES[type(event)](state, event)


def begun(state: TurnTaking, at: float) -> Step:
    """The beginning: nobody speaks."""
    return _open(state, at)


def _voice_started(state: TurnTaking, event: VoiceStarted) -> Step:
    if state.voice:
        raise IllegalEvent("a voice that sounds cannot begin")
    heard = replace(state, voice=True)
    if not state.hands_free:
        return heard, ()
    match state.floor:
        case Floor.OPEN:
            return _user(heard, event.said_from, Listen(event.said_from))
        case Floor.PAUSE:
            paused = max(0.0, event.said_from - state.since)
            return _user(heard, state.began, Abandon(state.generation, paused))
        case _:
            # Over the agent's voice it is judged first.
            return heard, ()


def _voice_paused(state: TurnTaking, event: VoicePaused) -> Step:
    if not state.voice:
        raise IllegalEvent("a voice that does not sound cannot pause")
    quiet = replace(state, voice=False)
    if not state.hands_free:
        return quiet, ()
    if state.floor is Floor.USER:
        return _pause(quiet, event.at, event.since)
    return quiet, ()


def _pause_judged(state: TurnTaking, event: PauseJudged) -> Step:
    if state.floor is not Floor.PAUSE or event.generation != state.generation:
        return state, ()
    deadline = max(event.at, state.since + event.wait)
    return replace(state, deadline=deadline), (Wake(deadline),)


def _voice_judged(state: TurnTaking, event: VoiceJudged) -> Step:
    if state.floor not in (Floor.AGENT, Floor.HELD):
        return state, ()
    match event.verdict:
        case Verdict.CUT:
            return _interrupted(state, event)
        case Verdict.HOLD if state.floor is Floor.AGENT:
            deadline = event.at + LONGEST_HOLD
            held = replace(state, floor=Floor.HELD, deadline=deadline, began=event.began, since=event.last)
            return held, (Hold(), Wake(deadline))
        case Verdict.GO_ON:
            going = replace(state, floor=Floor.AGENT)
            if event.owed:
                began = state.began if state.owed else event.began
                going = replace(going, owed=True, began=began, since=event.last)
            return going, (Resume(),) if state.floor is Floor.HELD else ()
        case _:
            return state, ()


def _sounding(state: TurnTaking, event: Sounding) -> Step:
    mine = event.generation == state.generation and state.floor in (Floor.AGENT, Floor.HELD)
    return replace(state, sounding=state.sounding or mine), ()


def _reply_ended(state: TurnTaking, event: ReplyEnded) -> Step:
    if event.generation != state.generation or state.floor in (Floor.OPEN, Floor.USER):
        return state, ()
    if state.floor is Floor.PAUSE:
        # Nothing was said after all.
        opened, effects = _open(state, event.at)
        return opened, (Ignore(), *effects)
    if state.voice and state.hands_free:
        began = state.began if state.owed else event.at
        return _user(state, began, Listen(began))
    if state.owed:
        paused, effects = _pause(state, event.at, state.since)
        return paused, (Listen(state.began), *effects)
    return _open(state, event.at)


def _given(state: TurnTaking, event: Given) -> Step:
    """What is written while the user speaks goes with the utterance."""
    ended: tuple[Effect, ...] = ()
    match state.floor:
        case Floor.USER:
            return state, ()
        case Floor.PAUSE:
            ended = (Abandon(state.generation, 0.0),)
        case Floor.AGENT | Floor.HELD:
            ended = (Cut(state.generation),)
    return _taken(state, event.at, *ended)


def _stopped(state: TurnTaking, event: Stopped) -> Step:
    if state.floor not in (Floor.AGENT, Floor.HELD):
        return state, ()
    cut = Cut(state.generation)
    if state.voice and state.hands_free:
        return _user(state, event.at, cut, Listen(event.at))
    opened, effects = _open(state, event.at)
    return opened, (cut, *effects)


def _pressed(state: TurnTaking, event: Pressed) -> Step:
    if state.floor is Floor.USER:
        return state, ()
    ended: tuple[Effect, ...] = ()
    if state.floor in (Floor.AGENT, Floor.HELD):
        ended = (Cut(state.generation),)
    elif state.floor is Floor.PAUSE:
        return _user(state, state.began, Abandon(state.generation, 0.0))
    return _user(state, event.at, *ended, Listen(event.at))


def _released(state: TurnTaking, event: Released) -> Step:
    if state.floor is not Floor.USER:
        return state, ()
    return _taken(state, event.at)


def _woken(state: TurnTaking, event: Woken) -> Step:
    if event.at < state.deadline:
        return state, ()
    match state.floor:
        case Floor.PAUSE:
            return _agents(state, event.at), (Take(state.generation),)
        case Floor.USER:
            # A voice that goes on is one over the agent's.
            return _taken(state, event.at)
        case Floor.OPEN:
            quiet = event.at - state.since
            deadline = state.since + 2 * quiet
            return replace(state, deadline=deadline), (TellIdle(quiet), Wake(deadline))
        case Floor.HELD if state.voice:
            return _interrupted(state, VoiceJudged(event.at, Verdict.CUT, state.began, event.at))
        case Floor.HELD:
            return replace(state, floor=Floor.AGENT), (Resume(),)
        case _:
            return state, ()


def _user(state: TurnTaking, began: float, *effects: Effect) -> Step:
    """The user has the floor."""
    deadline = began + LONGEST_TURN
    taken = replace(state, floor=Floor.USER, began=began, deadline=deadline, sounding=False, owed=False)
    return taken, (*effects, Wake(deadline))


def _pause(state: TurnTaking, at: float, since: float) -> Step:
    """The user may have done: a reply is begun, and waits."""
    deadline = max(at, since + LONGEST_PAUSE)
    generation = state.generation + 1
    paused = replace(
        state,
        floor=Floor.PAUSE,
        generation=generation,
        since=since,
        deadline=deadline,
        sounding=False,
        owed=False,
    )
    return paused, (Begin(generation, at), Wake(deadline))


def _taken(state: TurnTaking, at: float, *effects: Effect) -> Step:
    """The agent has the floor, with a reply that is begun just now."""
    generation = state.generation + 1
    taken = _agents(replace(state, generation=generation), at)
    return taken, (*effects, Begin(generation, at), Take(generation))


def _agents(state: TurnTaking, at: float) -> TurnTaking:
    return replace(state, floor=Floor.AGENT, taken=at, deadline=math.inf, sounding=False, owed=False)


def _interrupted(state: TurnTaking, event: VoiceJudged) -> Step:
    """The user wanted the floor and gets it; who goes on before anything was heard goes on with his turn."""
    again = not state.sounding
    cut = Cut(state.generation, early=again and event.began - state.taken <= JUST_TAKEN)
    listen = Listen(event.began, again)
    if state.voice:
        return _user(state, event.began, cut, listen)
    paused, effects = _pause(replace(state, began=event.began), event.at, event.last)
    return paused, (cut, listen, *effects)


def _open(state: TurnTaking, at: float) -> Step:
    deadline = at + state.idle
    opened = replace(state, floor=Floor.OPEN, since=at, deadline=deadline, sounding=False, owed=False)
    return opened, ((Wake(deadline),) if math.isfinite(deadline) else ())


_RULES: dict[type, Callable[[TurnTaking, Any], Step]] = {
    VoiceStarted: _voice_started,
    VoicePaused: _voice_paused,
    PauseJudged: _pause_judged,
    VoiceJudged: _voice_judged,
    Sounding: _sounding,
    ReplyEnded: _reply_ended,
    Given: _given,
    Stopped: _stopped,
    Pressed: _pressed,
    Released: _released,
    Woken: _woken,
}
