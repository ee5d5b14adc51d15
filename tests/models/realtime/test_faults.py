"""A service that fails: the turn ends with an error of ours, in time, and the model answers again."""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing

import pytest

from omni_agent.errors import ModelError, ModelUnavailable, OmniError
from omni_agent.models.base import Request, TextDelta
from omni_agent.models.realtime import OPENAI, RealtimeModel
from omni_agent.models.realtime.socket import is_private
from omni_agent.testing.model_conformance.requests import TIMER
from tests.models.realtime.asking import (
    HI,
    KEY,
    QUICK,
    Pair,
    asked,
    events_of,
    reason_of,
    said,
    text_of,
    until,
    user,
)
from tests.models.realtime.brain import Thought
from tests.models.realtime.service import Fault

pytestmark = pytest.mark.anyio

ORDER = asked(user("Set a timer."), tools=(TIMER,), speech=True)
SPOKEN = asked(*HI.messages, speech=True)


async def failed(pair: Pair, request: Request = SPOKEN) -> OmniError:
    async with asyncio.timeout(5):
        with pytest.raises(ModelError) as caught:
            await events_of(pair.model, request)
    assert caught.value.remedy
    assert KEY not in str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("close", "closed the connection"),
        ("garbage", "no JSON"),
        ("no frame", "no event"),
        ("error", "The server had an error"),
        ("wrong order", "before 'response.created'"),
        ("foreign", "nobody asked for"),
        ("empty audio", "sent no sound"),
        ("failed", "it broke"),
    ],
)
async def test_a_failure_ends_the_turn_and_not_the_model(pair: Pair, fault: Fault, says: str) -> None:
    pair.service.faults.append(fault)
    error = await failed(pair)
    assert says in error.message
    assert text_of(await events_of(pair.model, SPOKEN)) == "It is blue."


@pytest.mark.parametrize(
    ("fault", "says"), [("stall", "said nothing for 0.8 seconds"), ("silent", "said nothing for 0.9 seconds")]
)
async def test_silence_ends_the_turn_within_its_limit(pair: Pair, fault: Fault, says: str) -> None:
    model = pair.hasty()
    pair.service.faults.append(fault)
    async with asyncio.timeout(5):
        with pytest.raises(ModelError, match=says) as caught:
            await events_of(model, SPOKEN)
    assert caught.value.code == "model_stalled"
    assert text_of(await events_of(model, SPOKEN)) == "It is blue."
    await model.close()


@pytest.mark.parametrize("fault", ["malformed call", "unknown call"])
async def test_a_call_that_is_none_is_never_run(pair: Pair, fault: Fault) -> None:
    pair.service.faults.append(fault)
    error = await failed(pair, ORDER)
    assert error.code == "call_malformed"
    assert reason_of(await events_of(pair.model, ORDER)) == "tool_calls"


async def test_an_answer_without_anything_is_an_error(pair: Pair) -> None:
    pair.service.mind.script.append(Thought())
    assert "empty answer" in (await failed(pair)).message


async def test_what_a_filter_holds_back_is_told(openai: Pair) -> None:
    openai.service.faults.append("filtered")
    assert (await failed(openai)).code == "answer_refused"


async def test_a_session_that_expires_is_opened_again(pair: Pair) -> None:
    pair.service.faults.append("expired")
    assert text_of(await events_of(pair.model, SPOKEN)) == "It is blue."
    assert len(pair.service.talks) == 2


async def test_a_session_that_always_ends_is_not_opened_for_ever(pair: Pair) -> None:
    for _ in range(5):
        pair.service.faults.append("close first")
    assert (await failed(pair)).code == "connection_lost"
    assert len(pair.service.talks) == 2


@pytest.mark.parametrize(
    ("status", "code"), [(401, "key_refused"), (404, "model_unknown"), (429, "model_overloaded"), (503, "")]
)
async def test_a_refused_connection_says_what_to_do(pair: Pair, status: int, code: str) -> None:
    pair.service.refuses.append(status)
    error = await failed(pair)
    assert isinstance(error, ModelUnavailable)
    assert error.code == (code or "model_unavailable")
    assert text_of(await events_of(pair.model, SPOKEN)) == "It is blue."


async def test_a_refusal_in_place_of_a_greeting_is_told(pair: Pair) -> None:
    pair.service.greets = {
        "type": "invalid_request_error",
        "code": "invalid_api_key",
        "message": f"Incorrect API key provided: {KEY}.",
        "param": None,
        "event_id": None,
    }
    error = await failed(pair)
    assert error.code == "key_refused"
    assert pair.profile.key in error.remedy


async def test_nobody_there() -> None:
    model = RealtimeModel(OPENAI, url="ws://127.0.0.1:9/realtime", key=KEY, limits=QUICK)
    with pytest.raises(ModelUnavailable, match="cannot be reached"):
        await events_of(model, HI)


async def test_no_address() -> None:
    model = RealtimeModel(OPENAI, url="ws://", key=KEY, limits=QUICK)
    with pytest.raises(ModelUnavailable, match="cannot be reached"):
        await events_of(model, HI)


async def test_the_key_is_never_logged(pair: Pair, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("websockets").setLevel(logging.DEBUG)
    await events_of(pair.model, HI)
    ours = [record for record in caplog.records if "server" not in record.name]
    assert KEY not in " ".join(record.getMessage() for record in ours)
    assert KEY not in repr(pair.model)


@pytest.mark.parametrize(
    ("url", "private"),
    [
        ("wss://api.openai.com/v1/realtime", True),
        ("ws://127.0.0.1:8000/realtime", True),
        ("ws://[::1]:8000/realtime", True),
        ("ws://gpu.home:8000/realtime", False),
        ("ws://127.0.0.1.evil.example/realtime", False),
    ],
)
def test_a_key_is_not_sent_where_it_can_be_read(url: str, private: bool) -> None:
    assert is_private(url) is private


async def test_a_closed_answer_stops_the_service(pair: Pair) -> None:
    pair.service.pace = 0.01
    long = asked(user("Count to a hundred."), max_tokens=512)
    async with aclosing(pair.model.stream(long)) as stream:
        await until(stream, TextDelta, 2)
    async with asyncio.timeout(2):
        await pair.service.stopped.wait()
    assert text_of(await events_of(pair.model, HI)) == "It is blue."


async def test_a_cancelled_reader_stops_the_service(pair: Pair) -> None:
    pair.service.pace = 0.01
    begun = asyncio.Event()

    async def read() -> None:
        async with aclosing(pair.model.stream(asked(user("Count."), max_tokens=512))) as stream:
            async for _ in stream:
                begun.set()

    reader = asyncio.create_task(read())
    await begun.wait()
    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reader
    async with asyncio.timeout(2):
        await pair.service.stopped.wait()
    assert text_of(await events_of(pair.model, HI)) == "It is blue."


async def test_a_reader_that_is_cancelled_before_the_first_event(pair: Pair) -> None:
    pair.service.faults.append("silent")
    reader = asyncio.create_task(events_of(pair.model, HI))
    await pair.service.asked.wait()
    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reader
    assert text_of(await events_of(pair.model, HI)) == "It is blue."


async def test_late_events_of_an_answer_that_is_over_are_nobodys(pair: Pair) -> None:
    pair.service.faults.append("late")
    heard = asked(*HI.messages)
    first = await events_of(pair.model, heard)
    after = asked(*HI.messages, said(text_of(first)), user("And at night?"))
    assert text_of(await events_of(pair.model, after)) == "It is blue."
    assert len(pair.service.talks) == 1


async def test_a_cut_that_is_refused_ends_the_session_and_not_the_turn(openai: Pair) -> None:
    first = await events_of(openai.model, SPOKEN)
    openai.service.talks[0].items[-1]["milliseconds"] = 0
    after = asked(*HI.messages, said(text_of(first)[:4]), user("What?"), speech=True)
    second = text_of(await events_of(openai.model, after))
    assert second == "It is blue."
    await events_of(openai.model, asked(*after.messages, said(second), user("And?"), speech=True))
    assert len(openai.service.talks) == 2


async def test_a_model_that_is_closed_while_it_answers_keeps_no_session(pair: Pair) -> None:
    async with aclosing(pair.model.stream(SPOKEN)) as stream:
        await until(stream, TextDelta)
        await pair.model.close()
        rest = [event async for event in stream]
    assert text_of(rest)
    await events_of(pair.model, SPOKEN)
    assert len(pair.service.talks) == 2


async def test_an_end_that_does_not_come_costs_a_session_and_little_time(openai: Pair) -> None:
    openai.service.faults.append("stall")
    async with aclosing(openai.model.stream(SPOKEN)) as stream:
        await until(stream, TextDelta, 2)
    async with asyncio.timeout(5):
        assert text_of(await events_of(openai.model, SPOKEN)) == "It is blue."
    assert len(openai.service.talks) == 2
