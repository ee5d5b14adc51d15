"""Relevance: whether a tool is what the words ask for."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from omni_agent.grounding import Evidence, ground, is_relevant, meaning, relevance
from omni_agent.messages import ToolCall, ToolSpec

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
    assert is_relevant(TOOL, Evidence("What is the area of this triangle?"), {})
    assert not is_relevant(TOOL, Evidence("Who wrote the novel about the brothers?"), {})


def test_who_names_a_value_of_the_schema_speaks_of_the_tool() -> None:
    assert near("in centimetres", unit="centimetre") == 1


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
    assert is_relevant(spec, Evidence(said), {}) is runs


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
    assert is_relevant(spec, evidence, grounded.provenance)
