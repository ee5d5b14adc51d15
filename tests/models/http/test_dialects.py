"""Every dialect against its server: words, calls, speech, and going away in the middle."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest

from omni_agent.events import Usage
from omni_agent.messages import Message, Text, ToolCall, ToolResult
from omni_agent.models.base import OmniModel, SpeechDelta, TextDelta
from tests.models.http.asking import NAMES, OTHER, PCM, SPEAKING, SPEC, answer, ask, asking, run, user
from tests.models.http.server import STALL, Reply
from tests.models.http.wires import WIRES, sse

ARGUMENTS = '{"minutes": 3, "name": "Tee für Ömer 🫖"}'


@pytest.mark.parametrize("name", NAMES)
def test_words_come_as_they_are_written_with_what_was_counted(name: str) -> None:
    async def main() -> None:
        reply = WIRES[name].reply(["Grüß", " Gott, ", "世界 🌍"])
        async with asking(name, reply) as (model, server):
            came = await answer(model, ask())
            assert isinstance(model, OmniModel)
            assert came.text == "Grüß Gott, 世界 🌍"
            assert came.usage == Usage(40, 0, 7)
            assert came.reason == "stop"
            assert server.bodies[0]["stream"] is True
            assert server.asked[0].path == ("/api/chat" if name == "ollama" else server.asked[0].path)
            assert server.asked[0].headers["authorization"] == "Bearer secret-key"

    run(main())


@pytest.mark.parametrize("name", NAMES)
def test_a_call_is_read_wherever_the_server_puts_it(name: str) -> None:
    async def main() -> None:
        reply = WIRES[name].reply(calls=[("set_timer", ARGUMENTS), ("look", "{}")])
        async with asking(name, reply) as (model, _):
            came = await answer(model, ask(tools=(SPEC, OTHER)))
            assert came.calls == [("set_timer", json.loads(ARGUMENTS)), ("look", {})]
            assert came.text == ""
            assert came.reason == "tool_calls"

    run(main())


@pytest.mark.parametrize("name", NAMES)
def test_an_answer_that_is_too_long_says_so(name: str) -> None:
    async def main() -> None:
        async with asking(name, WIRES[name].reply(["Once"], reason="length")) as (model, _):
            assert (await answer(model, ask())).reason == "length"

    run(main())


@pytest.mark.parametrize("name", NAMES)
def test_a_conversation_with_calls_is_one_that_the_server_takes(name: str) -> None:
    call = ToolCall("call_9", "set_timer", {"minutes": 3, "name": "Ömer"})
    messages = (
        user("a timer"),
        Message("assistant", (Text("Gladly."), call)),
        Message("tool", (ToolResult("call_9", "set_timer", "done", "runs"),)),
        Message("assistant", (Text("It runs."),)),
        user("thanks"),
    )

    async def main() -> None:
        async with asking(name, WIRES[name].reply(["Bye."])) as (model, server):
            request = replace(
                ask(tools=(SPEC,)), messages=messages, background="Ada met Bo.", context="It rains."
            )
            assert (await answer(model, request)).text == "Bye."
            said = json.dumps(server.bodies[0]["messages"], ensure_ascii=False)
            assert "Ömer" in said
            assert "runs" in said
            assert server.bodies[0]["messages"][0]["content"].startswith("You are Ada.")
            assert server.bodies[0]["messages"][-1]["content"] == "thanks\n(It rains.)"

    run(main())


@pytest.mark.parametrize("name", SPEAKING)
def test_speech_comes_sample_for_sample_between_the_words(name: str) -> None:
    async def main() -> None:
        reply = WIRES[name].reply(["One, ", "two."], speech=[PCM[:4000], PCM[4000:]])
        async with asking(name, reply) as (model, server):
            came = await answer(model, ask(speech=True))
            assert came.text == "One, two."
            assert came.pcm == PCM
            assert came.rates == {24_000}
            assert server.bodies[0]["modalities"] == ["text", "audio"]
            kinds = [type(event) for event in came.events[:4]]
            assert kinds == [TextDelta, SpeechDelta, TextDelta, SpeechDelta]

    run(main())


@pytest.mark.parametrize("name", sorted(set(SPEAKING) - {"openai"}))
def test_while_tools_may_be_called_words_are_asked_for_first_and_speech_after(name: str) -> None:
    async def main() -> None:
        silent, spoken = WIRES[name].reply(["Formal."]), WIRES[name].reply(["Hey."], speech=[PCM])
        async with asking(name, silent, spoken) as (model, server):
            came = await answer(model, ask(tools=(SPEC,), speech=True))
            first, second = server.bodies
            assert (came.text, came.pcm) == ("Hey.", PCM)
            assert came.usage == Usage(80, 0, 14)
            assert first["modalities"] == ["text"]
            assert "audio" not in first
            assert "set_timer" in json.dumps(first)
            assert second["modalities"] == ["text", "audio"]
            assert "set_timer" not in json.dumps(second)

    run(main())


@pytest.mark.parametrize("name", SPEAKING)
def test_a_call_costs_no_request_for_speech(name: str) -> None:
    async def main() -> None:
        reply = WIRES[name].reply(["Let me see. "], calls=[("look", "{}")])
        async with asking(name, reply) as (model, server):
            came = await answer(model, ask(tools=(OTHER,), speech=True))
            assert came.calls == [("look", {})]
            assert came.reason == "tool_calls"
            assert len(server.bodies) == 1

    run(main())


@pytest.mark.parametrize("name", NAMES)
def test_who_stops_listening_ends_the_request_at_once(name: str) -> None:
    wire = WIRES[name]

    async def main() -> None:
        endless = Reply([wire.frame(wire.words("One ")), STALL], kind=wire.kind)
        async with asking(name, endless, wire.reply(["Again."])) as (model, server):
            events = model.stream(ask())
            assert await anext(events) == TextDelta("One ")
            await events.aclose()
            await asyncio.wait_for(server.gone.wait(), 5)
            assert (await answer(model, ask())).text == "Again."

    run(main())


@pytest.mark.parametrize("name", NAMES)
def test_cancelling_the_listener_ends_the_request_too(name: str) -> None:
    wire = WIRES[name]

    async def main() -> None:
        endless = Reply([wire.frame(wire.words("One ")), STALL], kind=wire.kind)
        async with asking(name, endless, wire.reply(["Again."])) as (model, server):
            begun = asyncio.Event()

            async def listen() -> None:
                async for _ in model.stream(ask()):
                    begun.set()

            task = asyncio.create_task(listen())
            await begun.wait()
            task.cancel()
            await asyncio.wait_for(server.gone.wait(), 5)
            assert (await answer(model, ask())).text == "Again."

    run(main())


@pytest.mark.parametrize("name", NAMES)
def test_one_connection_serves_all_requests(name: str) -> None:
    async def main() -> None:
        async with asking(name, WIRES[name].reply(["Hi."])) as (model, server):
            await model.prewarm(ask())
            for _ in range(3):
                await answer(model, ask())
            assert server.connections == 1

    run(main())


@pytest.mark.parametrize("name", NAMES)
def test_the_model_is_the_first_that_the_server_serves_where_none_is_named(name: str) -> None:
    async def main() -> None:
        async with asking(name, WIRES[name].reply(["Hi."]), model="") as (model, server):
            await answer(model, ask())
            usual = WIRES[name].dialect.model
            served = {"ollama": "qwen3:4b"}.get(name, "Qwen/Qwen3-Omni-30B-A3B-Instruct")
            assert server.bodies[0]["model"] == (usual or served)

    run(main())


@pytest.mark.parametrize("name", NAMES)
def test_warming_up_computes_the_prefix_on_a_server_of_ones_own_only(name: str) -> None:
    async def main() -> None:
        async with asking(name, WIRES[name].reply(["H"], reason="length")) as (model, server):
            await model.prewarm(replace(ask(tools=(SPEC,)), messages=()))
            if name in {"dashscope", "openai"}:
                assert server.bodies == []
                assert len(server.asked) == 1
            else:
                assert server.bodies[0]["messages"][-1] == {"role": "user", "content": "Hello."}

    run(main())


def test_a_body_in_one_piece_is_read_too() -> None:
    """Gateways that do not stream, and vLLM-Omni's one choice or two."""

    async def main() -> None:
        from tests.models.http.wires import base64_of, wav

        audio = {"id": "audio-1", "data": base64_of(wav(PCM)), "expires_at": 1, "transcript": ""}
        text = {"index": 0, "message": {"role": "assistant", "content": "Hi."}, "finish_reason": "stop"}
        sound = {"index": 1, "message": {"role": "assistant", "audio": audio}, "finish_reason": "stop"}
        both = {"index": 0, "message": {"role": "assistant", "content": "Hi.", "audio": audio}}
        usage = {"prompt_tokens": 4, "completion_tokens": 2, "total_tokens": 6}
        for choices in ([text, sound], [both]):
            body = json.dumps({"choices": choices, "usage": usage}).encode()
            async with asking("vllm-omni", Reply([body], kind="application/json")) as (model, _):
                came = await answer(model, ask(speech=True))
                assert (came.text, came.pcm, came.reason) == ("Hi.", PCM, "stop")
                assert came.usage == Usage(4, 0, 2)

    run(main())


def test_a_whole_answer_with_calls_is_read_too() -> None:
    async def main() -> None:
        call = {"id": "c", "type": "function", "function": {"name": "look", "arguments": "{}"}}
        message = {"role": "assistant", "content": None, "tool_calls": [call]}
        body = {"choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}]}
        reply = Reply([json.dumps(body).encode()], kind="application/json; charset=utf-8")
        async with asking("vllm", reply) as (model, _):
            assert (await answer(model, ask(tools=(OTHER,)))).calls == [("look", {})]

    run(main())


def test_comments_and_unknown_fields_of_the_stream_are_passed_over() -> None:
    async def main() -> None:
        wire = WIRES["vllm"]
        parts = [b": ping\n\n", b"event: message\nid: 4\n", *wire.reply(["Hi."]).parts, sse("[DONE]")]
        async with asking("vllm", Reply(parts)) as (model, _):
            assert (await answer(model, ask())).text == "Hi."

    run(main())
