"""A fake of DashScope's realtime service: older event names, flat settings, no messages, no truncation."""

from __future__ import annotations

import asyncio
import base64
import json

from tests.models.realtime.brain import Thought
from tests.models.realtime.service import Event, Fault, Service, Talk

_MOST_IMAGE = 256 * 1024
_CLIENT = {
    "session.update", "input_audio_buffer.append", "input_audio_buffer.commit", "input_audio_buffer.clear",
    "input_image_buffer.append", "response.create", "response.cancel", "conversation.item.create",
    "session.finish",
}  # fmt: skip


class DashScopeTalk(Talk):
    """One connection."""

    def check(self, event: Event) -> None:
        assert event["type"] in _CLIENT, event["type"]
        assert event["event_id"]

    async def greet(self) -> None:
        if self.service.greets:
            await self.send("error", error=self.service.greets)
            await self.wire.close(1007, "refused")
            return
        self.session = {
            "object": "realtime.session",
            "id": self.new("sess"),
            "model": "qwen3-omni-flash-realtime",
            "modalities": ["text", "audio"],
            "voice": "Cherry",
            "input_audio_format": "pcm16",
            "output_audio_format": "pcm24",
            "input_audio_transcription": {"model": "gummy-realtime-v1"},
            "turn_detection": {"type": "server_vad", "threshold": 0.5, "silence_duration_ms": 800},
            "instructions": "",
            "max_tokens": 16_384,
            "tools": [],
            "tool_choice": "auto",
            "temperature": 0.8,
        }
        await self.send("session.created", session=self.session)

    async def on_session_update(self, event: Event) -> None:
        wanted = event["session"]
        if wanted.get("modalities") == ["audio"]:
            await self.complain("invalid_value", "Invalid modalities: ['audio'].", event)
            return
        if "voice" in wanted and any(item.get("spoken") for item in self.items):
            await self.complain("invalid_value", "voice cannot be changed", event)
            return
        self.session |= wanted
        await self.send("session.updated", session=self.session)

    async def on_input_image_buffer_append(self, event: Event) -> None:
        if not self.audio:
            await self.complain("invalid_value", "Error append image before append audio.", event)
            return
        if len(event["image"]) > _MOST_IMAGE:
            await self.complain("invalid_value", "image too large", event)
            return
        assert base64.b64decode(event["image"], validate=True).startswith(b"\xff\xd8")
        self.shown.append(event["image"])
        self.service.times.append(asyncio.get_running_loop().time())

    async def on_input_audio_buffer_commit(self, event: Event) -> None:
        if not self.audio:
            await self.complain("invalid_value", "Error committing input audio buffer: empty", event)
            return
        await self.commit(self.new("item"))

    def detection(self) -> Event | None:
        found: Event | None = self.session["turn_detection"]
        return found

    async def commit(self, item: str) -> None:
        await self.send("input_audio_buffer.committed", item_id=item, previous_item_id="")
        content = [{"type": "input_audio"}]
        made = {
            "id": item,
            "object": "realtime.item",
            "type": "message",
            "status": "completed",
            "role": "user",
            "content": content,
        }
        self.items.append({**made, "bytes": len(self.audio), "shown": len(self.shown)})
        self.audio, self.shown = b"", []
        # With our own commits the Flash model sends no transcription of what it heard.
        await self.send("conversation.item.created", item=made)

    async def on_conversation_item_create(self, event: Event) -> None:
        item = event["item"]
        if item["type"] != "function_call_output":
            await self.complain("invalid_value", f"unsupported item {item['type']}", event)
            return
        calls = {one.get("call_id") for one in self.items if one["type"] == "function_call"}
        if item["call_id"] not in calls:
            await self.complain("invalid_value", "no such call", event)
            return
        self.items.append({**item, "id": self.new("item")})
        await self.send("conversation.item.created", item=self.items[-1])
        await self.begin_itself()

    async def on_response_cancel(self, event: Event) -> None:
        # It stops, and often no response.done comes any more.
        self.service.stopped.set()
        self.stop()
        self.active = ""

    async def other(self) -> None:
        await self.send("response.done", response={"id": "resp_other", "status": "completed", "output": []})

    def thought(self, event: Event) -> Thought:
        instructions = self.session["instructions"]
        tools = [tool["function"]["name"] for tool in self.session["tools"]]
        last = self.items[-1] if self.items else {"type": "message"}
        resulted = (
            last["type"] == "function_call_output" or "The tool gave" in instructions.rpartition("User:")[2]
        )
        words = instructions.rpartition("writes this to you; answer it:")[2]
        return self.service.mind.think(
            words, instructions, tools, self.session["max_tokens"], resulted=resulted
        )

    async def answer(self, event: Event, thought: Thought, fault: Fault | None) -> None:
        name, spoken = self.active, self.session["modalities"] != ["text"]
        if fault == "wrong order":
            await self.send("response.text.delta", response_id=name, item_id="x", delta="before")
        response: Event = {
            "id": name, "object": "realtime.response", "conversation_id": "", "status": "in_progress",
            "modalities": self.session["modalities"], "voice": self.session.get("voice"), "output": [],
        }  # fmt: skip
        await self.send("response.created", response=response)
        output: list[Event] = []
        if thought.words:
            output.append(await self._message(name, thought, fault, spoken=spoken))
        for call in thought.calls:
            output.append(await self._call(name, len(output), call, fault))
        self.active = ""
        status = {"failed": "failed"}.get(fault or "", "incomplete" if thought.cut else "completed")
        details: Event = {"type": "incomplete", "reason": "max_output_tokens"} if thought.cut else {}
        if fault == "failed":
            details = {"type": "failed", "error": {"code": "InternalError", "message": "it broke"}}
        tokens = len(thought.words) or 10
        usage = {
            "total_tokens": 20 + tokens, "input_tokens": 20, "output_tokens": tokens,
            "input_tokens_details": {"text_tokens": 10, "audio_tokens": 10},
            "output_tokens_details": {"text_tokens": tokens},
        }  # fmt: skip
        response |= {"status": status, "status_details": details or None, "output": output, "usage": usage}
        await self.send("response.done", response=response)
        if fault == "late":
            await self.send("response.text.delta", response_id=name, item_id="x", delta="too late")

    async def _message(self, name: str, thought: Thought, fault: Fault | None, *, spoken: bool) -> Event:
        item: Event = {
            "id": self.new("item"), "object": "realtime.item", "type": "message", "status": "in_progress",
            "role": "assistant", "content": [],
        }  # fmt: skip
        await self.send("response.output_item.added", response_id=name, output_index=0, item=item)
        await self.send("conversation.item.created", item=item)
        self.items.append({**item, "spoken": spoken})
        place = {"response_id": name, "item_id": item["id"], "output_index": 0, "content_index": 0}
        part = {"type": "audio", "text": ""} if spoken else {"type": "text", "text": ""}
        await self.send("response.content_part.added", **place, part=part)
        kind = "response.audio_transcript" if spoken else "response.text"
        said = ""
        for number, word in enumerate(thought.pieces):
            said += word
            if fault != "transcript at end":
                await self.send(f"{kind}.delta", **place, delta=word)
            for delta in self.speech(1, fault) if spoken else ():
                await self.send("response.audio.delta", **place, delta=delta)
            if number == 1 and await self.interrupt(fault):
                break
            await asyncio.sleep(self.service.pace)
        text = {"transcript": said} if spoken else {"text": said}
        if spoken:
            await self.send("response.audio.done", **place)
        await self.send(f"{kind}.done", **place, **text)
        await self.send("response.content_part.done", **place, part={**part, "text": said})
        content = {"type": "audio", "transcript": said} if spoken else {"type": "text", "text": said}
        item = {**item, "status": "completed", "content": [content]}
        await self.send("response.output_item.done", response_id=name, output_index=0, item=item)
        return item

    async def _call(self, name: str, index: int, call: tuple[str, Event], fault: Fault | None) -> Event:
        arguments = json.dumps(call[1])
        if fault == "malformed call":
            arguments = arguments[:-2]
        called = "launch_rocket" if fault == "unknown call" else call[0]
        item: Event = {
            "id": self.new("item"), "object": "realtime.item", "type": "function_call", "name": called,
            "call_id": self.new("call"), "arguments": "", "status": "in_progress",
        }  # fmt: skip
        whole = {**item, "arguments": arguments, "status": "completed"}
        self.items.append(whole)
        if fault == "call at end":
            return whole
        await self.send("response.output_item.added", response_id=name, output_index=index, item=item)
        await self.send("conversation.item.created", item=item)
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
        await self.send("response.output_item.done", response_id=name, output_index=index, item=whole)
        return whole


class DashScopeService(Service):
    """The service."""

    talk = DashScopeTalk
