"""A fake of OpenAI's Realtime service, GA: the events, their order and their shapes as documented.

Where the `openai` package is installed, each event of either side is held against its types.
"""

from __future__ import annotations

import asyncio
import json
from functools import cache
from typing import Any

from tests.models.realtime.brain import Thought
from tests.models.realtime.service import Event, Fault, Service, Talk

_USAGE = {
    "total_tokens": 30,
    "input_tokens": 20,
    "input_token_details": {"text_tokens": 20, "audio_tokens": 0, "image_tokens": 0, "cached_tokens": 5},
    "output_token_details": {"text_tokens": 4, "audio_tokens": 6},
}


@cache
def types() -> tuple[Any, Any] | None:
    """Adapters for the events of clients and of servers; None without the package."""
    try:
        from openai.types.realtime import RealtimeClientEvent, RealtimeServerEvent
    except ImportError:
        return None
    from pydantic import TypeAdapter

    return TypeAdapter(RealtimeClientEvent), TypeAdapter(RealtimeServerEvent)


class OpenAITalk(Talk):
    """One connection."""

    word = "response.output_text.delta"
    rate = 24_000
    silence = 0.5

    def check(self, event: Event) -> None:
        if adapters := types():
            adapters[0].validate_python(event)

    def checked(self, event: Event) -> None:
        if adapters := types():
            adapters[1].validate_python(event)

    async def greet(self) -> None:
        if self.service.greets:
            await self.send("error", error=self.service.greets)
            await self.wire.close(4000, "invalid_request_error.invalid_model")
            return
        self.session = {
            "type": "realtime",
            "object": "realtime.session",
            "id": self.new("sess"),
            "model": "gpt-realtime",
            "output_modalities": ["audio"],
            "instructions": "",
            "tools": [],
            "tool_choice": "auto",
            "max_output_tokens": "inf",
            "audio": {
                "input": {"format": {"type": "audio/pcm", "rate": 24000}, "transcription": None,
                          "turn_detection": {"type": "server_vad"}},
                "output": {"format": {"type": "audio/pcm", "rate": 24000}, "voice": "alloy"},
            },
        }  # fmt: skip
        await self.send("session.created", session=self.session)

    async def on_session_update(self, event: Event) -> None:
        voiced = any(
            content.get("type") == "output_audio" for item in self.items for content in item["content"]
        )
        if voiced and "audio" in event["session"]:
            await self.complain("cannot_update_voice", "Cannot update a conversation's voice", event)
            return
        self.session |= event["session"]
        await self.send("session.updated", session=self.session)

    async def on_input_audio_buffer_commit(self, event: Event) -> None:
        if len(self.audio) < 24_000 * 2 / 10:
            await self.complain("input_audio_buffer_commit_empty", "buffer too small", event)
            return
        await self.commit(self.new("item"))

    def detection(self) -> Event | None:
        found: Event | None = self.session["audio"]["input"]["turn_detection"]
        return found

    async def commit(self, item: str) -> None:
        await self.send("input_audio_buffer.committed", item_id=item, previous_item_id=self._last())
        content = [{"type": "input_audio", "transcript": None}]
        await self._add(
            {"id": item, "type": "message", "role": "user", "status": "completed", "content": content}
        )
        self.items[-1]["bytes"] = len(self.audio)
        self.audio = b""

    async def on_conversation_item_create(self, event: Event) -> None:
        item = event["item"]
        if len(item.get("call_id", "")) > 32 or len(item["id"]) > 32:
            await self.complain("string_above_max_length", "at most 32 characters", event)
            return
        if item["type"] == "function_call_output" and item["call_id"] not in self._calls():
            await self.complain("item_not_found", "no such call", event)
            return
        await self._add({"content": [], **item, "status": "completed"})

    async def on_conversation_item_truncate(self, event: Event) -> None:
        item = next((one for one in self.items if one["id"] == event["item_id"]), None)
        length = item.get("milliseconds", 0) if item else 0
        if item is None or event["audio_end_ms"] > length or not length:
            await self.complain("invalid_value", "Audio content is already shorter", event)
            return
        item["content"], item["milliseconds"] = [{"type": "output_audio"}], event["audio_end_ms"]
        fields = {"item_id": item["id"], "content_index": 0, "audio_end_ms": event["audio_end_ms"]}
        await self.send("conversation.item.truncated", **fields)

    async def on_conversation_item_delete(self, event: Event) -> None:
        self.items = [one for one in self.items if one["id"] != event["item_id"]]
        await self.send("conversation.item.deleted", item_id=event["item_id"])

    async def on_response_cancel(self, event: Event) -> None:
        if not self.active:
            await self.complain(
                "response_cancel_not_active", "Cancellation failed: no active response found", event
            )
            return
        self.service.stopped.set()
        self.cancelled = True

    cancelled = False

    async def other(self) -> None:
        response = self._response("resp_other", "completed", {"metadata": None})
        await self.send("response.done", response=response)

    def thought(self, event: Event) -> Thought:
        settings = self.session | event.get("response", {})
        tools = [tool["name"] for tool in settings["tools"]] if settings["tool_choice"] != "none" else []
        last = next((text for item in reversed(self.items) if (text := _words(item))), "")
        resulted = any(item["type"] == "function_call_output" for item in self.items[-1:])
        most = settings["max_output_tokens"]
        spoken = settings["output_modalities"] == ["audio"]
        return self.service.mind.think(
            last, settings["instructions"], tools, most // 8 if spoken else most, resulted=resulted
        )

    async def answer(self, event: Event, thought: Thought, fault: Fault | None) -> None:
        asked = event.get("response", {})
        name, self.cancelled = self.active, False
        spoken = asked.get("output_modalities", ["audio"]) == ["audio"]
        if fault == "wrong order":
            fields = {"response_id": name, "item_id": "x", "output_index": 0, "content_index": 0}
            await self.send("response.output_text.delta", **fields, delta="before")
        await self.send("response.created", response=self._response(name, "in_progress", asked))
        output: list[Event] = []
        if thought.words:
            output.append(await self._message(name, thought, fault, spoken=spoken))
        for call in thought.calls if not self.cancelled else ():
            output.append(await self._call(name, len(output), call, fault))
        await self._done(name, asked, thought, output, fault)

    async def _done(
        self, name: str, asked: Event, thought: Thought, output: list[Event], fault: Fault | None
    ) -> None:
        status, details = "completed", dict[str, Any]()
        if self.cancelled:
            status, details = "cancelled", {"type": "cancelled", "reason": "client_cancelled"}
        elif fault == "failed":
            error = {"type": "server_error", "code": "inference_failed", "message": "it broke"}
            status, details = "failed", {"type": "failed", "error": error}
        elif fault == "filtered":
            status, details = "incomplete", {"type": "incomplete", "reason": "content_filter"}
        elif thought.cut:
            status, details = "incomplete", {"type": "incomplete", "reason": "max_output_tokens"}
        usage = {**_USAGE, "output_tokens": len(thought.words) or 10}
        response = self._response(name, status, asked)
        self.active = ""
        response |= {"status_details": details or None, "output": output, "usage": usage}
        await self.send("response.done", response=response)
        if fault == "late":
            fields = {"response_id": name, "item_id": "x", "output_index": 0, "content_index": 0}
            await self.send("response.output_text.delta", **fields, delta="too late")

    async def _message(self, name: str, thought: Thought, fault: Fault | None, *, spoken: bool) -> Event:
        item: Event = {
            "id": self.new("item"), "type": "message", "role": "assistant", "status": "in_progress",
            "content": [],
        }  # fmt: skip
        await self.send("response.output_item.added", response_id=name, output_index=0, item=item)
        await self._add(item)
        place = {"response_id": name, "item_id": item["id"], "output_index": 0, "content_index": 0}
        part = {"type": "audio", "transcript": ""} if spoken else {"type": "text", "text": ""}
        await self.send("response.content_part.added", **place, part=part)
        kind = "response.output_audio_transcript" if spoken else "response.output_text"
        said, heard = "", 0.0
        for number, word in enumerate(thought.pieces):
            if self.cancelled:
                break
            said += word
            if fault != "transcript at end":
                await self.send(f"{kind}.delta", **place, delta=word)
            for delta in self.speech(1, fault) if spoken else ():
                await self.send("response.output_audio.delta", **place, delta=delta)
                heard += 50
            if number == 1 and await self.interrupt(fault):
                break
            await asyncio.sleep(self.service.pace)
        text = {"transcript": said} if spoken else {"text": said}
        if spoken:
            await self.send("response.output_audio.done", **place)
        await self.send(f"{kind}.done", **place, **text)
        await self.send("response.content_part.done", **place, part={**part, **text})
        content = (
            {"type": "output_audio", "transcript": said} if spoken else {"type": "output_text", "text": said}
        )
        status = "incomplete" if self.cancelled or thought.cut else "completed"
        self.items[-1] |= {"status": status, "content": [content], "milliseconds": heard}
        item = {**item, "status": status, "content": [content]}
        await self.send("conversation.item.done", item=item, previous_item_id=None)
        await self.send("response.output_item.done", response_id=name, output_index=0, item=item)
        return item

    async def _call(self, name: str, index: int, call: tuple[str, Event], fault: Fault | None) -> Event:
        arguments = json.dumps(call[1])
        if fault == "malformed call":
            arguments = arguments[:-2]
        called = "launch_rocket" if fault == "unknown call" else call[0]
        item = {
            "id": self.new("item"), "type": "function_call", "name": called, "call_id": self.new("call"),
            "arguments": "", "status": "in_progress",
        }  # fmt: skip
        whole = {**item, "arguments": arguments, "status": "completed"}
        if fault == "call at end":
            self.items.append({"content": [], **whole})
            return whole
        await self.send("response.output_item.added", response_id=name, output_index=index, item=item)
        await self._add({"content": [], **item}, shown=item)
        place = {
            "response_id": name,
            "item_id": item["id"],
            "output_index": index,
            "call_id": item["call_id"],
        }
        for start in range(0, len(arguments), 5):
            await self.send(
                "response.function_call_arguments.delta", **place, delta=arguments[start : start + 5]
            )
        await self.send("response.function_call_arguments.done", **place, name=called, arguments=arguments)
        self.items[-1] |= whole
        await self.send("conversation.item.done", item=whole, previous_item_id=None)
        await self.send("response.output_item.done", response_id=name, output_index=index, item=whole)
        return whole

    async def _add(self, item: Event, *, shown: Event | None = None) -> None:
        previous = self._last()
        self.items.append(dict(item))
        public = shown or {
            key: value for key, value in item.items() if key != "content" or item["type"] == "message"
        }
        await self.send("conversation.item.added", item=public, previous_item_id=previous)
        if item.get("status") == "completed":
            await self.send("conversation.item.done", item=public, previous_item_id=previous)

    def _response(self, name: str, status: str, asked: Event) -> Event:
        return {
            "object": "realtime.response", "id": name, "status": status, "status_details": None, "output": [],
            "conversation_id": "conv_1", "output_modalities": asked.get("output_modalities", ["audio"]),
            "max_output_tokens": "inf", "usage": None,
            "metadata": asked.get("metadata") if self.service.echoes else None,
        }  # fmt: skip

    def _calls(self) -> set[str]:
        return {item["call_id"] for item in self.items if item["type"] == "function_call"}

    def _last(self) -> str | None:
        return self.items[-1]["id"] if self.items else None


class OpenAIService(Service):
    """The service."""

    talk = OpenAITalk


def _words(item: Event) -> str:
    if item["type"] != "message" or item["role"] != "user":
        return ""
    return " ".join(part.get("text", "") for part in item["content"])
