"""For your tests: a model that follows a script, senses without files, devices without a sound card, and time
that you turn or that passes by itself in no time.

    with ScriptedModel(Step("pasta", calls={"set_timer": {"minutes": 10}}), Step(says="Done.")) as model:
        agent = Agent(model=model, memory=None, tools=[set_timer])
        reply = await agent.ask("ten minutes for the pasta")

A request that no step expects fails, and so does a step that no request used up.
"""

from __future__ import annotations

from .clock import VirtualClock
from .devices import FakeMicrophone, FakeSpeaker, Flush
from .ids import counted
from .said import noise, said, words_in
from .script import ScriptedModel, ScriptError, Step, UnconsumedSteps, UnexpectedRequest
from .senses import SaidEars, SaidVoice, ScriptedEars, ScriptedEyes, ToneVoice
from .turn_taking import ScriptedActivity, ScriptedTurnEnd
from .virtual_time import LoopClock, in_virtual_time, run_virtually
from .waiting import VirtualTimeError

__all__ = [
    "FakeMicrophone",
    "FakeSpeaker",
    "Flush",
    "LoopClock",
    "SaidEars",
    "SaidVoice",
    "ScriptError",
    "ScriptedActivity",
    "ScriptedEars",
    "ScriptedEyes",
    "ScriptedModel",
    "ScriptedTurnEnd",
    "Step",
    "ToneVoice",
    "UnconsumedSteps",
    "UnexpectedRequest",
    "VirtualClock",
    "VirtualTimeError",
    "counted",
    "in_virtual_time",
    "noise",
    "run_virtually",
    "said",
    "words_in",
]
