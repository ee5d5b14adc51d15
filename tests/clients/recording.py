"""All kinds of events that a server sends, recorded: text, calls, voice, a cut, a failure, refusals."""

from __future__ import annotations

import asyncio

from omni_agent.errors import ModelError
from omni_agent.messages import JsonObject
from omni_agent.testing import Step, said
from tests.server.realtime.client import Client
from tests.server.realtime.serving import serving

WEATHER = {
    "type": "function",
    "name": "weather",
    "description": "",
    "parameters": {"type": "object", "properties": {}},
}
DETECTION = {"type": "server_vad", "idle_timeout_ms": 2000}
STEPS = (
    Step(says="Hello there."),
    Step(says="Let me see.", calls={"weather": {}}),
    Step(says="Sunny."),
    Step(says="Good evening."),
    Step(says="One, two, three. Four, five, six. Seven, eight, nine.", pace=0.3),
    Step(says="Yes?"),
    Step(says="Are you there?"),
    Step(raises=ModelError("it broke", remedy="ask again")),
    Step(says="In text."),
)


async def recorded() -> list[JsonObject]:
    """A session's events; to be run in virtual time."""
    async with serving(*STEPS) as served, Client(served.app) as client:
        transcription = {"transcription": {"model": "whisper-1"}, "turn_detection": DETECTION}
        client.send(
            "session.update",
            session={"type": "realtime", "tools": [WEATHER], "audio": {"input": transcription}},
        )
        client.ask("hello")
        first = await client.answer()
        client.ask("weather")
        call = (await client.answer())["output"][-1]
        result = {"type": "function_call_output", "call_id": call["call_id"], "output": "sunny"}
        client.send("conversation.item.create", item=result)
        client.send("response.create", response={"metadata": {"a": "b"}})
        await client.answer()
        client.speak(said("good evening"), silence=0.8)
        await client.answer()
        client.speak(said("count"), silence=0.8)
        await client.one("response.output_audio.delta")
        client.speak(said("stop"), silence=0.8)
        cut = (await client.answer())["output"][0]["id"]
        client.send("conversation.item.truncate", item_id=cut, content_index=0, audio_end_ms=500)
        client.send("conversation.item.retrieve", item_id=cut)
        await client.answer()
        await client.one("input_audio_buffer.timeout_triggered")
        await client.answer()
        client.ask("break")
        await client.answer()
        client.say("in text")
        client.send("response.create", response={"output_modalities": ["text"], "conversation": "none"})
        await client.answer()
        client.send("conversation.item.delete", item_id=first["output"][0]["id"])
        client.send("input_audio_buffer.clear")
        client.send("response.cancel")
        await client.one("error")
        await asyncio.sleep(1)
        return client.events
