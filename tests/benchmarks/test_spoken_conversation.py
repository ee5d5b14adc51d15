"""The spoken conversation's script, the judgement of its turns, and its user's side in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.peers.trace import Trace
from benchmarks.spoken_conversation import SCRIPT, Conversation, Measured, Talk, figures, met, script
from benchmarks.spoken_talk import Partner
from benchmarks.spoken_turns import HeardTurn, Line, answered, heard_lines, verdict
from benchmarks.voice_latency_requests import RATE, SpokenRequest, in_room
from omni_agent import Agent
from omni_agent.models.base import Capabilities
from omni_agent.senses import Senses
from omni_agent.speech.pcm import Pcm
from omni_agent.testing import (
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

LINES = script(SCRIPT)


def turn(line: int, transcript: str = "", reply: str = "Well.", status: str = "done") -> HeardTurn:
    return HeardTurn(line, transcript or LINES[line].says, reply, status)


def clean(count: int) -> list[HeardTurn]:
    return [turn(number, reply=f"Reply {'x' * number}.") for number in range(count)]


def test_the_script_is_a_conversation_of_thirty_lines() -> None:
    assert len(LINES) == 30
    assert len({line.says for line in LINES}) == 30
    assert sum(line.cuts for line in LINES) == 3
    assert not any(line.cuts or line.long or line.result for line in (*LINES[2:5], *LINES[-3:]))
    assert sum(bool(line.answer) for line in LINES) == 3


def test_the_first_lines_alone_are_a_script_too() -> None:
    assert script(SCRIPT, 4) == LINES[:4]


def test_nothing_can_be_cut_that_is_not_long(tmp_path: Path) -> None:
    path = tmp_path / "lines.toml"
    path.write_text('[[lines]]\nsays = "Hello."\n[[lines]]\nsays = "Stop."\ncuts = true\n', "utf-8")
    with pytest.raises(ValueError, match=r"Stop\."):
        script(path)


@given(st.integers(1, 30))
def test_a_conversation_without_faults_has_none(count: int) -> None:
    judged = verdict(LINES[:count], clean(count))
    assert not judged.lost
    assert not judged.crossed
    assert sorted(judged.turns) == list(range(count))


@given(st.integers(0, 29), st.integers(0, 12))
def test_a_line_is_told_by_what_is_left_of_it(number: int, seed: int) -> None:
    """A word that was misheard changes nothing."""
    words = LINES[number].says.split()
    words[seed % len(words)] = "wurble"
    assert heard_lines(" ".join(words), LINES, 29)[0] == number


def test_numbers_are_the_same_in_words_and_digits() -> None:
    assert heard_lines("I have a dog called biscuit and he is 6 years old", LINES, 2) == [2]


def test_a_line_without_a_turn_is_lost() -> None:
    turns = clean(5)
    del turns[2]
    judged = verdict(LINES[:5], turns)
    assert judged.lost == [2]
    assert not judged.crossed


@pytest.mark.parametrize(("reply", "status"), [("", "done"), ("Well.", "failed"), ("Well.", "")])
def test_a_line_without_a_reply_is_lost(reply: str, status: str) -> None:
    judged = verdict(LINES[:2], [turn(0), turn(1, reply=reply, status=status)])
    assert judged.lost == [1]


def test_a_turn_of_two_lines_is_crossed_and_none_of_them_lost() -> None:
    both = f"{LINES[0].says} {LINES[1].says}"
    judged = verdict(LINES[:2], [turn(1, both)])
    assert not judged.lost
    assert len(judged.crossed) == 1
    assert "1, 2 in one turn" in judged.crossed[0]


def test_a_line_in_two_turns_is_crossed() -> None:
    pieces = [turn(0, "Hello there, my name is Martin"), turn(0, "and I live in Bergen.")]
    judged = verdict(LINES[:1], pieces)
    assert judged.crossed == ["line 1 in 2 turns"]


def test_a_turn_of_no_line_is_crossed() -> None:
    judged = verdict(LINES[:2], [*clean(2), turn(1, "Thanks for watching!")])
    assert len(judged.crossed) == 1
    assert "no line" in judged.crossed[0]


def test_a_turn_that_comes_a_line_late_is_crossed() -> None:
    judged = verdict(LINES[:3], [turn(0), turn(2, LINES[1].says), turn(2)])
    assert len(judged.crossed) == 1
    assert "line 2 in the time of line 3" in judged.crossed[0]


def test_a_reply_to_another_line_is_crossed() -> None:
    turns = clean(7)
    turns[5].said = "I am glad that you like tomatoes."
    turns[6].said = "That is 391."
    judged = verdict(LINES[:7], turns)
    assert len(judged.crossed) == 1
    assert "line 7 is one to line 6" in judged.crossed[0]
    assert answered(LINES[:7], judged) == (0, 2)
    turns[5].said, turns[6].said = "That is 391.", "It is sunny and 27 degrees, warmer than 391."
    judged = verdict(LINES[:7], turns)
    assert not judged.crossed
    assert answered(LINES[:7], judged) == (2, 2)


def test_what_was_met_was_still_being_heard() -> None:
    assert met(turn(0, status=""), 10.0)
    assert met(HeardTurn(0, status="interrupted", ended_at=10.1), 10.0)
    assert met(HeardTurn(0, status="done", ended_at=12.0), 10.0)
    assert not met(HeardTurn(0, status="done", ended_at=10.2), 10.0)
    assert not met(HeardTurn(0, status="done", ended_at=9.0), 10.0)


def test_figures_compare_the_beginning_with_the_end() -> None:
    seconds = [9.0, 9.0, 1.0, 1.2, 0.8, None, 1.1, 1.3, 1.2]
    measured = [Measured(one, 2**30 + number * 2**20) for number, one in enumerate(seconds)]
    measured[5].met = True
    measured[6] = Measured(1.1, 2**30, met=True, silence=0.15)
    found: dict[str, Any] = figures(LINES[:9], Conversation(measured, verdict(LINES[:9], clean(9))))
    assert (found["lost"], found["crossed"], found["n"]) == (0, 0, 9)
    assert (found["latency_early_s"], found["latency_late_s"], found["ratio"]) == (1.0, 1.2, 1.2)
    assert found["rss_growth"] == round(1032 / 1026 - 1, 4)
    assert (found["interruptions"], found["silence_p50_s"]) == ([1, 2], 0.15)


def test_replies_that_never_came_have_no_latency() -> None:
    measured = [Measured(None, 2**30)] * 3
    found = figures(LINES[:3], Conversation(measured, verdict(LINES[:3], [])))
    assert (found["lost"], found["latency_early_s"], found["ratio"]) == (3, None, None)


class Noting(FakeSpeaker):
    """Notes when something can be heard."""

    def __init__(self, trace: Trace, clock: LoopClock) -> None:
        super().__init__(clock=clock)
        self._trace, self._time = trace, clock

    def write(self, pcm: Pcm) -> None:
        self._trace.note("sound", self._time.monotonic() + self.pending)
        super().write(pcm)


@asynccontextmanager
async def conversation(*steps: Step) -> AsyncIterator[tuple[Talk, Partner]]:
    clock, trace = LoopClock(), Trace()
    senses = Senses(ears=SaidEars(clock=clock, takes=0.2), voice=SaidVoice(clock=clock, takes=0.1))
    model = ScriptedModel(*steps, capabilities=Capabilities(inputs=frozenset({"text"})), senses=senses)
    speaker = Noting(trace, clock)
    agent = Agent(model=model, memory=None, clock=clock)
    session = agent.session(speaker=speaker, activity=ScriptedActivity(), turn_end=ScriptedTurnEnd())
    async with agent, session:
        partner = Partner(session, clock)
        listening = asyncio.create_task(partner.listen())
        await partner.rest(0.5)
        yield Talk(partner, speaker, trace), partner
        listening.cancel()


def spoken(lines: Sequence[Line]) -> list[SpokenRequest]:
    return [in_room(line.says, line.says, "af_heart", said(line.says).resampled(RATE)) for line in lines]


@in_virtual_time
async def test_each_line_has_its_turn_and_its_time() -> None:
    lines = [Line("what is the time"), Line("and what day is it")]
    async with conversation(Step("time", says="It is noon."), Step("day", says="It is Monday.")) as (
        talk,
        partner,
    ):
        found = []
        for line, request in zip(lines, spoken(lines), strict=True):
            found.append(await talk.line(line, request))
            await talk.pause(line)
    judged = verdict(lines, partner.turns)
    assert (judged.lost, judged.crossed) == ([], [])
    assert [one.said for one in partner.turns] == ["It is noon.", "It is Monday."]
    assert all(one.seconds and 0.2 < one.seconds < 2.5 for one in found)


@in_virtual_time
async def test_a_long_reply_is_cut() -> None:
    story = "Once upon a time there was a king who had three daughters and a very old and very lazy cat."
    lines = [Line("tell me a long story", long=True), Line("no stop please stop that", cuts=True)]
    async with conversation(Step("story", says=story), Step("stop", says="Of course.")) as (talk, partner):
        first, second = [await talk.line(*each) for each in zip(lines, spoken(lines), strict=True)]
    assert not first.met
    assert second.met
    assert second.silence is not None
    assert second.silence < 1.0
    assert [one.status for one in partner.turns] == ["interrupted", "done"]
    assert verdict(lines, partner.turns).crossed == []


@in_virtual_time
async def test_a_line_that_nobody_answers_is_lost() -> None:
    async with conversation() as (talk, partner):
        measured = await talk.line(
            Line("hm"), SpokenRequest("hm", "hm", "", Pcm.silence(1.0, RATE), RATE // 2)
        )
    assert measured.seconds is None
    assert verdict([Line("hm")], partner.turns).lost == [0]
