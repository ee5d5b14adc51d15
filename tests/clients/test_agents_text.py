"""The OpenAI Agents SDK, unmodified, with an agent of ours as its model, over both of its APIs."""

from __future__ import annotations

import json
from typing import Any

import openai
import pytest

from omni_agent import Agent
from omni_agent.memory import TransientMemory
from omni_agent.testing import ScriptedModel, Step
from tests.server.chat.serving import Served, serving

sdk = pytest.importorskip("agents")
pytestmark = pytest.mark.anyio
STEPS = Step(calls={"get_weather": {"city": "Oslo"}}), Step("rain", says="It rains in Oslo.")


@pytest.fixture(autouse=True)
def nothing_is_reported() -> None:
    sdk.set_tracing_disabled(True)


def scripted(*steps: Step) -> tuple[Agent, ScriptedModel]:
    model = ScriptedModel(*steps)
    return Agent(name="Omni", model=model, memory=TransientMemory()), model


def forecaster(server: Served, api: str, client: openai.AsyncOpenAI) -> Any:
    """An agent of the SDK's, with a tool of its own."""

    async def get_weather(city: str) -> str:
        """Tell the weather."""
        return f"rain in {city}"

    kind = sdk.OpenAIChatCompletionsModel if api == "chat_completions" else sdk.OpenAIResponsesModel
    return sdk.Agent(
        name="Forecaster",
        instructions="Tell the weather.",
        model=kind(model="omni", openai_client=client),
        tools=[sdk.function_tool(get_weather)],
        model_settings=sdk.ModelSettings(include_usage=True),
    )


@pytest.mark.parametrize("api", ["chat_completions", "responses"])
async def test_a_run_with_a_tool(api: str) -> None:
    agent, model = scripted(*STEPS)
    async with serving(agent) as server, server.client() as client:
        result = await sdk.Runner.run(forecaster(server, api, client), "The weather in Oslo?")
    assert result.final_output == "It rains in Oslo."
    assert model.requests[0].system.endswith("Tell the weather.")
    assert [message.role for message in model.requests[1].messages] == ["user", "assistant", "tool"]


@pytest.mark.parametrize("api", ["chat_completions", "responses"])
async def test_a_streamed_run_with_a_tool(api: str) -> None:
    agent, _ = scripted(*STEPS)
    async with serving(agent) as server, server.client() as client:
        result = sdk.Runner.run_streamed(forecaster(server, api, client), "The weather in Oslo?")
        deltas, items = "", list[str]()
        async for event in result.stream_events():
            if event.type == "raw_response_event" and event.data.type == "response.output_text.delta":
                deltas += event.data.delta
            elif event.type == "run_item_stream_event":
                items.append(event.name)
    assert result.final_output == deltas == "It rains in Oslo."
    assert items == ["tool_called", "tool_output", "message_output_created"]
    assert sum(response.usage.total_tokens for response in result.raw_responses) > 0


@pytest.mark.parametrize("way", ["history", "previous_response_id", "conversation"])
async def test_a_second_run_goes_on_with_the_first(way: str) -> None:
    agent, model = scripted(*STEPS, Step(says="I said that it rains."))
    async with serving(agent) as server, server.client() as client:
        forecasts = forecaster(server, "responses", client)
        more = {"conversation_id": "weather"} if way == "conversation" else {}
        first = await sdk.Runner.run(forecasts, "The weather in Oslo?", **more)
        given: Any = "What did you say?"
        if way == "history":
            given = [*first.to_input_list(), {"role": "user", "content": given}]
        elif way == "previous_response_id":
            more = {"previous_response_id": first.last_response_id}
        second = await sdk.Runner.run(forecasts, given, **more)
    assert second.final_output == "I said that it rains."
    said = [message.text for message in model.requests[2].messages if message.text]
    assert said == ["The weather in Oslo?", "It rains in Oslo.", "What did you say?"]


async def test_an_answer_as_a_value_of_a_type() -> None:
    from pydantic import BaseModel

    class Forecast(BaseModel):
        city: str
        rain: bool

    agent, model = scripted(Step(says=json.dumps({"city": "Oslo", "rain": True})))
    async with serving(agent) as server, server.client() as client:
        forecasts = forecaster(server, "responses", client).clone(output_type=Forecast, tools=[])
        result = await sdk.Runner.run(forecasts, "The weather in Oslo?")
    assert result.final_output == Forecast(city="Oslo", rain=True)
    assert model.requests[0].format
