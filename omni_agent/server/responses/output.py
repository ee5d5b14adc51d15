"""The output of a response while it grows: one message for the words, an item for each call, and the events
that tell of it.

Order, as OpenAI streams it: `response.created`, `.in_progress`; of the message `output_item.added`,
`content_part.added`, `output_text.delta`…, `output_text.done`, `content_part.done`, `output_item.done`; of
each call `output_item.added`, `function_call_arguments.delta`, `.done`, `output_item.done`; then
`.completed`, `.incomplete` or `.failed`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import TypeAlias

from ...events import (
    AgentEvent,
    ApprovalRequested,
    ErrorRaised,
    TextDelta,
    ToolRequested,
    TurnEnded,
)
from ...messages import JsonObject
from ..chat.envelope import OWN, failure_of, waiting_body
from ..errors import ApiError
from .resource import Resource

Event: TypeAlias = JsonObject
_BEGUN, _DONE = "in_progress", "completed"


class Output:
    """Turns a turn's events into a response's.

    Args:
        resource: The response.
        ids: Makes the ids of its items.
        now: Seconds since 1970.
    """

    def __init__(self, resource: Resource, ids: Callable[[], str], now: Callable[[], int]) -> None:
        self._resource = resource
        self._ids = ids
        self._now = now
        self._sent = 0
        self._items: list[JsonObject] = []
        self._message = self._words = ""
        self._questions: list[ApprovalRequested] = []
        self.text = ""
        self.calls: list[ToolRequested] = []
        self.body = resource.body(_BEGUN)

    def begin(self) -> Iterator[Event]:
        """Before the turn."""
        yield self._event("response.created", response=self.body)
        yield self._event("response.in_progress", response=self.body)

    def take(self, event: AgentEvent) -> Iterator[Event]:
        """What the next event of the turn brings; the last of all leaves the whole response in `body`.

        Raises:
            ApiError: The turn failed; `fail` then ends the response.
        """
        match event:
            case TextDelta():
                yield from self._say(event.text)
            case ToolRequested():
                yield from self._call(event)
            case ApprovalRequested():
                self._questions.append(event)
            case ErrorRaised():
                if failure := failure_of(event):
                    raise failure
            case TurnEnded():
                yield from self._end(event)
            case _:
                pass

    def fail(self, error: ApiError) -> Iterator[Event]:
        """The end of a turn that failed: what was said stays, cut."""
        yield from self._close_message("incomplete")
        self.body = self._resource.body("failed", self._items, error=error)
        yield self._event("response.failed", response=self.body)

    def _say(self, words: str) -> Iterator[Event]:
        if not self._message:
            yield from self._open_message()
        self.text += words
        self._words += words
        yield self._event("response.output_text.delta", **self._place(), delta=words, logprobs=[])

    def _open_message(self) -> Iterator[Event]:
        self._message, self._words = f"msg_{self._ids()}", ""
        item = {"id": self._message, "type": "message", "role": "assistant", "status": _BEGUN, "content": []}
        yield self._event("response.output_item.added", output_index=len(self._items), item=item)
        yield self._event("response.content_part.added", **self._place(), part=_part(""))

    def _close_message(self, status: str = _DONE) -> Iterator[Event]:
        """The words are over: before a call, or at the end."""
        if not self._message:
            return
        part, place = _part(self._words), self._place()
        yield self._event("response.output_text.done", **place, text=self._words, logprobs=[])
        yield self._event("response.content_part.done", **place, part=part)
        item: JsonObject = {"id": self._message, "type": "message", "role": "assistant"}
        item |= {"status": status, "content": [part]}
        if self._questions:
            item[OWN] = waiting_body(self._questions)
        yield self._event("response.output_item.done", output_index=len(self._items), item=item)
        self._items.append(item)
        self._message = ""

    def _call(self, call: ToolRequested) -> Iterator[Event]:
        yield from self._close_message()
        self.calls.append(call)
        index, arguments = len(self._items), json.dumps(call.arguments, ensure_ascii=False)
        item = {"id": f"fc_{self._ids()}", "type": "function_call", "call_id": call.id, "name": call.name}
        place = {"item_id": item["id"], "output_index": index}
        begun = {**item, "arguments": "", "status": _BEGUN}
        yield self._event("response.output_item.added", output_index=index, item=begun)
        yield self._event("response.function_call_arguments.delta", **place, delta=arguments)
        yield self._event(
            "response.function_call_arguments.done", **place, name=call.name, arguments=arguments
        )
        self._items.append({**item, "arguments": arguments, "status": _DONE})
        yield self._event("response.output_item.done", output_index=index, item=self._items[-1])

    def _end(self, ended: TurnEnded) -> Iterator[Event]:
        status = "incomplete" if ended.truncated else _DONE
        if not self._message and not self._items:
            yield from self._open_message()
        yield from self._close_message(status)
        at = self._now() if status == _DONE else None
        self.body = self._resource.body(status, self._items, usage=ended.usage, ended_at=at)
        yield self._event(f"response.{status}", response=self.body)

    def _place(self) -> JsonObject:
        return {"item_id": self._message, "output_index": len(self._items), "content_index": 0}

    def _event(self, kind: str, **content: object) -> Event:
        number, self._sent = self._sent, self._sent + 1
        return {"type": kind, "sequence_number": number, **content}


def _part(text: str) -> JsonObject:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
