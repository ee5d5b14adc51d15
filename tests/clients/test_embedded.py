"""openai-python, as it is, against a server of the embedded models."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import soundfile
from openai import AsyncOpenAI

from omni_agent import Agent, Persona
from omni_agent.models.cascade import Cascade
from omni_agent.server import Hosting
from omni_agent.server.running import running
from omni_agent.speech.pcm import Pcm
from tests.clients.test_openai_realtime import Talk
from tests.server.realtime.client import frames

pytestmark = [pytest.mark.models, pytest.mark.anyio]

TIMER = Path(__file__).parents[2] / "examples" / "timer.wav"
SET_TIMER = {
    "name": "set_timer",
    "description": "Start a countdown timer.",
    "parameters": {
        "type": "object",
        "properties": {"minutes": {"type": "number", "description": "How long, in minutes."}},
        "required": ["minutes"],
    },
}


@asynccontextmanager
async def served(cascade: Cascade) -> AsyncIterator[tuple[Agent, AsyncOpenAI]]:
    agent = Agent(model=cascade, memory=None, persona=Persona(max_words=30))
    async with agent, running(Hosting({"omni": agent})) as address:
        await agent.prewarm()
        async with AsyncOpenAI(api_key="local", base_url=f"{address}/v1") as client:
            yield agent, client


def order() -> Pcm:
    """Somebody who wants a timer of ten minutes for the pasta."""
    samples, rate = soundfile.read(TIMER, dtype="int16")
    return Pcm.from_int16(samples.tobytes(), rate)


def sound(events: list[Any]) -> Pcm:
    data = b"".join(base64.b64decode(e.delta) for e in events if e.type == "response.output_audio.delta")
    return Pcm.from_int16(data, 24_000)


async def test_text_calls_voice_and_barge_in(cascade: Cascade) -> None:
    async with served(cascade) as (agent, client):
        await _written(client)
        async with client.realtime.connect(model="omni") as connection:
            talk = Talk(connection)
            await talk.until("session.created")
            tools = [{"type": "function", **SET_TIMER}]
            session: Any = {"type": "realtime", "output_modalities": ["audio"], "tools": tools}
            await connection.session.update(session=session)
            await _ordered_aloud(talk)
            await _answered_aloud(talk, agent)
            await _interrupted(talk)


async def _written(client: AsyncOpenAI) -> None:
    """A call of the client's tool, and what its result leads to."""
    messages: list[Any] = [{"role": "user", "content": "Set a timer for ten minutes, please."}]
    tools: Any = [{"type": "function", "function": SET_TIMER}]
    first = await client.chat.completions.create(model="omni", messages=messages, tools=tools)
    asked = first.choices[0].message
    assert asked.tool_calls
    [call] = asked.tool_calls
    assert call.type == "function"
    assert json.loads(call.function.arguments) == {"minutes": 10}
    result = {"role": "tool", "tool_call_id": call.id, "content": "The timer runs for 10 minutes."}
    messages += [asked.model_dump(exclude_none=True), result]
    told = await client.chat.completions.create(model="omni", messages=messages, tools=tools)
    assert "10" in (told.choices[0].message.content or "").replace("ten", "10")


async def _ordered_aloud(talk: Talk) -> None:
    """The same by voice; the server hears where the words end."""
    for audio in frames(order(), 1.0):
        await talk.connection.input_audio_buffer.append(audio=audio)
    done = (await talk.until("response.done"))[-1].response
    [call] = [item for item in done.output if item.type == "function_call"]
    assert json.loads(call.arguments) == {"minutes": 10}
    result = {"type": "function_call_output", "call_id": call.call_id, "output": "It runs."}
    await talk.connection.conversation.item.create(item=result)
    await talk.connection.response.create()
    assert sound(await talk.until("response.done")).seconds > 0.3


async def _answered_aloud(talk: Talk, agent: Agent) -> None:
    """What is written is answered aloud, and what sounds is what the transcript says."""
    events = await talk.ask("What is the capital of France?")
    ears = agent.parts.senses.ears
    assert ears
    heard = await ears.transcribe(sound(events))
    assert "paris" in events[-1].response.output[0].content[0].transcript.casefold()
    assert "paris" in heard.text.casefold()


async def _interrupted(talk: Talk) -> None:
    """A voice over the answer ends it."""
    content = [{"type": "input_text", "text": "Tell me a story about a fox and a well."}]
    await talk.connection.conversation.item.create(
        item={"type": "message", "role": "user", "content": content}
    )
    await talk.connection.response.create()
    await talk.until("response.output_audio.delta")
    for audio in frames(order(), 0.0):
        await talk.connection.input_audio_buffer.append(audio=audio)
    done = (await talk.until("response.done"))[-1].response
    assert (done.status, done.status_details.reason) == ("cancelled", "turn_detected")
