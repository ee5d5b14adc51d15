"""OpenAI's own client, unmodified, against Responses on a running server."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import openai
import pytest
from openai.types.responses import FunctionToolParam, ResponseFunctionToolCall
from pydantic import BaseModel

from omni_agent import Agent
from omni_agent.memory import TransientMemory
from omni_agent.testing import ScriptedModel, Step
from tests.server.chat.serving import serving

pytestmark = pytest.mark.anyio

WEATHER: FunctionToolParam = {
    "type": "function",
    "name": "get_weather",
    "description": "Tell the weather.",
    "strict": True,
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}
CALLS = Step(calls={"get_weather": {"city": "Oslo"}}), Step("rain", says="It rains in Oslo.")


class Recipe(BaseModel):
    """What is cooked."""

    dish: str
    minutes: int


def scripted(*steps: Step) -> Agent:
    return Agent(name="Omni", model=ScriptedModel(*steps), memory=TransientMemory())


async def test_a_question_its_answer_and_what_is_kept_of_it() -> None:
    async with serving(scripted(Step(says="Good day."))) as server, server.client() as client:
        answer = await client.responses.create(model="gpt-4o", input="Hello.", instructions="Be kind.")
        assert answer.output_text == "Good day."
        assert (await client.responses.retrieve(answer.id)).output_text == "Good day."
        await client.responses.delete(answer.id)
        with pytest.raises(openai.NotFoundError):
            await client.responses.retrieve(answer.id)


async def test_a_program_without_a_loop() -> None:
    def ask() -> tuple[str, list[str]]:
        with server.sync_client() as client:
            whole = client.responses.create(model="omni", input="Hello.")
            stream = client.responses.create(
                model="omni", input="Hello.", previous_response_id=whole.id, stream=True
            )
            deltas = [event.delta for event in stream if event.type == "response.output_text.delta"]
        return whole.output_text, deltas

    async with serving(scripted(Step(says="Good day."), Step(says="Good night."))) as server:
        assert await asyncio.to_thread(ask) == ("Good day.", ["Good", " night."])


async def test_a_stream_with_its_helper() -> None:
    async with (
        serving(scripted(Step(says="Good day to you."))) as server,
        server.client() as client,
        client.responses.stream(model="omni", input="Hello.") as stream,
    ):
        kinds = [event.type async for event in stream]
        final = await stream.get_final_response()
    assert kinds.count("response.output_text.delta") == 4
    assert final.output_text == "Good day to you."
    assert final.usage


@pytest.mark.parametrize("stream", [False, True])
async def test_an_answer_as_a_value_of_a_type(stream: bool) -> None:
    model = Step(says='{"dish": "soup", "minutes": 20}')
    async with serving(scripted(model)) as server, server.client() as client:
        if stream:
            async with client.responses.stream(model="omni", input="A recipe.", text_format=Recipe) as events:
                answer = await events.get_final_response()
        else:
            answer = await client.responses.parse(model="omni", input="A recipe.", text_format=Recipe)
    assert answer.output_parsed == Recipe(dish="soup", minutes=20)


@pytest.mark.parametrize("kept", [False, True])
async def test_a_tool_of_the_clients(kept: bool) -> None:
    given: list[Any] = [{"role": "user", "content": "The weather in Oslo?"}]
    async with serving(scripted(*CALLS)) as server, server.client() as client:
        asked = await client.responses.create(model="omni", input=given, tools=[WEATHER], store=kept)
        [call] = asked.output
        assert isinstance(call, ResponseFunctionToolCall)
        assert json.loads(call.arguments) == {"city": "Oslo"}
        result: Any = {"type": "function_call_output", "call_id": call.call_id, "output": "rain"}
        if kept:
            answer = await client.responses.create(
                model="omni", input=[result], tools=[WEATHER], previous_response_id=asked.id
            )
        else:
            given += [*asked.output, result]
            answer = await client.responses.create(model="omni", input=given, tools=[WEATHER], store=False)
    assert answer.output_text == "It rains in Oslo."


async def test_calls_in_a_stream_with_its_helper() -> None:
    async with (
        serving(scripted(CALLS[0])) as server,
        server.client() as client,
        client.responses.stream(model="omni", input="The weather in Oslo?", tools=[WEATHER]) as stream,
    ):
        final = await stream.get_final_response()
    [call] = final.output
    assert call.type == "function_call"
    assert json.loads(call.arguments) == {"city": "Oslo"}


async def test_errors_are_those_of_the_client() -> None:
    async with serving(scripted()) as server, server.client() as client:
        with pytest.raises(openai.BadRequestError) as refused:
            await client.responses.create(model="omni", input="Hello.", background=True)
        assert refused.value.param == "background"
        with pytest.raises(openai.BadRequestError) as refused:
            await client.responses.create(model="omni", input="Hello.", previous_response_id="resp_x")
        assert refused.value.code == "previous_response_not_found"
