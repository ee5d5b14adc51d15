"""The shape of each event: which there are, what each must hold, and whether OpenAI's own types take it.

The fields are those that the strictest of five clients insists on (openai-agents 0.24); the names are those
of `openai.types.realtime` 3.57.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from .talk import Event

_W = ("response_id", "item_id", "output_index", "content_index")
_TRANSCRIPTION = "conversation.item.input_audio_transcription"

FIELDS: dict[str, tuple[str, ...]] = {
    "session.created": ("session",),
    "session.updated": ("session",),
    "conversation.item.added": ("item",),
    "conversation.item.done": ("item",),
    "conversation.item.retrieved": ("item",),
    "conversation.item.deleted": ("item_id",),
    "conversation.item.truncated": ("item_id", "content_index", "audio_end_ms"),
    f"{_TRANSCRIPTION}.delta": ("item_id",),
    f"{_TRANSCRIPTION}.segment": ("item_id", "content_index", "text"),
    f"{_TRANSCRIPTION}.completed": ("item_id", "content_index", "transcript", "usage"),
    f"{_TRANSCRIPTION}.failed": ("item_id", "content_index", "error"),
    "input_audio_buffer.speech_started": ("audio_start_ms", "item_id"),
    "input_audio_buffer.speech_stopped": ("audio_end_ms", "item_id"),
    "input_audio_buffer.committed": ("item_id",),
    "input_audio_buffer.cleared": (),
    "input_audio_buffer.timeout_triggered": ("audio_start_ms", "audio_end_ms", "item_id"),
    "input_audio_buffer.dtmf_event_received": ("event",),
    "response.created": ("response",),
    "response.done": ("response",),
    "response.output_item.added": ("response_id", "output_index", "item"),
    "response.output_item.done": ("response_id", "output_index", "item"),
    "response.content_part.added": (*_W, "part"),
    "response.content_part.done": (*_W, "part"),
    "response.output_audio.delta": (*_W, "delta"),
    "response.output_audio.done": _W,
    "response.output_audio_transcript.delta": (*_W, "delta"),
    "response.output_audio_transcript.done": (*_W, "transcript"),
    "response.output_text.delta": (*_W, "delta"),
    "response.output_text.done": (*_W, "text"),
    "response.function_call_arguments.delta": ("response_id", "item_id", "output_index", "call_id", "delta"),
    "response.function_call_arguments.done": (
        "response_id", "item_id", "output_index", "call_id", "name", "arguments",
    ),
    "rate_limits.updated": ("rate_limits",),
    "error": ("error",),
    "output_audio_buffer.started": ("response_id",),
    "output_audio_buffer.stopped": ("response_id",),
    "output_audio_buffer.cleared": ("response_id",),
    "mcp_list_tools.in_progress": ("item_id",),
    "mcp_list_tools.completed": ("item_id",),
    "mcp_list_tools.failed": ("item_id",),
    "response.mcp_call_arguments.delta": ("response_id", "item_id", "output_index", "delta"),
    "response.mcp_call_arguments.done": ("response_id", "item_id", "output_index", "arguments"),
    "response.mcp_call.in_progress": ("item_id", "output_index"),
    "response.mcp_call.completed": ("item_id", "output_index"),
    "response.mcp_call.failed": ("item_id", "output_index"),
}  # fmt: skip
"""Every event that a server may send, and the fields it must hold beside `type` and `event_id`."""


def misshapen(event: Event) -> str:
    """What is wrong with the shape of an event that is known; empty where nothing is."""
    kind = event["type"]
    missing = [name for name in FIELDS[kind] if event.get(name) is None]
    if missing:
        return f"{kind} lacks {', '.join(missing)}"
    item = event.get("item")
    if isinstance(item, dict) and item.get("type") == "message":
        missing = [name for name in ("role", "content") if item.get(name) is None]
        if missing:
            return f"the message of {kind} lacks {', '.join(missing)}"
    return _untyped(event)


def typed() -> bool:
    """Whether events can be held against OpenAI's types here."""
    return bool(_types())


def _untyped(event: Event) -> str:
    from pydantic import ValidationError

    model = _types().get(event["type"])
    if model is None:
        return ""
    try:
        model.model_validate(event)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        return f"{event['type']}: {place}: {first['msg']}"
    return ""


@cache
def _types() -> dict[str, Any]:
    """The model of each event; none without the package."""
    from typing import get_args

    try:
        from openai.types.realtime import RealtimeServerEvent
    except ImportError:
        return {}
    models = get_args(get_args(RealtimeServerEvent)[0])
    return {get_args(model.model_fields["type"].annotation)[0]: model for model in models}
