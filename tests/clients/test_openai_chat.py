"""OpenAI's own client, and LangChain's, unmodified, in conversation with a running server."""

from __future__ import annotations

import asyncio
import io
import json
from base64 import b64decode, b64encode
from typing import Any

import httpx
import openai
import pytest
import soundfile
from openai.types.chat import ChatCompletionMessageParam, ChatCompletionToolParam
from pydantic import BaseModel

from omni_agent import Agent
from omni_agent.errors import ModelUnavailable
from omni_agent.memory import TransientMemory
from omni_agent.messages import Hearing
from omni_agent.senses import Senses
from omni_agent.speech.pcm import Pcm
from omni_agent.testing import ScriptedEars, ScriptedModel, Step, ToneVoice
from tests.server.chat.serving import serving

pytestmark = pytest.mark.anyio

HELLO: list[ChatCompletionMessageParam] = [{"role": "user", "content": "Hello."}]
WEATHER: ChatCompletionToolParam = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Tell the weather.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


class Recipe(BaseModel):
    """What is cooked."""

    dish: str
    minutes: int


RECIPE = '{"dish": "soup", "minutes": 20}'


def scripted(*steps: Step, **more: Any) -> Agent:
    return Agent(name="Omni", model=ScriptedModel(*steps, **more), memory=None)


async def test_a_question_and_its_answer() -> None:
    async with serving(scripted(Step("Hello", says="Good day."))) as server, server.client() as client:
        answer = await client.chat.completions.create(model="gpt-4o", messages=HELLO)
    assert answer.choices[0].message.content == "Good day."


async def test_a_program_without_a_loop() -> None:
    def ask() -> tuple[str | None, str]:
        with server.sync_client() as client:
            whole = client.chat.completions.create(model="omni", messages=HELLO)
            stream = client.chat.completions.create(model="omni", messages=HELLO, stream=True)
            pieces = [chunk.choices[0].delta.content or "" for chunk in stream]
        return whole.choices[0].message.content, "".join(pieces)

    async with serving(scripted(Step(says="Good day."), Step(says="Good night."))) as server:
        assert await asyncio.to_thread(ask) == ("Good day.", "Good night.")


async def test_a_stream_with_its_helper() -> None:
    async with serving(scripted(Step(says="Good day to you."))) as server, server.client() as client:
        kinds = list[str]()
        async with client.chat.completions.stream(
            model="omni", messages=HELLO, stream_options={"include_usage": True}
        ) as stream:
            async for event in stream:
                kinds.append(event.type)
            final = await stream.get_final_completion()
    # The first is empty, as OpenAI's is.
    assert kinds.count("content.delta") == 5
    assert final.choices[0].message.content == "Good day to you."
    assert final.choices[0].finish_reason == "stop"
    assert final.usage


async def test_an_answer_as_a_value_of_a_type() -> None:
    async with serving(scripted(Step(says=RECIPE), Step(says=RECIPE))) as server, server.client() as client:
        answer = await client.chat.completions.parse(model="omni", messages=HELLO, response_format=Recipe)
        async with client.chat.completions.stream(
            model="omni", messages=HELLO, response_format=Recipe
        ) as stream:
            streamed = await stream.get_final_completion()
    assert answer.choices[0].message.parsed == Recipe(dish="soup", minutes=20)
    assert streamed.choices[0].message.parsed == Recipe(dish="soup", minutes=20)


@pytest.mark.parametrize("stream", [False, True])
async def test_a_tool_of_the_clients(stream: bool) -> None:
    steps = Step(calls={"get_weather": {"city": "Oslo"}}), Step("rain", says="It rains in Oslo.")
    messages: list[Any] = [{"role": "user", "content": "The weather in Oslo?"}]
    async with serving(scripted(*steps)) as server, server.client() as client:
        if stream:
            async with client.chat.completions.stream(
                model="omni", messages=messages, tools=[WEATHER]
            ) as events:
                choice: Any = (await events.get_final_completion()).choices[0]
        else:
            choice = (
                await client.chat.completions.create(model="omni", messages=messages, tools=[WEATHER])
            ).choices[0]
        assert choice.finish_reason == "tool_calls"
        [call] = choice.message.tool_calls
        assert json.loads(call.function.arguments) == {"city": "Oslo"}
        messages += [choice.message, {"role": "tool", "tool_call_id": call.id, "content": "rain"}]
        answer = await client.chat.completions.create(model="omni", messages=messages, tools=[WEATHER])
    assert answer.choices[0].message.content == "It rains in Oslo."


async def test_a_spoken_question_and_a_spoken_answer() -> None:
    senses = Senses(ears=ScriptedEars(Hearing("What time is it?", "en", 1.0, 1.0)), voice=ToneVoice())
    sound = b64encode(Pcm.silence(0.4, 16_000).to_wav()).decode()
    said: list[ChatCompletionMessageParam] = [
        {
            "role": "user",
            "content": [{"type": "input_audio", "input_audio": {"data": sound, "format": "wav"}}],
        }
    ]
    async with (
        serving(scripted(Step("What time", says="Noon."), senses=senses)) as server,
        server.client() as client,
    ):
        answer = await client.chat.completions.create(
            model="omni",
            messages=said,
            modalities=["text", "audio"],
            audio={"voice": "alloy", "format": "wav"},
        )
    audio = answer.choices[0].message.audio
    assert audio
    assert audio.transcript == "Noon."
    samples, rate = soundfile.read(io.BytesIO(b64decode(audio.data)))
    assert len(samples) / rate > 0.2


async def test_a_conversation_that_the_server_remembers() -> None:
    model = ScriptedModel(Step(says="Nice."), Step(says="Red."))
    agent = Agent(model=model, memory=TransientMemory())
    async with serving(agent) as server, server.client() as client:
        for words in ("I like red.", "What do I like?"):
            answer = await client.chat.completions.create(
                model="omni",
                messages=[{"role": "user", "content": words}],
                user="ana",
                metadata={"session": "colours"},
            )
    assert answer.choices[0].message.content == "Red."
    assert [message.text for message in model.requests[1].messages] == ["I like red.", "Nice.", words]


async def test_errors_are_those_of_the_client() -> None:
    broken = Step(raises=ModelUnavailable("it is not loaded"))
    async with serving(scripted(broken, broken)) as server, server.client() as client:
        with pytest.raises(openai.BadRequestError) as refused:
            await client.chat.completions.create(model="omni", messages=HELLO, temperature=9)
        assert (refused.value.param, refused.value.code) == ("temperature", "invalid_value")
        with pytest.raises(openai.InternalServerError):
            await client.chat.completions.create(model="omni", messages=HELLO)
        stream = await client.chat.completions.create(model="omni", messages=HELLO, stream=True)
        with pytest.raises(openai.APIError, match="not loaded"):
            [chunk async for chunk in stream]


async def test_langchain_with_a_tool_and_a_stream() -> None:
    langchain = pytest.importorskip("langchain_openai")
    steps = (
        Step(calls={"get_weather": {"city": "Oslo"}}),
        Step("rain", says="It rains in Oslo."),
        Step(says="Good day to you."),
        Step(says=RECIPE),
    )
    async with serving(scripted(*steps)) as server, httpx.AsyncClient() as http:
        # Its own client it would leave open.
        chat = langchain.ChatOpenAI(
            model="omni", base_url=server.url, api_key="x", max_retries=0, http_async_client=http
        )
        messages: list[Any] = [("user", "The weather in Oslo?")]
        asked = await chat.bind_tools([WEATHER]).ainvoke(messages)
        [call] = asked.tool_calls
        assert call["args"] == {"city": "Oslo"}
        messages += [asked, {"role": "tool", "tool_call_id": call["id"], "content": "rain"}]
        answer = await chat.bind_tools([WEATHER]).ainvoke(messages)
        pieces = [piece.content async for piece in chat.astream("Hello.")]
        value = await chat.with_structured_output(Recipe, method="json_schema").ainvoke("A recipe.")
    assert answer.content == "It rains in Oslo."
    assert answer.usage_metadata["total_tokens"] > 0
    assert "".join(pieces) == "Good day to you."
    assert value == Recipe(dish="soup", minutes=20)
