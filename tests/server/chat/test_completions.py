"""Chat Completions over HTTP, each body and chunk held against the types of OpenAI's own client."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from pydantic import TypeAdapter

from omni_agent import Agent
from omni_agent.errors import ModelUnavailable
from omni_agent.memory import Scope, TransientMemory
from omni_agent.messages import Hearing
from omni_agent.models.base import ANY_TOOL, ModelEvent, Request
from omni_agent.senses import Senses
from omni_agent.speech.pcm import Pcm
from omni_agent.testing import ScriptedEars, ScriptedModel, Step
from tests.recipes import delete_recipe, deleted, find_recipe
from tests.server.chat.serving import Served, serving

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("nothing_deleted")]

PATH = "/chat/completions"
WHOLE, CHUNK = TypeAdapter(ChatCompletion), TypeAdapter(ChatCompletionChunk)
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Tell the weather.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


def asking(words: str = "Hello.", **more: Any) -> dict[str, Any]:
    return {"model": "gpt-4o", "messages": [{"role": "user", "content": words}], **more}


def told(request: Request) -> list[str]:
    return [message.text for message in request.messages]


async def whole(server: Served, body: dict[str, Any], **headers: str) -> ChatCompletion:
    answer = await server.post(PATH, body, **headers)
    assert answer.status_code == 200, answer.text
    return WHOLE.validate_json(answer.content)


async def chunks(server: Served, body: dict[str, Any]) -> list[ChatCompletionChunk]:
    *data, last = await server.events(PATH, {**body, "stream": True})
    assert last == "[DONE]"
    return [CHUNK.validate_json(item) for item in data]


async def refusal(server: Served, body: object) -> dict[str, Any]:
    answer = await server.post(PATH, body)
    assert answer.status_code == 400, answer.text
    error = answer.json()["error"]
    assert error["type"] == "invalid_request_error"
    return dict(error)


async def test_an_answer_is_one_body() -> None:
    model = ScriptedModel(Step("Hello", says="Good day."))
    async with serving(Agent(name="Omni", model=model, memory=None)) as server:
        answer = await whole(server, asking())
    [choice] = answer.choices
    assert (choice.message.content, choice.finish_reason, choice.index) == ("Good day.", "stop", 0)
    assert answer.model == "omni"
    assert answer.usage
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens > 0
    assert answer.usage.prompt_tokens_details


async def test_the_address_without_a_version_is_the_same() -> None:
    async with serving(Agent(model=ScriptedModel(Step(says="Good day.")), memory=None)) as server:
        answer = await server.http.post(server.url.removesuffix("/v1") + PATH, json=asking())
    assert WHOLE.validate_json(answer.content).choices[0].message.content == "Good day."


async def test_a_stream_begins_with_the_role_and_ends_with_the_reason_and_the_usage() -> None:
    async with serving(Agent(model=ScriptedModel(Step(says="Good day to you.")), memory=None)) as server:
        seen = await chunks(server, asking(stream_options={"include_usage": True}))
    first, *middle, last, usage = seen
    assert first.choices[0].delta.role == "assistant"
    assert "".join(chunk.choices[0].delta.content or "" for chunk in middle) == "Good day to you."
    assert len(middle) == 4
    assert last.choices[0].finish_reason == "stop"
    assert usage.choices == []
    assert usage.usage
    assert usage.usage.completion_tokens == 4
    assert len({(chunk.id, chunk.created, chunk.model) for chunk in seen}) == 1


async def test_no_usage_is_sent_unless_it_is_wanted() -> None:
    async with serving(Agent(model=ScriptedModel(Step(says="Hi.")), memory=None)) as server:
        data = await server.events(PATH, asking(stream=True))
    assert all("usage" not in json.loads(item) for item in data[:-1])


async def test_system_and_developer_messages_become_instructions() -> None:
    model = ScriptedModel(Step(says="Ahoy."))
    messages = [
        {"role": "system", "content": "Speak like a sailor."},
        {"role": "developer", "content": [{"type": "text", "text": "Be brief."}]},
        {"role": "user", "content": "Hello."},
    ]
    async with serving(Agent(model=model, memory=None)) as server:
        await whole(server, asking(messages=messages))
    assert model.requests[0].system.endswith("Speak like a sailor.\n\nBe brief.")


async def test_the_limits_of_a_request_reach_the_model() -> None:
    model = ScriptedModel(Step(says="One two END three", stops="length"))
    limits: dict[str, Any] = {
        "temperature": 0.5,
        "seed": 7,
        "max_completion_tokens": 9,
        "max_tokens": 5,
        "stop": "END",
    }
    async with serving(Agent(model=model, memory=None)) as server:
        answer = await whole(server, asking(**limits))
    [request] = model.requests
    assert (request.temperature, request.seed, request.max_tokens) == (0.5, 7, 9)
    assert (answer.choices[0].message.content or "").strip() == "One two"


@pytest.mark.parametrize("stream", [False, True])
async def test_an_answer_that_ran_out_of_tokens_says_so(stream: bool) -> None:
    async with serving(Agent(model=ScriptedModel(Step(says="One", stops="length")), memory=None)) as server:
        answer = (await chunks(server, asking()))[-1] if stream else await whole(server, asking())
    assert answer.choices[0].finish_reason == "length"


async def test_a_call_of_the_callers_tool_and_its_result() -> None:
    model = ScriptedModel(Step(calls={"get_weather": {"city": "Oslo"}}), Step("rain", says="It rains."))
    async with serving(Agent(model=model, memory=None)) as server:
        answer = await whole(server, asking("The weather in Oslo?", tools=[WEATHER]))
        [choice] = answer.choices
        assert choice.finish_reason == "tool_calls"
        assert choice.message.content is None
        assert choice.message.tool_calls
        [call] = choice.message.tool_calls
        assert call.type == "function"
        assert (call.function.name, json.loads(call.function.arguments)) == ("get_weather", {"city": "Oslo"})
        said = choice.message.model_dump(exclude_none=True)
        result = {"role": "tool", "tool_call_id": call.id, "content": "rain"}
        messages = [*asking("The weather in Oslo?")["messages"], said, result]
        answer = await whole(server, asking(messages=messages, tools=[WEATHER]))
    assert answer.choices[0].message.content == "It rains."


async def test_calls_are_streamed_with_their_numbers() -> None:
    calls = [("get_weather", {"city": "Oslo"}), ("get_weather", {"city": "Rome"})]
    async with serving(Agent(model=ScriptedModel(Step(calls=calls)), memory=None)) as server:
        seen = await chunks(server, asking("The weather?", tools=[WEATHER]))
    found = [call for chunk in seen for call in chunk.choices[0].delta.tool_calls or ()]
    assert [call.index for call in found] == [0, 1]
    assert [call.function.arguments for call in found if call.function] == [
        '{"city": "Oslo"}',
        '{"city": "Rome"}',
    ]
    assert all(call.id for call in found)
    assert seen[-1].choices[0].finish_reason == "tool_calls"


@pytest.mark.parametrize("stream", [False, True])
async def test_one_call_at_a_time_where_the_caller_wants_no_more(stream: bool) -> None:
    calls = [("get_weather", {"city": "Oslo"}), ("get_weather", {"city": "Rome"})]
    body = asking("The weather?", tools=[WEATHER], parallel_tool_calls=False)
    async with serving(Agent(model=ScriptedModel(Step(calls=calls)), memory=None)) as server:
        if stream:
            seen = await chunks(server, body)
            found = [call for chunk in seen for call in chunk.choices[0].delta.tool_calls or ()]
        else:
            found = list((await whole(server, body)).choices[0].message.tool_calls or ())  # type: ignore[arg-type]
    assert len(found) == 1


async def test_memory_holds_that_one_call_alone() -> None:
    calls = [("get_weather", {"city": "Oslo"}), ("get_weather", {"city": "Rome"})]
    model = ScriptedModel(Step(calls=calls), Step(says="Sunny."))
    memory = TransientMemory()
    async with serving(Agent(name="chef", model=model, memory=memory)) as server:
        body = asking("The weather?", tools=[WEATHER], parallel_tool_calls=False, user="ana")
        answer = await whole(server, {**body, "metadata": {"session": "kitchen"}})
        [call] = answer.choices[0].message.tool_calls or []
        [record] = await memory.history(Scope("ana", "chef"), "kitchen")
    assert [made.id for said in record.messages for made in said.tool_calls] == [call.id]


async def test_the_agents_own_tools_run_inside() -> None:
    model = ScriptedModel(Step(calls={"find_recipe": {"dish": "soup"}}), Step("recipe", says="Here it is."))
    async with serving(Agent(model=model, memory=None, tools=[find_recipe])) as server:
        answer = await whole(server, asking("A soup recipe."))
    assert answer.choices[0].message.content == "Here it is."
    assert answer.choices[0].message.tool_calls is None


@pytest.mark.parametrize(
    ("choice", "sent"),
    [
        ("auto", ""),
        ("required", ANY_TOOL),
        ({"type": "function", "function": {"name": "get_weather"}}, "get_weather"),
    ],
)
async def test_the_choice_of_a_tool_reaches_the_model(choice: object, sent: str) -> None:
    model = ScriptedModel(Step(calls={"get_weather": {"city": "Oslo"}}))
    async with serving(Agent(model=model, memory=None)) as server:
        await whole(server, asking("The weather?", tools=[WEATHER], tool_choice=choice))
    assert model.requests[0].tool_choice == sent


async def test_only_allowed_tools_are_offered() -> None:
    model = ScriptedModel(Step(says="No."))
    other = {"type": "function", "function": {"name": "get_time"}}
    allowed = {"mode": "auto", "tools": [{"type": "function", "function": {"name": "get_time"}}]}
    choice = {"type": "allowed_tools", "allowed_tools": allowed}
    async with serving(Agent(model=model, memory=None)) as server:
        await whole(server, asking(tools=[WEATHER, other], tool_choice=choice))
    assert [spec.name for spec in model.requests[0].tools] == ["get_time"]


async def test_a_schema_with_what_nobody_here_can_check_is_taken_all_the_same() -> None:
    model = ScriptedModel(Step(says="No."))
    odd = {"type": "object", "properties": {"a": {"type": "string", "format": "phone"}}, "$id": "x"}
    body = asking(tools=[{"type": "function", "function": {"name": "dial", "parameters": odd}}])
    async with serving(Agent(model=model, memory=None)) as server:
        await whole(server, body)
    assert model.requests[0].tools[0].parameters["properties"] == {"a": {"type": "string"}}


@pytest.mark.parametrize(
    "wanted",
    [
        {"type": "json_object"},
        {
            "type": "json_schema",
            "json_schema": {
                "name": "n",
                "strict": True,
                "schema": {"type": "object", "properties": {"n": {"type": "integer"}}},
            },
        },
    ],
)
async def test_a_form_of_the_answer_reaches_the_model(wanted: dict[str, Any]) -> None:
    model = ScriptedModel(Step(says='{"n": 3}'))
    async with serving(Agent(model=model, memory=None)) as server:
        answer = await whole(server, asking(response_format=wanted))
    assert answer.choices[0].message.content == '{"n": 3}'
    form = model.requests[0].format
    assert form
    assert form["type"] == "object"
    assert ("n" in form.get("properties", {})) == (wanted["type"] == "json_schema")


@pytest.mark.parametrize("stream", [False, True])
async def test_several_answers_have_numbers_and_seeds_of_their_own(stream: bool) -> None:
    model = ScriptedModel(otherwise=lambda request: Step(says=f"Seed {request.seed}."))
    async with serving(Agent(model=model, memory=None)) as server:
        if stream:
            texts = ["", "", ""]
            for chunk in await chunks(server, asking(n=3, seed=5)):
                for choice in chunk.choices:
                    texts[choice.index] += choice.delta.content or ""
        else:
            answer = await whole(server, asking(n=3, seed=5))
            texts = [choice.message.content or "" for choice in answer.choices]
    assert texts == ["Seed 5.", "Seed 6.", "Seed 7."]


async def test_without_a_user_nothing_is_remembered() -> None:
    memory = TransientMemory()
    async with serving(Agent(name="A", model=ScriptedModel(Step(says="Hi.")), memory=memory)) as server:
        await whole(server, asking())
        assert not any([await memory.sessions(Scope(user, "A")) for user in ("local", "nobody")])


async def test_a_user_is_remembered_under_a_conversation_of_its_own() -> None:
    memory = TransientMemory()
    async with serving(Agent(name="A", model=ScriptedModel(Step(says="Hi.")), memory=memory)) as server:
        await whole(server, asking(user="ana"), **server.key("shop"))
        assert len(await memory.sessions(Scope("shop/ana", "A"))) == 1


@pytest.mark.parametrize("named", ["metadata", "header"])
async def test_a_named_conversation_goes_on_where_the_client_sends_only_what_is_new(named: str) -> None:
    model = ScriptedModel(Step(says="Nice."), Step(says="Red."))
    body: dict[str, Any] = {"metadata": {"session": "s"}} if named == "metadata" else {}
    headers = {} if body else {"x_session_id": "s"}
    async with serving(Agent(model=model, memory=TransientMemory())) as server:
        await whole(server, asking("I like red.", **body), **headers)
        await whole(server, asking("What do I like?", **body), **headers)
    assert told(model.requests[1]) == ["I like red.", "Nice.", "What do I like?"]


@pytest.mark.parametrize("stream", [False, True])
async def test_a_question_waits_for_the_yes_of_the_next_message_also_after_a_restart(stream: bool) -> None:
    where = {"metadata": {"session": "s"}, "user": "ana"}

    def agent(*steps: Step) -> Agent:
        # The question outlives the process in either case, the conversation in the memory's file.
        memory = TransientMemory() if stream else "sqlite"
        return Agent(name="A", model=ScriptedModel(*steps), tools=[delete_recipe], memory=memory)

    async with serving(agent(Step(calls={"delete_recipe": {"title": "soup"}}))) as server:
        body = asking("Delete the recipe soup.", **where)
        if stream:
            seen = await chunks(server, body)
            text = "".join(chunk.choices[0].delta.content or "" for chunk in seen)
            reason, own = seen[-1].choices[0].finish_reason, seen[-1].choices[0].delta.model_extra
        else:
            [choice] = (await whole(server, body)).choices
            text, reason, own = choice.message.content or "", choice.finish_reason, choice.message.model_extra
    assert text == "Delete the recipe 'soup'?"
    assert reason == "stop"
    assert own
    [waiting] = own["omni_agent"]["waiting"]
    assert (waiting["name"], waiting["arguments"]) == ("delete_recipe", {"title": "soup"})
    assert not deleted
    async with serving(agent(Step(says="It is gone."))) as server:
        answer = await whole(server, asking("Yes, please.", **where))
    assert answer.choices[0].message.content == "It is gone."
    assert deleted == ["soup"]


async def test_what_needs_a_yes_does_not_run_where_nobody_can_be_asked() -> None:
    model = ScriptedModel(Step(calls={"delete_recipe": {"title": "soup"}}), Step("nobody", says="I did not."))
    async with serving(Agent(model=model, memory=None, tools=[delete_recipe])) as server:
        answer = await whole(server, asking("Delete the recipe soup."))
    assert answer.choices[0].message.content == "I did not."
    assert not deleted


async def test_what_began_in_voice_goes_on_in_text() -> None:
    ears = ScriptedEars(Hearing("I like red.", "en", 1.0, 1.0))
    model = ScriptedModel(Step(says="Nice."), Step(says="Red."), senses=Senses(ears=ears))
    agent = Agent(model=model, memory=TransientMemory())
    async with serving(agent) as server:
        await agent.ask(audio=Pcm.silence(0.3, 16_000), user="ana", session="s")
        await whole(server, asking("What do I like?", user="ana", metadata={"session": "s"}))
    assert told(model.requests[1]) == ["I like red.", "Nice.", "What do I like?"]


async def test_conversations_of_two_keys_of_the_same_name_are_two() -> None:
    model = ScriptedModel(Step(says="Nice."), Step(says="I do not know."))
    body = {"metadata": {"session": "s"}, "user": "ana"}
    async with serving(Agent(model=model, memory=TransientMemory())) as server:
        await whole(server, asking("I like red.", **body), **server.key("one"))
        await whole(server, asking("What do I like?", **body), **server.key("two"))
    assert told(model.requests[1]) == ["What do I like?"]


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"messages": []}, "messages"),
        ({}, "messages"),
        (asking(messages=[{"role": "user"}]), "messages[0].content"),
        (asking(messages=[{"role": "robot", "content": "x"}]), "messages[0]"),
        (asking(messages=[{"role": "user", "content": [{"type": "text"}]}]), "messages[0].content[0].text"),
        (asking(messages=[{"role": "assistant", "content": "x"}]), "messages"),
        (asking(messages=[{"role": "user", "content": ""}]), "messages"),
        (
            asking(messages=[{"role": "tool", "tool_call_id": "1", "content": "x"}]),
            "messages[0].tool_call_id",
        ),
        (asking(temperature=3), "temperature"),
        (asking(max_tokens=0), "max_tokens"),
        (asking(n=99), "n"),
        (asking(n=2, metadata={"session": "s"}), "n"),
        (asking(stop=["a"] * 5), "stop"),
        (asking(logprobs=True), "logprobs"),
        (asking(functions=[{"name": "x"}]), "functions"),
        (asking(seed=2**80), "seed"),
        (
            asking(tools=[{"type": "function", "function": {"name": "f", "parameters": {"a": math.inf}}}]),
            "tools[0].function.parameters",
        ),
        (
            asking(
                messages=[
                    {"role": "user", "content": "Hello."},
                    {
                        "role": "assistant",
                        "tool_calls": [{"id": "1", "function": {"name": "f", "arguments": '{"a": 1e999}'}}],
                    },
                ]
            ),
            "messages[1].tool_calls[0].function.arguments",
        ),
        (asking(tools=[WEATHER, WEATHER]), "tools[1].function.name"),
        (asking(tools=[{"type": "custom"}]), "tools[0].type"),
        (asking(tools=[{"type": "function", "function": {"name": "a b"}}]), "tools[0].function.name"),
        (
            asking(tool_choice={"type": "function", "function": {"name": "x"}}),
            "tool_choice.function.name",
        ),
        (asking(response_format={"type": "json_schema"}), "response_format.json_schema"),
        (asking(modalities=["text", "audio"]), "audio"),
        (asking(modalities=["text", "audio"], audio={"voice": "alloy", "format": "mp3"}), "modalities"),
    ],
)
async def test_what_cannot_be_answered_is_refused_with_its_place(body: object, param: str) -> None:
    async with serving(Agent(model=ScriptedModel(), memory=None)) as server:
        assert (await refusal(server, body))["param"] == param


async def test_what_is_no_json_is_refused() -> None:
    async with serving(Agent(model=ScriptedModel(), memory=None)) as server:
        answer = await server.http.post(PATH, content=b'{"messages": [')
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "invalid_json"


async def test_fields_that_nobody_knows_are_no_mistake() -> None:
    async with serving(Agent(model=ScriptedModel(Step(says="Hi.")), memory=None)) as server:
        await whole(
            server, asking(service_tier="auto", reasoning_effort="low", nonsense={"a": 1}, logprobs=False)
        )


async def test_a_model_that_fails_is_an_error_of_the_server() -> None:
    broken = Step(raises=ModelUnavailable("it is not loaded", remedy="load it"))
    async with serving(Agent(model=ScriptedModel(broken), memory=None)) as server:
        answer = await server.post(PATH, asking())
    assert answer.status_code == 503
    assert answer.json()["error"]["code"] == "model_unavailable"


async def test_a_stream_that_fails_on_its_way_ends_with_the_error() -> None:
    broken = Step(says="One two", raises=ModelUnavailable("it is gone"))
    async with serving(Agent(model=ScriptedModel(broken), memory=None)) as server:
        data = await server.events(PATH, asking(stream=True))
    assert json.loads(data[-1])["error"]["code"] == "model_unavailable"
    assert "[DONE]" not in data


async def test_a_defect_is_told_without_its_details() -> None:
    broken = Step(raises=RuntimeError("secret of the house"))
    async with serving(Agent(model=ScriptedModel(broken, broken), memory=None)) as server:
        answer = await server.post(PATH, asking())
        data = await server.events(PATH, asking(stream=True))
    assert answer.status_code == 500
    assert "secret" not in answer.text + "".join(data)


@pytest.mark.parametrize("stream", [False, True])
async def test_a_client_that_leaves_stops_the_model(stream: bool) -> None:
    started, stopped = asyncio.Event(), asyncio.Event()

    class Endless(ScriptedModel):
        async def stream(self, request: Request) -> AsyncGenerator[ModelEvent, None]:
            try:
                async for event in super().stream(request):
                    started.set()
                    yield event
            finally:
                stopped.set()

    model = Endless(Step(says="One two", holds=asyncio.Event()))
    async with serving(Agent(model=model, memory=None)) as server:
        asked = asyncio.create_task(server.post(PATH, asking(stream=stream)))
        await started.wait()
        assert not stopped.is_set()
        asked.cancel()
        async with asyncio.timeout(5):
            await stopped.wait()
