"""Calls: of the client's tools, and of the agent's own."""

from __future__ import annotations

import json

from omni_agent import tool
from omni_agent.memory import Scope
from omni_agent.testing import Step, in_virtual_time
from tests.server.realtime.client import Client, kinds, transcript
from tests.server.realtime.serving import serving

WEATHER = {
    "type": "function",
    "name": "weather",
    "description": "Tell the weather.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}
TOOLS = {"type": "realtime", "tools": [WEATHER]}


@tool(effect="read")
async def find_recipe(dish: str) -> str:
    """Find a recipe.

    Args:
        dish: What for.
    """
    return f"The recipe for {dish}."


@in_virtual_time
async def test_the_client_runs_his_tools_and_gets_the_rest_of_the_answer() -> None:
    steps = Step("oslo", calls={"weather": {"city": "Oslo"}}), Step("sunny", says="It is sunny in Oslo.")
    async with serving(*steps) as served, Client(served.app, "conversation=c") as client:
        client.send("session.update", session=TOOLS)
        client.ask("oslo")
        seen = await client.until("response.done")
        [call] = seen[-1]["response"]["output"]
        result = {"type": "function_call_output", "call_id": call["call_id"], "output": "sunny"}
        client.send("conversation.item.create", item=result)
        client.send("response.create")
        assert transcript(await client.answer()) == "It is sunny in Oslo."
        client.invariants.settled()
    assert (call["name"], json.loads(call["arguments"])) == ("weather", {"city": "Oslo"})
    assert kinds(seen)[kinds(seen).index("response.created") :] == [
        "response.created",
        "response.output_item.added",
        "conversation.item.added",
        "response.function_call_arguments.delta",
        "response.function_call_arguments.done",
        "conversation.item.done",
        "response.output_item.done",
        "response.done",
    ]
    asked, answered = served.model.requests
    assert [spec.name for spec in asked.tools if spec.name == "weather"] == ["weather"]
    assert [m.role for m in answered.messages] == ["user", "assistant", "tool"]


@in_virtual_time
async def test_speech_and_calls_share_a_response() -> None:
    both = {"weather": {"city": "Oslo"}}
    steps = Step(says="Let me see.", calls=both), Step(says="Sunny.")
    async with serving(*steps) as served, Client(served.app) as client:
        client.send("session.update", session=TOOLS)
        client.ask("oslo")
        response = await client.answer()
        client.invariants.settled()
    assert [item["type"] for item in response["output"]] == ["message", "function_call"]


@in_virtual_time
async def test_two_calls_get_two_results() -> None:
    calls = [("weather", {"city": "Oslo"}), ("weather", {"city": "Rome"})]
    steps = Step(calls=calls), Step(says="Sunny in both.")
    async with serving(*steps) as served, Client(served.app) as client:
        client.send("session.update", session=TOOLS)
        client.ask("oslo and rome")
        response = await client.answer()
        for item in response["output"]:
            result = {"type": "function_call_output", "call_id": item["call_id"], "output": {"sun": True}}
            client.send("conversation.item.create", item=result)
        client.send("response.create")
        await client.answer()
        client.invariants.settled()
    assert [m.role for m in served.model.requests[1].messages] == ["user", "assistant", "tool"]
    assert [part.content for part in served.model.requests[1].messages[-1].parts] == ['{"sun": true}'] * 2  # type: ignore[union-attr]


@in_virtual_time
async def test_one_call_at_a_time_is_one_also_for_memory() -> None:
    calls = [("weather", {"city": "Oslo"}), ("weather", {"city": "Rome"})]
    steps = Step(calls=calls), Step(says="Sunny.")
    async with serving(*steps) as served, Client(served.app, "conversation=c&user=ana") as client:
        client.send("session.update", session={**TOOLS, "parallel_tool_calls": False})
        client.ask("oslo and rome")
        [call] = (await client.answer())["output"]
        result = {"type": "function_call_output", "call_id": call["call_id"], "output": "sunny"}
        client.send("conversation.item.create", item=result)
        client.send("response.create")
        await client.answer()
        [record] = await served.agent.parts.memory.history(Scope("ana", "test"), "c")
    assert [c.arguments for said in record.messages for c in said.tool_calls] == [{"city": "Oslo"}]


@in_virtual_time
async def test_a_call_without_a_result_hinders_nothing() -> None:
    steps = Step(calls={"weather": {"city": "Oslo"}}), Step("never", says="Never mind.")
    async with serving(*steps) as served, Client(served.app) as client:
        client.send("session.update", session=TOOLS)
        client.ask("oslo")
        await client.answer()
        client.ask("never mind")
        assert transcript(await client.answer()) == "Never mind."


@in_virtual_time
async def test_the_agents_own_tools_run_inside_and_are_no_items() -> None:
    steps = Step(calls={"find_recipe": {"dish": "soup"}}), Step("recipe", says="Here it is.")
    async with serving(*steps, tools=[find_recipe]) as served, Client(served.app) as client:
        client.ask("soup")
        response = await client.answer()
        client.invariants.settled()
    assert [item["type"] for item in response["output"]] == ["message"]
    assert transcript(response) == "Here it is."
    assert response["usage"]["output_tokens"] > 0


@in_virtual_time
async def test_a_tool_that_must_be_called() -> None:
    steps = Step(calls={"weather": {"city": "Oslo"}}), Step(says="No tool now.")
    async with serving(*steps) as served, Client(served.app) as client:
        client.send(
            "session.update", session={**TOOLS, "tool_choice": {"type": "function", "name": "weather"}}
        )
        client.ask("oslo")
        await client.answer()
        client.say("and now?")
        client.send("response.create", response={"tool_choice": "none"})
        await client.answer()
    assert served.model.requests[0].tool_choice == "weather"
    assert not served.model.requests[1].tools


@in_virtual_time
async def test_a_failing_model_fails_the_response_and_nothing_else() -> None:
    from omni_agent.errors import ModelUnavailable

    broken = ModelUnavailable("the model is gone", remedy="start it")
    async with serving(Step(raises=broken), Step(says="Back.")) as served, Client(served.app) as client:
        client.ask("hello")
        response = await client.answer()
        client.ask("and now?")
        assert transcript(await client.answer()) == "Back."
        client.invariants.settled()
    assert response["status"] == "failed"
    assert response["status_details"]["error"]["code"] == "model_unavailable"
    assert "start it" in response["status_details"]["error"]["message"]
    assert not client.of("error")
