"""Responses over HTTP, each body and event held against the types of OpenAI's own client."""

from __future__ import annotations

import asyncio
import io
import json
from base64 import b64encode
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from openai.types.responses import Response, ResponseFunctionToolCall, ResponseStreamEvent
from PIL import Image as Picture
from pydantic import TypeAdapter

from omni_agent import Agent
from omni_agent.errors import ModelUnavailable
from omni_agent.memory import Scope, TransientMemory
from omni_agent.messages import Image
from omni_agent.models.base import Capabilities, ModelEvent, Request
from omni_agent.testing import ScriptedModel, Step
from tests.recipes import delete_recipe, deleted
from tests.server.chat.serving import Served, serving

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("nothing_deleted")]

PATH = "/responses"
WHOLE: TypeAdapter[Response] = TypeAdapter(Response)
EVENT: TypeAdapter[ResponseStreamEvent] = TypeAdapter(ResponseStreamEvent)
WEATHER = {
    "type": "function",
    "name": "get_weather",
    "description": "Tell the weather.",
    "strict": True,
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}


def asking(given: object = "Hello.", **more: Any) -> dict[str, Any]:
    return {"model": "gpt-4o", "input": given, **more}


def told(request: Request) -> list[str]:
    return [message.text for message in request.messages]


async def whole(server: Served, body: dict[str, Any], **headers: str) -> Response:
    answer = await server.post(PATH, body, **headers)
    assert answer.status_code == 200, answer.text
    return WHOLE.validate_json(answer.content)


async def streamed(server: Served, body: dict[str, Any]) -> list[Any]:
    data = await server.events(PATH, {**body, "stream": True})
    events = [EVENT.validate_json(item) for item in data]
    assert [event.sequence_number for event in events] == list(range(len(events)))
    return events


def kinds(events: list[Any]) -> list[str]:
    """The types, those that repeat one another told once."""
    found = [event.type.removeprefix("response.") for event in events]
    return [kind for before, kind in zip(["", *found], found, strict=False) if kind != before]


async def test_an_answer_is_one_body() -> None:
    async with serving(
        Agent(name="Omni", model=ScriptedModel(Step(says="Good day.")), memory=None)
    ) as server:
        answer = await whole(server, asking(metadata={"a": "b"}, instructions="Be brief."))
    assert (answer.output_text, answer.status, answer.model) == ("Good day.", "completed", "omni")
    assert (answer.metadata, answer.instructions) == ({"a": "b"}, "Be brief.")
    assert answer.usage
    assert answer.usage.total_tokens == answer.usage.input_tokens + answer.usage.output_tokens > 0


async def test_a_stream_tells_all_in_order() -> None:
    async with serving(Agent(model=ScriptedModel(Step(says="Good day to you.")), memory=None)) as server:
        events = await streamed(server, asking())
    assert kinds(events) == [
        "created",
        "in_progress",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "completed",
    ]
    deltas = [event.delta for event in events if event.type == "response.output_text.delta"]
    assert len(deltas) == 4
    assert "".join(deltas) == events[-1].response.output_text == "Good day to you."
    assert events[0].response.id == events[-1].response.id
    assert events[-1].response.usage.output_tokens == 4


async def test_the_name_of_an_event_is_its_type() -> None:
    async with serving(Agent(model=ScriptedModel(Step(says="Hi.")), memory=None)) as server:
        answer = await server.post(PATH, asking(stream=True))
    pairs = [block.split("\n") for block in answer.text.strip().split("\n\n")]
    assert all(
        name.removeprefix("event: ") == json.loads(data.removeprefix("data: "))["type"]
        for name, data in pairs
    )


async def test_calls_are_items_of_their_own() -> None:
    calls = [("get_weather", {"city": "Oslo"}), ("get_weather", {"city": "Rome"})]
    model = ScriptedModel(Step(says="I look.", calls=calls))
    async with serving(Agent(model=model, memory=None)) as server:
        events = await streamed(server, asking("The weather?", tools=[WEATHER]))
    call = [
        "output_item.added",
        "function_call_arguments.delta",
        "function_call_arguments.done",
        "output_item.done",
    ]
    assert kinds(events)[-9:] == [*call, *call, "completed"]
    output = events[-1].response.output
    assert [item.type for item in output] == ["message", "function_call", "function_call"]
    assert [json.loads(item.arguments)["city"] for item in output[1:]] == ["Oslo", "Rome"]
    added = [event.output_index for event in events if event.type == "response.output_item.added"]
    assert added == [0, 1, 2]


@pytest.mark.parametrize("way", ["previous_response_id", "input", "conversation"])
async def test_results_of_calls_go_on_with_their_turn(way: str) -> None:
    model = ScriptedModel(Step(calls={"get_weather": {"city": "Oslo"}}), Step("rain", says="It rains."))
    asked = "The weather in Oslo?"
    more: dict[str, Any] = {"conversation": "c"} if way == "conversation" else {}
    async with serving(Agent(model=model, memory=TransientMemory())) as server:
        first = await whole(server, asking(asked, tools=[WEATHER], **more))
        [call] = first.output
        assert isinstance(call, ResponseFunctionToolCall)
        result = {"type": "function_call_output", "call_id": call.call_id, "output": "rain"}
        if way == "previous_response_id":
            body = asking([result], previous_response_id=first.id)
        elif way == "conversation":
            body = asking([result], **more)
        else:
            body = asking([{"role": "user", "content": asked}, call.model_dump(exclude_none=True), result])
        answer = await whole(server, {**body, "tools": [WEATHER]})
    assert answer.output_text == "It rains."
    assert [message.role for message in model.requests[1].messages] == ["user", "assistant", "tool"]


async def test_messages_of_all_roles_are_read() -> None:
    model = ScriptedModel(Step(says="Red."))
    items = [
        {"role": "developer", "content": "Be brief."},
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "I like red."}]},
        {"type": "reasoning", "id": "rs_1", "summary": []},
        {
            "type": "message",
            "role": "assistant",
            "id": "msg_1",
            "status": "completed",
            "content": [{"type": "output_text", "text": "Nice.", "annotations": []}],
        },
        {"role": "user", "content": "What do I like?"},
    ]
    async with serving(Agent(model=model, memory=None)) as server:
        await whole(server, asking(items, instructions="Be kind."))
    assert told(model.requests[0]) == ["I like red.", "Nice.", "What do I like?"]
    assert model.requests[0].system.endswith("Be kind.\n\nBe brief.")


async def test_a_picture_reaches_a_model_that_sees() -> None:
    file = io.BytesIO()
    Picture.new("RGB", (60, 30), "white").save(file, "PNG")
    url = f"data:image/png;base64,{b64encode(file.getvalue()).decode()}"
    parts = [{"type": "input_text", "text": "Which colour?"}, {"type": "input_image", "image_url": url}]
    able = Capabilities(inputs=frozenset({"text", "image"}))
    model = ScriptedModel(Step(says="White."), capabilities=able)
    async with serving(Agent(model=model, memory=None)) as server:
        await whole(server, asking([{"role": "user", "content": parts}]))
    assert any(isinstance(part, Image) for part in model.requests[0].messages[0].parts)


async def test_a_conversation_goes_on_without_a_picture_that_was_erased_since() -> None:
    file = io.BytesIO()
    Picture.new("RGB", (60, 30), "white").save(file, "PNG")
    url = f"data:image/png;base64,{b64encode(file.getvalue()).decode()}"
    shown = [{"role": "user", "content": [{"type": "input_image", "image_url": url}]}]
    able = Capabilities(inputs=frozenset({"text", "image"}))
    model = ScriptedModel(Step(says="White."), Step(says="It was white."), capabilities=able)
    agent = Agent(model=model, memory=None)
    async with serving(agent) as server:
        first = await whole(server, asking(shown))
        [part] = model.requests[0].messages[0].media
        agent.parts.media.delete(part.ref)
        answer = await whole(server, asking("Which colour was it?", previous_response_id=first.id))
    assert answer.output_text == "It was white."
    assert "no longer kept" in told(model.requests[1])[0]


async def test_a_form_of_the_answer_reaches_the_model_and_is_echoed() -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    model = ScriptedModel(Step(says='{"n": 3}'))
    text = {"format": {"type": "json_schema", "name": "n", "strict": True, "schema": schema}}
    async with serving(Agent(model=model, memory=None)) as server:
        answer = await server.post(PATH, asking(text=text))
    assert WHOLE.validate_json(answer.content).output_text == '{"n": 3}'
    assert answer.json()["text"] == text
    assert model.requests[0].format == schema


@pytest.mark.parametrize("stream", [False, True])
async def test_an_answer_that_ran_out_of_tokens_is_incomplete(stream: bool) -> None:
    body = asking(max_output_tokens=2)
    async with serving(
        Agent(model=ScriptedModel(Step(says="One two", stops="length")), memory=None)
    ) as server:
        if stream:
            last = (await streamed(server, body))[-1]
            assert last.type == "response.incomplete"
            answer = last.response
        else:
            answer = await whole(server, body)
    assert answer.status == "incomplete"
    told = answer.model_dump()
    assert told["incomplete_details"]["reason"] == "max_output_tokens"
    assert told["output"][0]["status"] == "incomplete"


async def test_a_stream_that_fails_on_its_way_ends_as_failed() -> None:
    broken = Step(says="One two", raises=ModelUnavailable("it is gone"))
    async with serving(Agent(model=ScriptedModel(broken), memory=None)) as server:
        events = await streamed(server, asking())
    assert kinds(events)[-2:] == ["output_item.done", "failed"]
    answer = events[-1].response
    assert (answer.status, answer.error.code) == ("failed", "server_error")
    assert answer.output_text == "One two"


async def test_a_model_that_fails_is_an_error_of_the_server() -> None:
    broken = Step(raises=ModelUnavailable("it is not loaded"))
    async with serving(Agent(model=ScriptedModel(broken), memory=None)) as server:
        assert (await server.post(PATH, asking())).status_code == 503


@pytest.mark.parametrize("stream", [False, True])
async def test_an_answer_is_kept_for_its_caller_until_he_deletes_it(stream: bool) -> None:
    agent = Agent(name="A", model=ScriptedModel(Step(says="Hi.")), memory=TransientMemory())
    async with serving(agent) as server:
        mine = server.key("ana")
        answer = await server.post(PATH, asking(stream=stream), **mine)
        id_ = answer.text.partition("resp_")[2].partition('"')[0]
        place = f"{PATH}/resp_{id_}"
        assert (await server.http.get(place)).status_code == 404
        assert (await server.http.delete(place)).status_code == 404
    async with serving(Agent(name="A", model=ScriptedModel(), memory=TransientMemory())) as server:
        found = WHOLE.validate_json((await server.http.get(place, headers=mine)).content)
        assert found.output_text == "Hi."
        gone = await server.http.delete(place, headers=mine)
        assert gone.json() == {"id": f"resp_{id_}", "object": "response", "deleted": True}
        assert (await server.http.get(place, headers=mine)).status_code == 404


async def test_what_is_not_to_be_kept_is_not(home: Path) -> None:
    async with serving(Agent(model=ScriptedModel(Step(says="Hi.")), memory=TransientMemory())) as server:
        answer = await whole(server, asking(store=False))
        assert (await server.http.get(f"{PATH}/{answer.id}")).status_code == 404
        refused = await server.post(PATH, asking(previous_response_id=answer.id))
    assert refused.json()["error"]["code"] == "previous_response_not_found"


async def test_an_agent_that_forgets_all_leaves_no_file(home: Path) -> None:
    async with serving(Agent(model=ScriptedModel(Step(says="Hi.")), memory=None)) as server:
        answer = await whole(server, asking())
        assert (await server.http.get(f"{PATH}/{answer.id}")).status_code == 200
    assert not (home / "responses.db").exists()


async def test_a_conversation_goes_on_from_any_of_its_answers_also_after_a_restart() -> None:
    def agent(*steps: Step) -> tuple[Agent, ScriptedModel]:
        model = ScriptedModel(*steps)
        return Agent(name="A", model=model, memory=TransientMemory()), model

    first, _ = agent(Step(says="Nice."), Step(says="Good."))
    async with serving(first) as server:
        red = await whole(server, asking("I like red."))
        await whole(server, asking("And blue.", previous_response_id=red.id))
    second, model = agent(Step(says="Red."))
    async with serving(second) as server:
        answer = await whole(server, asking("What do I like?", previous_response_id=red.id))
    assert answer.previous_response_id == red.id
    assert told(model.requests[0]) == ["I like red.", "Nice.", "What do I like?"]


async def test_a_question_waits_in_a_conversation_for_its_yes() -> None:
    model = ScriptedModel(Step(calls={"delete_recipe": {"title": "soup"}}), Step(says="It is gone."))
    async with serving(Agent(model=model, memory=TransientMemory(), tools=[delete_recipe])) as server:
        asked = await whole(server, asking("Delete the recipe soup.", user="ana"))
        assert (asked.output_text, asked.status) == ("Delete the recipe 'soup'?", "completed")
        [waiting] = (asked.output[0].model_extra or {})["omni_agent"]["waiting"]
        assert waiting["name"] == "delete_recipe"
        assert not deleted
        answer = await whole(server, asking("Yes.", user="ana", previous_response_id=asked.id))
    assert answer.output_text == "It is gone."
    assert deleted == ["soup"]


async def test_a_named_conversation_is_remembered_and_others_are_not() -> None:
    memory = TransientMemory()
    model = ScriptedModel(Step(says="Hi."), Step(says="Nice."), Step(says="Red."))
    async with serving(Agent(name="A", model=model, memory=memory)) as server:
        await whole(server, asking())
        named = await whole(server, asking("I like red.", conversation={"id": "c"}))
        await whole(server, asking("What do I like?", conversation="c"))
        assert [summary.id for summary in await memory.sessions(Scope("local", "A"))] == ["c"]
    assert named.conversation
    assert named.conversation.id == "c"
    assert told(model.requests[2]) == ["I like red.", "Nice.", "What do I like?"]


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"model": "x"}, "input"),
        (asking([]), "input"),
        (asking(""), "input"),
        (asking([{"role": "assistant", "content": "x"}]), "input"),
        (asking([{"role": "user"}]), "input[0].content"),
        (asking([{"type": "web_search_call", "id": "x"}]), "input[0]"),
        (asking([{"type": "function_call_output", "call_id": "1", "output": "x"}]), "input[0].call_id"),
        (
            asking([{"type": "function_call", "call_id": "1", "name": "x", "arguments": "["}]),
            "input[0].arguments",
        ),
        (
            asking([{"role": "user", "content": [{"type": "input_image", "file_id": "x"}]}]),
            "input[0].content[0].file_id",
        ),
        (asking(tools=[WEATHER, WEATHER]), "tools[1].name"),
        (asking(tools=[{"type": "web_search"}]), "tools[0].type"),
        (asking(tool_choice={"type": "function", "name": "x"}), "tool_choice.name"),
        (asking(text={"format": {"type": "json_schema", "name": "x"}}), "text.format.schema"),
        (asking(background=True), "background"),
        (asking(prompt={"id": "x"}), "prompt"),
        (asking(previous_response_id="x", conversation="c"), "previous_response_id"),
        (asking(previous_response_id="x"), "previous_response_id"),
        (asking(max_output_tokens=0), "max_output_tokens"),
    ],
)
async def test_what_cannot_be_answered_is_refused_with_its_place(body: object, param: str) -> None:
    async with serving(Agent(model=ScriptedModel(), memory=None)) as server:
        answer = await server.post(PATH, body)
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["param"] == param


async def test_a_client_that_leaves_stops_the_model_and_nothing_is_kept(home: Path) -> None:
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
    async with serving(Agent(model=model, memory=TransientMemory())) as server:
        asked = asyncio.create_task(server.post(PATH, asking(stream=True)))
        await started.wait()
        asked.cancel()
        async with asyncio.timeout(5):
            await stopped.wait()
    assert not (home / "responses.db").exists()
