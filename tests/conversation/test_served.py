"""Live conversations whose turns a service tells."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from omni_agent import Agent, tool
from omni_agent.conversation import session as sessions
from omni_agent.errors import ModelUnavailable
from omni_agent.events import (
    ApprovalRequested,
    ErrorRaised,
    Interrupted,
    ToolFinished,
    Transcript,
    TurnEnded,
    UserStarted,
    UserStopped,
)
from omni_agent.models.base import Capabilities
from omni_agent.senses import Senses
from omni_agent.speech.hearing.onset import Onsets, VoicePaused, VoiceStarted
from omni_agent.speech.turn_end.service import Told, TurnOver
from omni_agent.testing import (
    FakeMicrophone,
    FakeSpeaker,
    LoopClock,
    SaidEars,
    SaidVoice,
    ScriptedActivity,
    ScriptedModel,
    ScriptedTurnEnd,
    Step,
    in_virtual_time,
    said,
)
from tests.conversation.talking import Talk, attended

RATE = 16_000
LOST = ModelUnavailable("the service is gone", remedy="ask again later")


class Detector:
    """A turn service that takes so many seconds of silence for the end of a turn; it tells no pause."""

    def __init__(self, silence: float = 1.0) -> None:
        self.silence = silence
        self.absent = False
        self.lost = asyncio.Event()
        self.heard = 0
        self._activity, self._onsets = ScriptedActivity(), Onsets()
        self._told: list[Told] = []
        self._speaking, self._last = False, 0

    async def open(self) -> None:
        if self.absent:
            raise LOST

    async def run(self) -> None:
        await self.lost.wait()
        if self._speaking:
            self._told.append(VoicePaused(self.heard, self.heard))
        raise LOST

    def hear(self, samples: NDArray[np.float32]) -> None:
        self.heard += len(samples)
        for window in self._activity.feed(samples):
            for event in self._onsets.feed([window]):
                if isinstance(event, VoiceStarted) and not self._speaking:
                    self._speaking = True
                    self._told.append(event)
            if window.probability:
                self._last = window.end
            elif self._speaking and window.end - self._last >= self.silence * RATE:
                self._speaking = False
                self._told += [VoicePaused(window.end, self._last), TurnOver(window.end)]

    def told(self) -> list[Told]:
        told, self._told = self._told, []
        return told

    async def close(self) -> None:
        pass


class ServedModel(ScriptedModel):
    """A model whose service tells turns."""

    def __init__(self, *steps: Step, service: Detector, senses: Senses) -> None:
        super().__init__(*steps, capabilities=Capabilities(tells_turns=True), senses=senses)
        self._service = service

    def turn_service(self) -> Detector:
        return self._service


@asynccontextmanager
async def served(
    *steps: Step, service: Detector, hands_free: bool = True, **rest: Any
) -> AsyncIterator[Talk]:
    clock = LoopClock()
    senses = Senses(ears=SaidEars(clock=clock, takes=0.1), voice=SaidVoice(clock=clock, takes=0.1))
    model = ServedModel(*steps, service=service, senses=senses)
    agent = Agent(model=model, memory=None, clock=clock, **rest)
    microphone, speaker = FakeMicrophone(clock=clock), FakeSpeaker(clock=clock)
    async with (
        agent,
        agent.session(speaker=speaker, hands_free=hands_free) as session,
        attended(Talk(agent, model, session, microphone, speaker)) as going,
    ):
        yield going


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What judges turns here, and a note of each use of it."""
    used: list[str] = []

    def activity() -> ScriptedActivity:
        used.append("activity")
        return ScriptedActivity()

    def turn_end() -> ScriptedTurnEnd:
        return ScriptedTurnEnd()

    monkeypatch.setattr(sessions, "VoiceActivity", activity)
    monkeypatch.setattr(sessions, "turn_end_at_hand", turn_end)
    return used


@in_virtual_time
async def test_the_service_ends_the_turn(here: list[str]) -> None:
    async with served(Step("what time", says="It is noon."), service=Detector(1.0)) as going:
        end = going.microphone.say(said("what time is it"))
        await asyncio.sleep(end + 0.9)
        assert not going.of(UserStopped)
        await asyncio.sleep(0.3)
        assert len(going.of(UserStopped)) == 1
        await asyncio.sleep(4)
    assert [e.text for e in going.of(Transcript)] == ["what time is it"]
    assert going.words() == "It is noon."
    assert going.session.wasted.abandoned == 0
    assert not here


@in_virtual_time
async def test_a_pause_that_the_service_waits_for_ends_nothing() -> None:
    async with served(Step("tomorrow", says="Noted."), service=Detector(2.5)) as going:
        end = going.microphone.say(said("please remind me to"))
        going.microphone.say(said("call Anna tomorrow"), at=end + 2.2)
        await asyncio.sleep(12)
    assert [e.text for e in going.of(Transcript)] == ["please remind me to call Anna tomorrow"]
    assert len(going.of(UserStarted)) == len(going.of(UserStopped)) == 1
    assert going.words() == "Noted."


@in_virtual_time
async def test_a_voice_over_the_reply_cuts_it() -> None:
    story = "Once upon a time there was a king who had three daughters and a very old cat."
    steps = (Step("story", says=story), Step("stop that", says="Of course."))
    async with served(*steps, service=Detector(0.8)) as going:
        going.microphone.say(said("tell me a story"))
        await asyncio.sleep(5)
        going.microphone.say(said("no please stop that now"))
        await asyncio.sleep(6)
    first, second = going.of(TurnEnded)
    assert first.status == "interrupted"
    assert story.startswith(first.heard_text)
    assert 0 < len(first.heard_text) < len(story)
    assert second.heard_text == "Of course."
    assert [e.text for e in going.of(Transcript)] == ["tell me a story", "no please stop that now"]


@in_virtual_time
async def test_a_question_that_needs_an_answer_is_heard_out() -> None:
    @tool(effect="irreversible")
    def delete_everything() -> str:
        """Delete everything."""
        return "gone"

    steps = (Step("delete", calls={"delete_everything": {}}), Step(says="It is gone."))
    async with served(*steps, service=Detector(0.8), tools=[delete_everything]) as going:
        going.microphone.say(said("please delete everything now"))
        await asyncio.sleep(4.5)
        assert going.of(ApprovalRequested)
        going.microphone.say(said("yes"))
        await asyncio.sleep(12)
    assert not going.of(Interrupted)
    assert [e.status for e in going.of(ToolFinished)] == ["done"]


@in_virtual_time
async def test_a_service_that_cannot_be_had_is_done_without(here: list[str]) -> None:
    service = Detector()
    service.absent = True
    async with served(Step("what time", says="It is noon."), service=service) as going:
        going.microphone.say(said("what time is it"))
        await asyncio.sleep(5)
    (note,) = going.of(ErrorRaised)
    assert note.severity == "note"
    assert "the service is gone" in note.message
    assert going.words() == "It is noon."
    assert here == ["activity"]
    assert not service.heard


@in_virtual_time
async def test_a_service_that_is_lost_in_mid_sentence_costs_no_word(here: list[str]) -> None:
    service = Detector()
    steps = (Step("train", says="At nine."), Step("thanks", says="You are welcome."))
    async with served(*steps, service=service) as going:
        end = going.microphone.say(said("when does the first train to Hamburg leave tomorrow"))
        await asyncio.sleep(end / 2)
        service.lost.set()
        await asyncio.sleep(6)
        going.microphone.say(said("thanks a lot"))
        await asyncio.sleep(6)
    (note,) = going.of(ErrorRaised)
    assert note.severity == "note"
    assert [e.text for e in going.of(Transcript)] == [
        "when does the first train to Hamburg leave tomorrow",
        "thanks a lot",
    ]
    assert going.words() == "At nine. You are welcome."
    assert here == ["activity"]


@in_virtual_time
async def test_where_a_key_ends_the_turn_no_service_hears_the_user(here: list[str]) -> None:
    service = Detector()
    async with served(Step("one two", says="Three."), service=service, hands_free=False) as going:
        going.session.press()
        going.microphone.say(said("one two"))
        await asyncio.sleep(2)
        going.session.release()
        await asyncio.sleep(3)
    assert going.words() == "Three."
    assert not service.heard
