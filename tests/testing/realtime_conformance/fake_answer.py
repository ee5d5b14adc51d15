"""An answer of the fake session: every event of it, in order, until it ends or is cut off."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import TYPE_CHECKING, Any

import numpy as np

from omni_agent.speech.pcm import Pcm
from omni_agent.testing.realtime_conformance.sound import encoded

if TYPE_CHECKING:
    from tests.testing.realtime_conformance.fake_session import FakeSession

Event = dict[str, Any]
_USAGE = {
    "total_tokens": 30,
    "input_tokens": 20,
    "output_tokens": 10,
    "input_token_details": {"text_tokens": 20, "audio_tokens": 0, "image_tokens": 0, "cached_tokens": 0},
    "output_token_details": {"text_tokens": 4, "audio_tokens": 6},
}
_MS_A_LETTER = 60
_ARGUMENTS = json.dumps({"city": "Paris"})
_NUMBERS = " ".join(f"number {count}" for count in range(60))


class Answer:
    """One response; `begin` starts it, `close` ends it whenever that is."""

    def __init__(self, session: FakeSession, options: Event) -> None:
        self._session = session
        self._options = {name: value for name, value in options.items() if value is not None}
        self._settings = session.session | self._options
        self._aside = options.get("conversation") == "none"
        self._id = session.new("resp")
        self._task: asyncio.Task[None] | None = None
        self._item: Event = {}
        self._said = ""
        self._written = self._settings["output_modalities"] == ["text"]

    def begin(self) -> None:
        """Announce it, and go on by itself."""
        self._emit("response.created", response=self._resource("in_progress", []))
        if self._calls():
            self._call()
            self._ended("completed")
            return
        self._open()
        self._task = asyncio.create_task(self._speak())

    def stop(self) -> None:
        """No more of it."""
        if self._task:
            self._task.cancel()

    def close(self, status: str, reason: str = "") -> None:
        """End it: the open item first."""
        if self._task and self._task is not asyncio.current_task():
            self._task.cancel()
        where = self._where()
        if self._written:
            self._emit("response.output_text.done", **where, text=self._said)
            part = {"type": "text", "text": self._said}
        else:
            self._emit("response.output_audio.done", **where)
            self._emit("response.output_audio_transcript.done", **where, transcript=self._said)
            part = {"type": "audio", "transcript": self._said}
        self._emit("response.content_part.done", **where, part=part)
        kind, field = ("output_text", "text") if self._written else ("output_audio", "transcript")
        self._item["content"] = [{"type": kind, field: self._said}]
        self._finish("incomplete" if status == "cancelled" else "completed")
        self._ended(status, reason)

    def _calls(self) -> bool:
        choice, last = self._settings["tool_choice"], self._last()
        if not self._settings["tools"] or choice == "none" or last.get("type") == "function_call_output":
            return False
        return choice == "required" or isinstance(choice, dict) or "weather" in _words(last)

    def _call(self) -> None:
        name = self._settings["tools"][0]["name"]
        call = {"type": "function_call", "name": name, "call_id": self._session.new("call"), "arguments": ""}
        self._add(call)
        where = {
            "response_id": self._id,
            "item_id": self._item["id"],
            "output_index": 0,
            "call_id": call["call_id"],
        }
        for start in range(0, len(_ARGUMENTS), 8):
            self._emit("response.function_call_arguments.delta", **where, delta=_ARGUMENTS[start : start + 8])
        self._emit("response.function_call_arguments.done", **where, name=name, arguments=_ARGUMENTS)
        self._item["arguments"] = _ARGUMENTS
        self._finish("completed")

    def _open(self) -> None:
        self._add({"type": "message", "role": "assistant", "content": []})
        part = {"type": "text", "text": ""} if self._written else {"type": "audio", "transcript": ""}
        self._emit("response.content_part.added", **self._where(), part=part)

    def _add(self, item: Event) -> None:
        made = {"id": self._session.new("item"), "object": "realtime.item", "status": "in_progress"}
        self._item = {**made, **item}
        self._emit("response.output_item.added", response_id=self._id, output_index=0, item=self._item)
        if not self._aside:
            self._session.insert(self._item)

    async def _speak(self) -> None:
        for word in self._text().split(" "):
            piece = f" {word}" if self._said else word
            self._said += piece
            if self._written:
                self._emit("response.output_text.delta", **self._where(), delta=piece)
                continue
            self._emit("response.output_audio_transcript.delta", **self._where(), delta=piece)
            self._emit("response.output_audio.delta", **self._where(), delta=self._sound(piece))
            await asyncio.sleep(self._session.pace)
        self.close("completed")

    def _sound(self, words: str) -> str:
        kind = self._settings["audio"]["output"]["format"]["type"]
        rate = 24_000 if kind == "audio/pcm" else 8_000
        time = np.arange(len(words) * _MS_A_LETTER * rate // 1000, dtype=np.float32) / rate
        tone = Pcm((0.2 * np.sin(2 * np.pi * 330 * time)).astype(np.float32), rate)
        return base64.b64encode(encoded(tone, kind)).decode()

    def _finish(self, status: str) -> None:
        self._item["status"] = status
        if not self._aside:
            before = self._session.previous(self._item["id"])
            self._emit("conversation.item.done", item=self._item, previous_item_id=before)
        self._emit("response.output_item.done", response_id=self._id, output_index=0, item=self._item)

    def _ended(self, status: str, reason: str = "") -> None:
        details = {"type": status, "reason": reason} if reason else None
        self._session.answer = None
        self._emit("response.done", response=self._resource(status, [self._item], details))

    def _resource(self, status: str, output: list[Event], details: Event | None = None) -> Event:
        spoken = self._settings["audio"]["output"]
        voiced = {name: spoken[name] for name in ("format", "voice")}
        return {
            "object": "realtime.response",
            "id": self._id,
            "status": status,
            "status_details": details,
            "output": output,
            "conversation_id": None if self._aside else "conv_1",
            "output_modalities": self._settings["output_modalities"],
            "max_output_tokens": "inf",
            "audio": {"output": voiced},
            "usage": None if status == "in_progress" else _USAGE,
            "metadata": self._options.get("metadata"),
        }

    def _where(self) -> Event:
        return {"response_id": self._id, "item_id": self._item["id"], "output_index": 0, "content_index": 0}

    def _last(self) -> Event:
        given = self._options.get("input") if "input" in self._options else self._session.items
        items = [item for item in given or [] if item.get("role") != "assistant"]
        return items[-1] if items else {}

    def _text(self) -> str:
        last = self._last()
        if last.get("type") == "function_call_output":
            return "The sky over Paris is clear."
        return _NUMBERS if "Count" in _words(last) else "Hello there, how are you today?"

    def _emit(self, kind: str, **fields: Any) -> None:
        self._session.emit(kind, **fields)


def _words(item: Event) -> str:
    return " ".join(part.get("text", "") for part in item.get("content", []) if isinstance(part, dict))
