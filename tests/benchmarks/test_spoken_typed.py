"""The questions that are asked typed and spoken: they can be answered, and no answer is right by chance."""

from __future__ import annotations

from argparse import Namespace
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.report import Arguments
from benchmarks.spoken_talk import HastySpeaker
from benchmarks.spoken_turns import HeardTurn
from benchmarks.spoken_typed import Answer, Both, figures
from benchmarks.spoken_typed_questions import TOOLS, Question, numbers, questions, right
from benchmarks.voice_latency_requests import in_room
from omni_agent import Agent
from omni_agent.conversation import AgentSession
from omni_agent.models.base import Capabilities
from omni_agent.senses import Senses
from omni_agent.speech.pcm import Pcm
from omni_agent.testing import (
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
from omni_agent.tool import Toolbox

ALL = questions()
SUM = Question("arithmetic", "What is 17 times 23?", number=391)
TIMER = Question("tool", "Ten minutes.", tool="set_timer", arguments={"length": 600})
MILES = next(one for one in ALL if "26 miles" in one.asks)
NOTE = next(one for one in ALL if "rent is due" in one.asks)
CITY = next(one for one in ALL if "Lisbon" in one.asks)
DENTIST = next(one for one in ALL if "dentist" in one.asks)


def test_there_are_a_hundred_of_three_kinds() -> None:
    assert Counter(one.kind for one in ALL) == {"arithmetic": 40, "fact": 30, "tool": 30}
    assert len({one.asks for one in ALL}) == 100
    assert questions() == ALL


@given(st.integers(10, 100))
def test_a_limit_keeps_the_shares(limit: int) -> None:
    kinds = Counter(one.kind for one in questions(limit))
    assert abs(kinds["arithmetic"] - 0.4 * limit) <= 1
    assert abs(kinds["fact"] - 0.3 * limit) <= 1
    assert abs(kinds["tool"] - 0.3 * limit) <= 1


def test_no_question_holds_its_answer() -> None:
    assert not [one.asks for one in ALL if right(one, one.asks, ())]


def test_what_is_told_holds_what_is_asked_for() -> None:
    facts = [one for one in ALL if one.kind == "fact"]
    others = [
        (one.asks, other.told)
        for one in facts
        for other in facts
        if one is not other and right(one, other.told, ())
    ]
    assert not others


@pytest.mark.parametrize("constant", ["", "I don't know.", "The answer is 100.", "It is noted."])
def test_no_constant_answer_gets_far(constant: str) -> None:
    assert sum(right(one, constant, ()) for one in ALL) <= 1


def test_sums_are_right() -> None:
    for one in ALL:
        if one.kind == "arithmetic":
            words = one.asks.rstrip("?").removeprefix("What is ").removeprefix("How much is ")
            for said, sign in (
                ("times", "*"),
                ("plus", "+"),
                ("minus", "-"),
                ("divided by", "/"),
                ("percent of", "/100*"),
            ):
                words = words.replace(said, sign)
            assert eval(words) == pytest.approx(one.number)


@pytest.mark.parametrize(
    ("said", "marked"),
    [
        ("The answer is 391.", True),
        ("17 times 23 is 391", True),
        ("It's 391.0!", True),
        ("It is 1391.", False),
        ("It is 3910.", False),
        ("About 391.5", False),
        ("17 times 23", False),
        ("-391", False),
        ("", False),
    ],
)
def test_a_sum_needs_its_number(said: str, marked: bool) -> None:
    assert right(SUM, said, ()) is marked


def test_numbers_may_have_commas() -> None:
    assert numbers("It is 1,234,567 and not 12,5 or 3.25.") == [1234567, 12, 5, 3.25]


@given(st.integers(-(10**6), 10**6))
def test_every_number_is_found(number: int) -> None:
    assert numbers(f"That is {number:,}.") == numbers(f"{number} it is") == [number]


@pytest.mark.parametrize(
    ("arguments", "marked"),
    [
        ({"minutes": 10}, True),
        ({"minutes": 10.0, "label": "tea"}, True),
        ({"seconds": 600}, True),
        ({"minutes": 9, "seconds": 60}, True),
        ({"minutes": 10, "hours": 1}, False),
        ({"minutes": "ten"}, False),
        ({}, False),
    ],
)
def test_a_timer_needs_its_length(arguments: dict[str, Any], marked: bool) -> None:
    assert right(TIMER, "The timer is set.", [("set_timer", arguments)]) is marked
    assert not right(TIMER, "The timer is set for 10 minutes.", [("add_note", arguments)])


@pytest.mark.parametrize(
    ("arguments", "marked"),
    [
        ({"value": 26, "from_unit": "miles", "to_unit": "kilometers"}, True),
        ({"value": 26.0, "from_unit": "mile", "to_unit": "KM"}, True),
        ({"value": 26, "from_unit": "kilometers", "to_unit": "miles"}, False),
        ({"value": 20, "from_unit": "miles", "to_unit": "kilometers"}, False),
        ({"value": "26", "from_unit": "miles", "to_unit": "kilometers"}, False),
        ({"value": 26, "from_unit": "miles"}, False),
    ],
)
def test_a_conversion_needs_its_units(arguments: dict[str, Any], marked: bool) -> None:
    assert right(MILES, "", [("convert_units", arguments)]) is marked


def test_a_note_needs_its_words_and_a_forecast_its_city() -> None:
    assert right(NOTE, "", [("add_note", {"text": "Rent due on Friday"})])
    assert not right(NOTE, "", [("add_note", {"text": "Rent due on Monday"})])
    assert not right(NOTE, "The rent is due on Friday.", ())
    assert right(CITY, "", [("get_weather", {"city": "Lisbon, Portugal"})])
    assert not right(CITY, "", [("get_weather", {"city": "London"})])
    assert right(DENTIST, "Your dentist is Dr. Miller.", ())
    assert not right(DENTIST, "I don't know who your dentist is.", ())


def test_the_tasks_fit_their_tools() -> None:
    toolbox = Toolbox(TOOLS)
    for one in ALL:
        if one.kind == "tool":
            assert set(one.arguments) - {"length"} <= set(toolbox[one.tool].spec.parameters["properties"])


def test_a_question_in_several_turns_has_all_of_them() -> None:
    turns = [
        HeardTurn(0, "set a timer", "For how long?", "done"),
        HeardTurn(0, "ten minutes", "Done.", "done", [("set_timer", {"minutes": 10})]),
    ]
    answer = Answer.of(TIMER, turns)
    assert answer.right
    assert answer.turn.transcript == "set a timer | ten minutes"
    assert not Answer.of(TIMER, []).right


def test_figures_compare_the_two_ways() -> None:
    good = HeardTurn(0, "", "391", "done", [("set_timer", {"minutes": 10})])
    bad = HeardTurn(0, "one | two", "", "done")
    typed = [Answer.of(SUM, [good]), Answer.of(TIMER, [good]), Answer.of(DENTIST, [bad])]
    aloud = [Answer.of(SUM, [bad]), Answer.of(TIMER, [good]), Answer.of(DENTIST, [bad])]
    found: dict[str, Any] = figures(typed, aloud)
    assert (found["typed"], found["spoken"], found["ratio"], found["n"]) == (0.6667, 0.3333, 0.5, 3)
    assert found["by_kind"] == {"arithmetic": [1, 0, 1], "fact": [0, 0, 1], "tool": [1, 1, 1]}
    assert (found["unanswered"], found["several_turns"]) == ([1, 2], 2)


@in_virtual_time
async def test_the_same_is_asked_typed_and_spoken() -> None:
    clock = LoopClock()
    senses = Senses(ears=SaidEars(clock=clock, takes=0.2), voice=SaidVoice(clock=clock, takes=0.1))
    steps = (
        Step("dentist", says="I will keep that in mind."),
        Step("dentist", says="I will keep that in mind."),
        Step("10 minutes", calls={"set_timer": {"minutes": 10}}),
        Step(says="The timer is set."),
        Step("dentist", says="It is Doctor Miller."),
        Step("10 minutes", calls={"set_timer": {"minutes": 10}}),
        Step(says="The timer is set, and it is a long sentence that is heard in no time at all."),
        Step("dentist", says="I do not know."),
    )
    model = ScriptedModel(*steps, capabilities=Capabilities(inputs=frozenset({"text"})), senses=senses)
    agent = Agent(model=model, memory=None, clock=clock, tools=TOOLS)
    asked = [next(one for one in ALL if "timer for 10 minutes" in one.asks), DENTIST]
    requests = [in_room(str(n), one.asks, "", said(one.asks)) for n, one in enumerate(asked)]

    def live(name: str) -> AgentSession:
        speaker, ends = HastySpeaker(clock), ScriptedTurnEnd()
        return agent.session(
            user="spoken", session=name, speaker=speaker, activity=ScriptedActivity(), turn_end=ends
        )

    async with agent:
        both = Both(agent, live, Arguments(Path("-"), 0, True, Namespace()), clock)
        await both.tell(asked)
        typed = await both.typed(asked)
        aloud = await both.spoken(asked, requests)
    assert [one.right for one in typed] == [True, True]
    assert [one.right for one in aloud] == [True, False]
    assert [one.turn.status for one in aloud] == ["done", "done"]
    assert aloud[0].turn.transcript == asked[0].asks


def test_a_hasty_listener_has_heard_it_sooner() -> None:
    speaker = HastySpeaker(speed=1e6)
    speaker.write(Pcm.silence(60.0, speaker.rate))
    assert 0.0 <= speaker.pending <= 60.0
    assert speaker.flush() <= 60.0
    assert speaker.pending == 0.0
