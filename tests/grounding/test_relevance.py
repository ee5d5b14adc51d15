"""Relevance: whether a tool is what the words ask for."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from omni_agent.grounding import Doubt, Evidence, doubt, ground, meaning, relevance, serves
from omni_agent.messages import Message, Text, ToolCall, ToolSpec

TOOL = ToolSpec(
    "calculate_area",
    "Calculate the area of a triangle.",
    {
        "type": "object",
        "properties": {
            "base": {"type": "number"},
            "height": {"type": "number"},
            "unit": {"enum": ["metre", "centimetre"]},
        },
    },
)


def near(said: str, language: str = "", **arguments: Any) -> float:
    evidence = Evidence(said, datetime(2026, 11, 23, 10), language)
    (grounded,) = ground([ToolCall("c", TOOL.name, arguments)], [TOOL], evidence)
    return relevance(TOOL, evidence, grounded.provenance)


@pytest.mark.skipif(not meaning.available(), reason="needs the word vectors of wordllama")
def test_a_request_for_something_else_is_less_relevant() -> None:
    asked = near("What is the area of a triangle with base 5 and height 3?", base=5, height=3)
    other = near("Who wrote the novel with 5 brothers and 3 sisters?", base=5, height=3)
    assert other < 0.5 * asked


@pytest.mark.skipif(not meaning.available(), reason="needs the word vectors of wordllama")
def test_a_call_that_rests_on_nothing_must_be_near_the_request() -> None:
    assert doubt(TOOL, Evidence("What is the area of this triangle?"), {}) is Doubt.NONE
    assert doubt(TOOL, Evidence("Who wrote the novel about the brothers?"), {}) is Doubt.CERTAIN


def test_who_names_a_value_of_the_schema_speaks_of_the_tool() -> None:
    evidence = Evidence("in centimetres, by the brothers of the novel")
    [grounded] = ground([ToolCall("c", TOOL.name, {"unit": "centimetre"})], [TOOL], evidence)
    assert doubt(TOOL, evidence, grounded.provenance) is Doubt.NONE


@pytest.mark.skipif(not meaning.available(), reason="needs the word vectors of wordllama")
@pytest.mark.parametrize(
    ("said", "telling"), [("and 10 minutes of brothers", True), ("and 10 brothers", False)]
)
def test_a_number_tells_of_a_tool_by_its_unit(said: str, telling: bool) -> None:
    parameters = {"type": "object", "properties": {"minutes": {"type": "integer"}}}
    tool, evidence = ToolSpec("calculate_area", "Calculate an area.", parameters), Evidence(f"a novel {said}")
    [grounded] = ground([ToolCall("c", tool.name, {"minutes": 10})], [tool], evidence)
    assert grounded.call.arguments == {"minutes": 10}
    assert (doubt(tool, evidence, grounded.provenance) is Doubt.NONE) is telling


def test_what_cannot_be_told_counts_as_relevant(monkeypatch: pytest.MonkeyPatch) -> None:
    assert near("Wer schrieb diesen Roman?", "de", base=5) == 1
    monkeypatch.setattr(meaning, "_folder", lambda: None)
    assert near("Who wrote this novel?", base=5) == 1


@pytest.mark.skipif(not meaning.available(), reason="needs the word vectors of wordllama")
@pytest.mark.parametrize(
    ("said", "name", "description", "runs"),
    [
        ("lights off", "switch_lights", "Switch all lamps on or off.", True),
        ("what time is it", "get_time", "The current date and time.", True),
        ("tell me a joke", "get_weather", "Get the current weather.", False),
        ("it rained the whole weekend", "order_drink", "Order a drink at the coffee bar.", False),
    ],
)
def test_a_call_without_arguments_needs_a_request_for_it(
    said: str, name: str, description: str, runs: bool
) -> None:
    spec = ToolSpec(name, description, {"type": "object", "properties": {}})
    assert (doubt(spec, Evidence(said), {}) is not Doubt.CERTAIN) is runs


@pytest.mark.skipif(not meaning.available(), reason="needs the word vectors of wordllama")
@pytest.mark.parametrize(
    ("said", "name", "description", "argument", "value"),
    [
        ("ten minutes for the pasta", "set_timer", "Start a countdown timer.", "minutes", 10),
        ("wake me at 7 tomorrow", "set_alarm", "Set an alarm.", "hour", 7),
        ("turn it up to 8", "set_volume", "Set the volume of the speaker.", "level", 8),
        ("I'm freezing, make it 22", "set_temperature", "Set the thermostat.", "degrees", 22),
        ("what is 15 percent of 80", "calculate", "Work out an arithmetic expression.", "number", 80),
    ],
)
def test_short_orders_run_whatever_they_are_called(
    said: str, name: str, description: str, argument: str, value: int
) -> None:
    parameters = {"type": "object", "properties": {argument: {"type": "number"}}, "required": [argument]}
    spec, evidence = ToolSpec(name, description, parameters), Evidence(said)
    [grounded] = ground([ToolCall("1", name, {argument: value})], [spec], evidence)
    assert not grounded.missing
    assert doubt(spec, evidence, grounded.provenance) is not Doubt.CERTAIN


@pytest.mark.skipif(not meaning.available(), reason="needs the word vectors of wordllama")
def test_a_request_that_is_far_from_the_tool_is_doubtful() -> None:
    evidence = Evidence("who wrote the novel with 5 brothers and 3 sisters")
    [grounded] = ground([ToolCall("c", TOOL.name, {"base": 5, "height": 3})], [TOOL], evidence)
    assert doubt(TOOL, evidence, grounded.provenance) is Doubt.SOME
    asked = (Message("assistant", (Text("What are the base and the height?"),)),)
    assert doubt(TOOL, replace(evidence, earlier=asked), grounded.provenance) is Doubt.NONE


@pytest.mark.skipif(not meaning.available(), reason="needs the word vectors of wordllama")
@pytest.mark.parametrize(
    ("wish", "name", "description", "does"),
    [
        ("set an alarm", "wake", "Set an alarm. It rings once.", True),
        ("adjust the volume", "set_volume", "How loud.", True),
        ("look up a price", "connect_database", "Connect to a database.", False),
        ("look up a football match", "find_notes", "Search the user's notes.", False),
    ],
)
def test_a_tool_serves_the_wish_that_is_near_to_it(
    wish: str, name: str, description: str, does: bool
) -> None:
    assert serves(ToolSpec(name, description, {"type": "object", "properties": {}}), wish) is does
