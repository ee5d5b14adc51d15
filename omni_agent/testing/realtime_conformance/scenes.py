"""The conversations that are held with a server: written ones."""

from __future__ import annotations

import asyncio
import base64
import io
import json
from functools import cache
from typing import Any

from .subject import Scene, Subject
from .talk import Event, Talk

WEATHER = {
    "type": "function",
    "name": "get_weather",
    "description": "The weather in a city, now.",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string", "description": "The city's name."}},
        "required": ["city"],
    },
}
METADATA = {"client_event_id": "conformance-1"}
INSTRUCTIONS = "Answer in a few plain words."
GREETING = "Say hello in one short sentence."
LONG = "Count from one to one hundred in words, and leave none out."
ORDER = "What is the weather in Paris now? Call get_weather to find out."
NOBODY = "item_that_nobody_has"


async def update(talk: Talk, **session: object) -> Event | None:
    """Change the session; gives `session.updated`, the error, or None."""
    start = talk.now
    name = await talk.send("session.update", session={"type": "realtime", **session})
    return await talk.answer_to(name, "session.updated", start=start)


async def write(talk: Talk, text: str, **item: object) -> None:
    """Put a user's message into the conversation."""
    start = talk.now
    message = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}], **item}
    name = await talk.send("conversation.item.create", item=message)
    await talk.answer_to(name, "conversation.item.done", start=start)


async def respond(talk: Talk, **response: object) -> Event | None:
    """Ask for an answer and take it in; gives `response.done`, the error, or None."""
    start = talk.now
    name = await talk.send("response.create", **({"response": response} if response else {}))
    return await talk.answer_to(name, "response.done", start=start)


async def request(talk: Talk, kind: str, answer: str, **fields: object) -> Event | None:
    """Send an event and take in its answer, or the error, or None."""
    start = talk.now
    name = await talk.send(kind, **fields)
    return await talk.answer_to(name, answer, start=start)


async def _opening(talk: Talk, subject: Subject) -> None:
    """Nothing but the greeting."""


async def _text_turn(talk: Talk, subject: Subject) -> None:
    await update(talk, instructions=INSTRUCTIONS, output_modalities=["audio"])
    await write(talk, GREETING, id="item_hello")
    await talk.listen(subject.quiet)
    talk.marks["asked"] = talk.now
    done = await respond(talk, metadata=METADATA)
    talk.marks["answered"] = talk.now
    spoken = next((item for item in _output(done) if item.get("type") == "message"), None)
    if not spoken:
        return
    cut = {"item_id": spoken["id"], "content_index": 0}
    truncated = "conversation.item.truncated"
    talk.marks["too_long"] = await request(
        talk, "conversation.item.truncate", truncated, **cut, audio_end_ms=3_600_000
    )
    talk.marks["cut"] = await request(talk, "conversation.item.truncate", truncated, **cut, audio_end_ms=20)
    talk.marks["after_cut"] = await request(
        talk, "conversation.item.retrieve", "conversation.item.retrieved", item_id=spoken["id"]
    )


async def _text_only(talk: Talk, subject: Subject) -> None:
    await update(talk, instructions=INSTRUCTIONS, output_modalities=["text"])
    await write(talk, GREETING)
    await respond(talk)


async def _call(talk: Talk, subject: Subject) -> None:
    await update(talk, instructions=INSTRUCTIONS, tools=[WEATHER], tool_choice="auto")
    await write(talk, ORDER)
    done = await respond(talk, tool_choice="required")
    talk.marks["answered"] = talk.now
    call = next((item for item in _output(done) if item.get("type") == "function_call"), None)
    call = call or next(
        (event["item"] for event in talk.of("response.output_item.done", "conversation.item.added")
         if event.get("item", {}).get("type") == "function_call"), None,
    )  # fmt: skip
    if not call:
        return
    result = {
        "type": "function_call_output",
        "call_id": call.get("call_id"),
        "output": json.dumps({"sky": "clear"}),
    }
    talk.marks["result"] = await request(
        talk, "conversation.item.create", "conversation.item.done", item=result
    )
    talk.marks["follow_up"] = await respond(talk, tool_choice="none")


async def _settings(talk: Talk, subject: Subject) -> None:
    vad = {"type": "server_vad", "silence_duration_ms": 700}
    steps: dict[str, dict[str, Any]] = {
        "instructions": {"instructions": INSTRUCTIONS},
        "tools": {"tools": [WEATHER]},
        "null": {"audio": {"input": {"turn_detection": None}}},
        "vad": {"audio": {"input": {"turn_detection": vad}}},
        "semantic": {"audio": {"input": {"turn_detection": {"type": "semantic_vad", "eagerness": "low"}}}},
        "empty": {"instructions": "", "tools": []},
        "model": {"model": "gpt-realtime-conformance"},
        "unknown": {"colour_of_the_sky": "blue"},
    }
    for label, session in steps.items():
        talk.marks[label] = await update(talk, **session)
    beta = {
        "modalities": ["text", "audio"],
        "voice": "alloy",
        "input_audio_format": "pcm16",
        "turn_detection": None,
    }
    start = talk.now
    name = await talk.send("session.update", session={**beta, "temperature": 0.8})
    talk.marks["beta"] = await talk.answer_to(name, "session.updated", start=start)


async def _items(talk: Talk, subject: Subject) -> None:
    create, retrieve, delete = (f"conversation.item.{verb}" for verb in ("create", "retrieve", "delete"))
    done, retrieved, deleted = (f"conversation.item.{verb}" for verb in ("done", "retrieved", "deleted"))
    marks = talk.marks
    for name in ("item_a", "item_b"):
        marks[name] = await request(talk, create, done, item=_message(name))
    first = _message("item_first")
    marks["root"] = await request(talk, create, done, item=first, previous_item_id="root")
    astray = _message("item_astray")
    marks["astray"] = await request(talk, create, done, item=astray, previous_item_id=NOBODY)
    marks["twice"] = await request(talk, create, done, item=_message("item_a"))
    marks["retrieved"] = await request(talk, retrieve, retrieved, item_id="item_b")
    marks["unknown_retrieved"] = await request(talk, retrieve, retrieved, item_id=NOBODY)
    marks["deleted"] = await request(talk, delete, deleted, item_id="item_b")
    marks["gone"] = await request(talk, retrieve, retrieved, item_id="item_b")
    marks["unknown_deleted"] = await request(talk, delete, deleted, item_id=NOBODY)
    cut = {"item_id": NOBODY, "content_index": 0, "audio_end_ms": 100}
    marks["unknown_cut"] = await request(
        talk, "conversation.item.truncate", "conversation.item.truncated", **cut
    )
    seen = [{"type": "input_image", "image_url": await asyncio.to_thread(_picture)}]
    image = {"type": "message", "role": "user", "content": seen, "id": "item_seen"}
    marks["image"] = await request(talk, create, done, item=image)


async def _refusals(talk: Talk, subject: Subject) -> None:
    marks = talk.marks
    start = talk.now
    await talk.send_text('{"type": "session.update", "session": {')
    marks["json"] = await talk.until("error", start=start)
    marks["type"] = await request(talk, "conversation.item.invent", "error")
    marks["missing"] = await request(talk, "conversation.item.create", "conversation.item.done")
    marks["audio"] = await request(talk, "input_audio_buffer.append", "error", audio="this is no base64!")
    marks["empty"] = await request(talk, "input_audio_buffer.commit", "input_audio_buffer.committed")
    marks["idle"] = await request(talk, "response.cancel", "response.done")
    marks["alive"] = await update(talk, instructions=INSTRUCTIONS)


async def _cancelling(talk: Talk, subject: Subject) -> None:
    await update(talk, instructions=INSTRUCTIONS)
    await write(talk, LONG)
    start = talk.now
    await talk.send("response.create")
    spoken = ("response.output_audio.delta", "response.output_audio_transcript.delta", "response.done")
    await talk.until(*spoken, start=start)
    if talk.first("response.done", start=start):
        return
    name = await talk.send("response.create")
    talk.marks["second"] = name
    await talk.send("response.cancel")
    await talk.until("response.done", start=start)
    await talk.until("error", start=start, limit=subject.quiet)
    await write(talk, GREETING)
    talk.marks["after"] = await respond(talk)


async def _out_of_band(talk: Talk, subject: Subject) -> None:
    await update(talk, instructions=INSTRUCTIONS)
    aside = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": GREETING}]}
    options = {"conversation": "none", "metadata": METADATA, "output_modalities": ["text"]}
    talk.marks["aside"] = await respond(talk, input=[aside], **options)
    talk.marks["told"] = talk.now
    await write(talk, GREETING)
    nothing = dict.fromkeys(("instructions", "tools", "tool_choice", "output_modalities"))
    talk.marks["nulls"] = await respond(talk, **nothing)


def _message(name: str) -> dict[str, Any]:
    content = [{"type": "input_text", "text": f"This is {name}."}]
    return {"type": "message", "role": "user", "content": content, "id": name}


@cache
def _picture() -> str:
    from PIL import Image

    kept = io.BytesIO()
    Image.new("RGB", (112, 112), (40, 90, 160)).save(kept, "PNG")
    return f"data:image/png;base64,{base64.b64encode(kept.getvalue()).decode()}"


def _output(done: Event | None) -> list[Event]:
    response = done.get("response") if done else None
    output = response.get("output") if isinstance(response, dict) else None
    return [item for item in output if isinstance(item, dict)] if isinstance(output, list) else []


OPENING = Scene("opening", _opening, ("realtime",))
TEXT_TURN = Scene("text turn", _text_turn)
TEXT_ONLY = Scene("text only", _text_only)
CALL = Scene("call", _call)
SETTINGS = Scene("settings", _settings)
ITEMS = Scene("items", _items, errs=True)
REFUSALS = Scene("refusals", _refusals, errs=True)
CANCELLING = Scene("cancelling", _cancelling, errs=True)
OUT_OF_BAND = Scene("out of band", _out_of_band)
SCENES = (OPENING, TEXT_TURN, TEXT_ONLY, CALL, SETTINGS, ITEMS, REFUSALS, CANCELLING, OUT_OF_BAND)
