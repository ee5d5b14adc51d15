"""Servers that fail: the request ends in time with an error that says what to do, and the next one works."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

import httpx
import pytest

from omni_agent import Agent
from omni_agent.errors import ModelError, ModelUnavailable
from omni_agent.events import ErrorRaised, SpeechChunk, TextDelta, TurnEnded
from omni_agent.models.http.address import Address
from omni_agent.models.http.connection import Limits
from omni_agent.models.http.dialects import DIALECTS
from omni_agent.models.http.model import HttpModel
from omni_agent.models.http.refusal import wait_of
from omni_agent.testing.virtual_time import in_virtual_time
from tests.models.http.asking import NAMES, PCM, QUICK, answer, ask, asking, run
from tests.models.http.server import CUT, STALL, Reply, failure
from tests.models.http.wires import WIRES, _frame, base64_of, sse, wav

SPOKEN = WIRES["vllm-omni"]
SHORT = replace(QUICK, first=0.3, between=0.3)


def spoken(pcm_or_wav: bytes) -> bytes:
    return sse({**_frame({"content": base64_of(pcm_or_wav)}), "modality": "audio"})


HELLO = sse(SPOKEN.words("Hello, "))
END = SPOKEN.end("stop")
MARKUP = '<tool_call>\n{"name": "set_timer", "arguments": {"minutes": 3}}\n</tool_call>'
FAULTS = {
    "closes in the middle of a word": (Reply([HELLO, b'data: {"choices": [{"del', CUT]), "answer_cut"),
    "ends without having ended": (Reply([HELLO]), "answer_cut"),
    "sends garbage": (Reply([HELLO, b"data: {oops\n\n", *END]), "answer_garbled"),
    "sends JSON that is no answer": (Reply([HELLO, b"data: [1, 2]\n\n", *END]), "answer_garbled"),
    "sends a page": (Reply([b"<html>Sign in</html>"], kind="text/html"), "answer_garbled"),
    "stalls before its answer": (Reply([STALL]), "answer_stalled"),
    "stalls in its answer": (Reply([HELLO, STALL]), "answer_stalled"),
    "has too much to do": (failure(429, "slow down"), "model_overloaded"),
    "fails": (failure(500, "CUDA out of memory"), "model_error"),
    "fails in its answer": (Reply([HELLO, sse({"error": {"message": "engine dead"}})]), "model_error"),
    "is not ready": (failure(503, "loading"), "model_unavailable"),
    "does not know the key": (failure(401, "invalid api key"), "key_refused"),
    "does not have the model": (failure(404, "no such model"), "model_missing"),
    "refuses": (failure(400, "no"), "request_refused"),
    "sends on": (Reply([], 307, headers={"Location": "https://elsewhere"}), "model_error"),
    "has a wrong rate": (Reply([HELLO, spoken(wav(PCM, 7)), *END]), "speech_invalid"),
    "sends no speech": (Reply([HELLO, *END]), "speech_missing"),
    "sends speech that is none": (Reply([HELLO, spoken(b"RIFF") + spoken(b"!!"), *END]), "speech_missing"),
    "calls in the middle of its speech": (
        Reply([HELLO, spoken(wav(PCM)), sse(SPOKEN.words(MARKUP)), spoken(wav(PCM)), *END]),
        "call_in_speech",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_turn_on_a_failing_server_ends_with_a_reason_and_the_next_one_works(fault: str) -> None:
    reply, code = FAULTS[fault]

    async def main() -> None:
        good = SPOKEN.reply(["Good ", "day."], speech=[PCM])
        times = 3 if reply.status in {429, 500, 503} else 1
        async with (
            asking("vllm-omni", *[reply] * times, good, limits=SHORT) as (model, server),
            Agent(name="Ada", model=model, memory=None) as agent,
        ):
            events = [event async for event in agent.stream("hi", speak=True)]
            (error,) = [event for event in events if isinstance(event, ErrorRaised)]
            assert error.code == code
            assert error.remedy
            assert isinstance(events[-1], TurnEnded)
            assert events[-1].status == "failed"
            assert not any("tool_call" in event.text for event in events if isinstance(event, TextDelta))
            events = [event async for event in agent.stream("again", speak=True)]
            assert isinstance(events[-1], TurnEnded)
            assert (events[-1].status, events[-1].text) == ("done", "Good day.")
            assert any(isinstance(event, SpeechChunk) for event in events)
            roles = [message["role"] for message in server.bodies[-1]["messages"]]
            assert roles[-1] == "user"
            assert "tool" not in roles

    run(main())


@pytest.mark.parametrize("name", NAMES)
def test_every_dialect_ends_with_an_error_where_its_server_breaks_off(name: str) -> None:
    wire = WIRES[name]

    async def main() -> None:
        cut = Reply([wire.frame(wire.words("Hi ")), CUT], kind=wire.kind)
        unended = Reply([wire.frame(wire.words("Hi "))], kind=wire.kind)
        for reply in (cut, unended):
            async with asking(name, reply, wire.reply(["Hi."])) as (model, _):
                with pytest.raises(ModelError) as raised:
                    await answer(model, ask())
                assert raised.value.code == "answer_cut"
                assert (await answer(model, ask())).text == "Hi."

    run(main())


@pytest.mark.parametrize("name", NAMES)
def test_no_server_says_how_to_start_one(name: str) -> None:
    async def main() -> None:
        model = HttpModel(DIALECTS[name], Address.parse("http://127.0.0.1:9#m"), key="k")
        with pytest.raises(ModelUnavailable) as raised:
            await answer(model, ask())
        assert "http://127.0.0.1:9" in raised.value.message
        start = DIALECTS[name].start
        assert raised.value.remedy == (f"start it: {start}" if start else raised.value.remedy)
        with pytest.raises(ModelUnavailable):
            await model.prewarm()

    run(main())


@pytest.mark.parametrize("name", ["dashscope", "openai"])
def test_a_service_without_a_key_names_the_variable_and_is_not_asked(name: str) -> None:
    async def main() -> None:
        async with asking(name, WIRES[name].reply(["Hi."]), key="") as (model, server):
            for wrong in (answer(model, ask()), model.prewarm(ask())):
                with pytest.raises(ModelUnavailable, match=f"set {DIALECTS[name].key}"):
                    await wrong
            assert server.asked == []

    run(main())


def test_the_key_stands_in_no_error_and_no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    async def main() -> None:
        echo = failure(401, "Incorrect API key provided: secret-key")
        inside = Reply([sse({"error": {"message": "secret-key is over its limit"}})])
        for reply in (echo, inside):
            async with asking("vllm", reply) as (model, _):
                with pytest.raises(ModelError) as raised:
                    await answer(model, ask())
                assert "secret-key" not in str(raised.value)
                assert "secret-key" not in repr(model)

    run(main())
    assert "secret-key" not in caplog.text


def test_a_failure_that_may_pass_is_tried_again_before_anything_was_said() -> None:
    async def main() -> None:
        good = WIRES["vllm"].reply(["Hi."])
        async with asking("vllm", failure(500, "x"), failure(429, "y", retry_after="0"), good) as (
            model,
            server,
        ):
            assert (await answer(model, ask())).text == "Hi."
            assert len(server.bodies) == 3
            assert server.connections == 1
        async with asking("vllm", failure(400, "x"), good) as (model, server):
            with pytest.raises(ModelError):
                await answer(model, ask())
            assert len(server.bodies) == 1

    run(main())


def test_nothing_is_tried_again_once_words_were_said() -> None:
    async def main() -> None:
        async with asking("vllm", Reply([sse(_frame({"content": "Hi"})), CUT])) as (model, server):
            with pytest.raises(ModelError):
                await answer(model, ask())
            assert len(server.bodies) == 1

    run(main())


class Slow(httpx.AsyncBaseTransport):
    """A network in virtual time: answers after so many seconds, each with a status and headers."""

    def __init__(self, *answers: tuple[float, int, dict[str, str]], then: float = 0.0) -> None:
        self.answers = list(answers)
        self.then = then
        self.at: list[float] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.at.append(asyncio.get_running_loop().time())
        seconds, status, headers = self.answers.pop(0)
        await asyncio.sleep(seconds)
        parts = WIRES["vllm"].reply(["Hi ", "you."]).parts
        stream = Body([part for part in parts if isinstance(part, bytes)], self.then)
        return httpx.Response(status, headers=headers, stream=stream)


class Body(httpx.AsyncByteStream):
    def __init__(self, parts: list[bytes], pause: float) -> None:
        self.parts = parts
        self.pause = pause

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for part in self.parts:
            yield part
            await asyncio.sleep(self.pause)


def slow(
    *answers: tuple[float, int, dict[str, str]], then: float = 0.0, **limits: float
) -> tuple[HttpModel, Slow]:
    network = Slow(*answers, then=then)
    address = Address.parse("http://far#m")
    return HttpModel(DIALECTS["vllm"], address, limits=Limits(**limits), transport=network), network  # type: ignore[arg-type]


def now() -> float:
    return asyncio.get_running_loop().time()


@in_virtual_time
async def test_a_server_that_stalls_for_a_minute_costs_half_of_one() -> None:
    model, _ = slow((60.0, 200, {}))
    with pytest.raises(ModelError, match="nothing for 30 seconds"):
        await answer(model, ask())
    assert now() == pytest.approx(30)


@in_virtual_time
async def test_each_stage_of_waiting_has_a_limit_of_its_own() -> None:
    model, _ = slow((20.0, 200, {}), then=25.0)
    assert (await answer(model, ask())).text == "Hi you."
    model, _ = slow((20.0, 200, {}), then=60.0)
    with pytest.raises(ModelError) as raised:
        await answer(model, ask())
    assert raised.value.code == "answer_stalled"


@in_virtual_time
async def test_a_server_says_how_long_to_wait() -> None:
    model, network = slow((0, 429, {"Retry-After": "3"}), (0, 429, {"retry-after-ms": "1500"}), (0, 200, {}))
    assert (await answer(model, ask())).text == "Hi you."
    assert network.at == pytest.approx([0.0, 3.0, 4.5])


@in_virtual_time
async def test_a_server_that_wants_a_long_wait_is_not_waited_for() -> None:
    model, network = slow((0, 429, {"Retry-After": "3600"}))
    with pytest.raises(ModelError) as raised:
        await answer(model, ask())
    assert raised.value.code == "model_overloaded"
    assert (now(), len(network.at)) == (0.0, 1)


@in_virtual_time
async def test_without_a_word_the_pause_doubles() -> None:
    model, network = slow((0, 500, {}), (0, 500, {}), (0, 200, {}), pause=1.0)
    await answer(model, ask())
    first, second = network.at[1] - network.at[0], network.at[2] - network.at[1]
    assert 0.5 <= first <= 1.0
    assert 1.0 <= second <= 2.0


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "2"}, 2.0),
        ({"retry-after": "-2"}, 0.0),
        ({"retry-after-ms": "250"}, 0.25),
        ({"retry-after": "Sat, 28 Nov 2026 00:00:10 GMT"}, 10.0),
        ({"retry-after": "Sat, 28 Nov 2026 00:00:10 -0000"}, 10.0),
        ({"retry-after": "Fri, 27 Nov 2026 00:00:00 GMT"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({}, None),
    ],
)
def test_the_wait_is_seconds_milliseconds_or_a_date(headers: dict[str, str], seconds: float | None) -> None:
    assert wait_of(headers, datetime(2026, 11, 28, tzinfo=UTC)) == seconds


def test_a_server_that_is_cut_before_its_answer_is_asked_once_more() -> None:
    """A connection that idled may be closed just as the request goes out."""

    async def main() -> None:
        class Flaky(httpx.AsyncBaseTransport):
            tries = 0

            async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
                self.tries += 1
                if self.tries == 1:
                    raise httpx.RemoteProtocolError("Server disconnected without sending a response.")
                parts = WIRES["vllm"].reply(["Hi."]).parts
                return httpx.Response(200, content=b"".join(p for p in parts if isinstance(p, bytes)))

        network = Flaky()
        model = HttpModel(DIALECTS["vllm"], Address.parse("http://far#m"), transport=network)
        assert (await answer(model, ask())).text == "Hi."
        assert network.tries == 2

    run(main())


def test_validation_errors_of_fastapi_are_told() -> None:
    async def main() -> None:
        detail = [{"loc": ["body", "messages"], "msg": "Field required", "type": "missing"}]
        reply = Reply([json.dumps({"detail": detail}).encode()], 422, "application/json")
        async with asking("sglang-omni", reply) as (model, _):
            with pytest.raises(ModelError, match="Field required"):
                await answer(model, ask())

    run(main())
