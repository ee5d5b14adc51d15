"""What waits for a yes, and whose yes it is."""

from __future__ import annotations

from typing import Any

import pytest

from omni_agent.events import ApprovalRequested
from omni_agent.memory import TransientMemory
from omni_agent.testing import Step
from tests.nodes.bar import agent, collected, ran, remembered, started

pytestmark = pytest.mark.anyio


async def test_a_question_shows_what_was_said_and_the_answer_finds_its_call_after_a_restart() -> None:
    memory = TransientMemory()
    said = "delete the timers for 5 and 10 minutes"
    first = agent(Step(calls={"delete_timer": {"minutes": 5, "copies": 3}}), memory=memory)
    asked = [e for e in await collected(first.stream(said, speak=False)) if isinstance(e, ApprovalRequested)]
    assert [(e.arguments, e.question) for e in asked] == [
        ({"minutes": 5}, "Delete timer: 5?"),
        ({"minutes": 10}, "Delete timer: 10?"),
    ]
    assert ran == []

    second = agent(Step("Deleted 10.", says="Only the second one."), memory=memory)
    answers = {asked[0].id: False, asked[1].id: True}
    events = await collected(second.decide(answers, speak=False))
    assert ran == [("delete_timer", {"minutes": 10, "copies": None})]
    assert [event.id for event in started(events)] == [asked[1].id]
    _, call, results, _ = await remembered(memory)
    assert [one.id for one in call.tool_calls] == [one.id for one in asked]
    assert [part.status for part in results.parts] == ["denied", "done"]  # type: ignore[union-attr]


@pytest.mark.parametrize("answers", [{"call_1": True}, {"call_2": True}, {"call_1": 1, "other": True}])
async def test_only_a_yes_to_that_very_call_is_one(answers: dict[str, Any]) -> None:
    from langgraph.checkpoint.memory import InMemorySaver
    from langgraph.graph import END, START, StateGraph
    from langgraph.types import Command

    from omni_agent.state import TurnState

    asked = agent(Step(calls={"delete_timer": {"minutes": 5}}), Step("", says="Well."))
    outer: Any = StateGraph(TurnState)
    outer.add_node("agent", asked.graph)
    outer.add_edge(START, "agent")
    outer.add_edge("agent", END)
    graph = outer.compile(checkpointer=InMemorySaver())
    config = {"configurable": {"thread_id": "t1"}}
    text = "delete the timer for 5 minutes"
    await graph.ainvoke({"observations": [{"kind": "text", "content": text}]}, config)
    await graph.ainvoke(Command(resume=answers), config)
    assert bool(ran) == (answers.get("call_1") is True)
