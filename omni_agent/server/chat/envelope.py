"""What every body and every chunk of one completion has in common, and the small pieces of them.

Source of the shapes: `openai` 3.57, `types/chat/chat_completion.py`, `chat_completion_chunk.py`.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from ...errors import OmniError
from ...events import ApprovalRequested, ErrorRaised, ToolRequested, TurnEnded, Usage
from ...messages import JsonObject
from ..errors import ApiError

log = logging.getLogger(__name__)

OWN = "omni_agent"
"""Key of what a message tells beyond OpenAI's fields."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """Of one completion.

    Attributes:
        id: `chatcmpl-…`.
        created: Seconds since 1970.
        model: The name by which it was asked for.
    """

    id: str
    created: int
    model: str

    def body(self, choices: Sequence[JsonObject], usage: Usage) -> JsonObject:
        """A whole completion."""
        head = self._head("chat.completion")
        return {**head, "choices": list(choices), "usage": usage_body(usage)}

    def chunk(self, choices: Sequence[JsonObject], **more: JsonObject | None) -> JsonObject:
        """A piece of a streamed one."""
        return {**self._head("chat.completion.chunk"), "choices": list(choices), **more}

    def _head(self, kind: str) -> JsonObject:
        return {"id": self.id, "object": kind, "created": self.created, "model": self.model}


def usage_body(usage: Usage) -> JsonObject:
    """Tokens, as OpenAI counts them."""
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_tokens, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
    }


def finish_reason(ended: TurnEnded) -> str:
    """Why an answer ended."""
    if ended.status == "calling":
        return "tool_calls"
    return "length" if ended.truncated else "stop"


def call_body(call: ToolRequested) -> JsonObject:
    """A call that the client is to run."""
    arguments = json.dumps(call.arguments, ensure_ascii=False)
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": arguments}}


def waiting_body(questions: Sequence[ApprovalRequested]) -> JsonObject:
    """The calls that wait for the user's yes, each with its question."""
    return {"waiting": [asdict(question) for question in questions]}


def failure_of(event: ErrorRaised) -> ApiError | None:
    """What a turn failed with; None for a note in passing. A defect's details are for the log alone."""
    if event.severity != "error":
        return None
    if isinstance(event.cause, OmniError):
        return ApiError.of(event.cause)
    return defect(event.code)


def told(error: Exception) -> ApiError:
    """What a client is told of an error; of one that nobody foresaw, nothing but that. The log gets its kind
    only: its words may be the client's own."""
    if isinstance(error, ApiError):
        return error
    if isinstance(error, OmniError):
        return ApiError.of(error)
    log.error("unexpected %s in a stream", type(error).__name__)
    log.debug("it came from here", exc_info=error)
    return defect()


def defect(code: str = "internal_error") -> ApiError:
    """What a client is told of a failure that nobody foresaw."""
    return ApiError("the server failed at this; its log holds the details", status=500, code=code)
