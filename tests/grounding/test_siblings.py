"""Siblings: the calls that a model forgot, and numbers that it wrote as one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from omni_agent.grounding import Evidence
from omni_agent.grounding.siblings import with_siblings
from omni_agent.messages import ToolCall, ToolSpec

TOOL = ToolSpec(
    "project",
    "Project a sum.",
    {
        "type": "object",
        "required": ["years", "room"],
        "properties": {
            "years": {"type": "integer"},
            "room": {"enum": ["attic", "cellar", "hall"]},
            "rate": {"type": "number"},
        },
    },
)


def siblings(said: str, *calls: dict[str, Any], language: str = "") -> list[dict[str, Any]]:
    evidence = Evidence(said, datetime(2026, 11, 23, 10), language)
    made = [ToolCall(str(i), "project", arguments) for i, arguments in enumerate(calls)]
    return [call.arguments for call in with_siblings(made, (TOOL,), evidence)]


def test_values_side_by_side_are_calls_of_their_own() -> None:
    assert siblings("for 5, 10 and 20 years", {"years": 5}) == [{"years": 5}, {"years": 10}, {"years": 20}]
    assert siblings("in the attic and the hall", {"room": "attic"}) == [{"room": "attic"}, {"room": "hall"}]


@pytest.mark.parametrize(
    ("said", "call"),
    [
        ("for 5 years at 10 percent", {"years": 5}),
        ("for 5 and 10 years", {"years": 5, "rate": 10}),
        ("for 5, no, 10 years", {"years": 10}),
        ("for five years", {"years": 5}),
    ],
)
def test_other_values_are_not(said: str, call: dict[str, Any]) -> None:
    assert siblings(said, call) == [call]


def test_numbers_written_as_one_are_taken_apart() -> None:
    assert siblings("for 5 and 10 years", {"years": 510}) == [{"years": 5}, {"years": 10}]


def test_ids_differ() -> None:
    calls = with_siblings(
        [ToolCall("c", "project", {"years": 5})],
        (TOOL,),
        Evidence("for 5 and 10 years", datetime(2026, 11, 23)),
    )
    assert len({call.id for call in calls}) == 2


def test_in_other_languages_no_call_is_added() -> None:
    assert siblings("5, 10 und 20 Jahre", {"years": 5}, language="de") == [{"years": 5}]


def test_a_call_of_an_unknown_tool_stays() -> None:
    call = ToolCall("c", "other", {"years": 5})
    assert with_siblings([call], (TOOL,), Evidence("for 5 and 10 years", datetime(2026, 11, 23))) == [call]
