"""What a client may send: the eleven events of the GA protocol, read with patience.

Fields that nobody knows are ignored, and so are values that do not matter. An event that cannot be carried
out is a `Refusal`, which the client gets as an `error` event with the id of the event that it is about.
Source of the shapes: `openai` 3.54, `openai.types.realtime.RealtimeClientEvent`.
"""

from __future__ import annotations

import json
from typing import Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, FiniteFloat, ValidationError, field_validator

from ...messages import JsonObject

INVALID, SERVER = "invalid_request_error", "server_error"


class Refusal(Exception):
    """An event that is not carried out.

    Args:
        message: Why, and what would do.
        code: Stable; programs compare it.
        param: Which field it is about.
        kind: `invalid_request_error`, or `server_error` where it is not the client's fault.
    """

    def __init__(self, message: str, code: str, param: str | None = None, kind: str = INVALID) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.param = param
        self.kind = kind
        self.event_id: str | None = None

    @property
    def event(self) -> JsonObject:
        """The `error` event."""
        told = {"type": self.kind, "code": self.code, "message": self.message, "param": self.param}
        return {"type": "error", "error": {**told, "event_id": self.event_id}}


class _Event(BaseModel):
    """What all have in common."""

    model_config = ConfigDict(extra="ignore")

    event_id: str | None = None

    @field_validator("event_id", mode="before")
    @classmethod
    def _told(cls, value: object) -> str | None:
        return None if value is None else str(value)[:512]


class SessionUpdate(_Event):
    """`session.update`."""

    type: Literal["session.update"]
    session: JsonObject


class AudioAppend(_Event):
    """`input_audio_buffer.append`: base64 in the session's format."""

    type: Literal["input_audio_buffer.append"]
    audio: str


class AudioCommit(_Event):
    """`input_audio_buffer.commit`."""

    type: Literal["input_audio_buffer.commit"]


class AudioClear(_Event):
    """`input_audio_buffer.clear`."""

    type: Literal["input_audio_buffer.clear"]


class OutputClear(_Event):
    """`output_audio_buffer.clear`, which means something over WebRTC alone."""

    type: Literal["output_audio_buffer.clear"]


class ItemCreate(_Event):
    """`conversation.item.create`."""

    type: Literal["conversation.item.create"]
    item: JsonObject
    previous_item_id: str | None = None


class ItemRetrieve(_Event):
    """`conversation.item.retrieve`."""

    type: Literal["conversation.item.retrieve"]
    item_id: str


class ItemTruncate(_Event):
    """`conversation.item.truncate`: so much of the item's audio was heard, in milliseconds."""

    type: Literal["conversation.item.truncate"]
    item_id: str
    content_index: int = 0
    audio_end_ms: FiniteFloat


class ItemDelete(_Event):
    """`conversation.item.delete`."""

    type: Literal["conversation.item.delete"]
    item_id: str


class ResponseCreate(_Event):
    """`response.create`; what is null or missing in `response` is the session's."""

    type: Literal["response.create"]
    response: JsonObject | None = None


class ResponseCancel(_Event):
    """`response.cancel`."""

    type: Literal["response.cancel"]
    response_id: str | None = None


ClientEvent: TypeAlias = (
    SessionUpdate
    | AudioAppend
    | AudioCommit
    | AudioClear
    | OutputClear
    | ItemCreate
    | ItemRetrieve
    | ItemTruncate
    | ItemDelete
    | ResponseCreate
    | ResponseCancel
)

_EVENTS: dict[str, type[_Event]] = {
    "session.update": SessionUpdate,
    "transcription_session.update": SessionUpdate,
    "input_audio_buffer.append": AudioAppend,
    "input_audio_buffer.commit": AudioCommit,
    "input_audio_buffer.clear": AudioClear,
    "output_audio_buffer.clear": OutputClear,
    "conversation.item.create": ItemCreate,
    "conversation.item.retrieve": ItemRetrieve,
    "conversation.item.truncate": ItemTruncate,
    "conversation.item.delete": ItemDelete,
    "response.create": ResponseCreate,
    "response.cancel": ResponseCancel,
}
_TRANSCRIPTION = "transcription_session.update"


def parse(text: str | bytes) -> ClientEvent:
    """An event from a frame.

    Raises:
        Refusal: It is no JSON object, of no type that is known, or lacks a field.
    """
    try:
        data = _writable(json.loads(text, parse_constant=_no_number))
    except (ValueError, RecursionError):
        raise Refusal("the frame is no JSON; send one event a frame", "invalid_json") from None
    if not isinstance(data, dict):
        raise Refusal("an event is a JSON object", "invalid_json")
    told = data.get("event_id")
    try:
        return _read(data)
    except Refusal as refusal:
        refusal.event_id = None if told is None else str(told)[:512]
        raise


def _writable(data: Any) -> Any:
    """The same, halves of surrogate pairs replaced: JSON can tell of one, and no file can hold it."""
    written = json.dumps(data, ensure_ascii=False)
    try:
        written.encode()
    except UnicodeEncodeError:
        return json.loads(written.encode("utf-8", "replace"))
    return data


def _read(data: JsonObject) -> ClientEvent:
    kind = data.get("type")
    if kind is None:
        raise Refusal("the event has no type", "missing_required_parameter", "type")
    shape = _EVENTS.get(kind) if isinstance(kind, str) else None
    if shape is None:
        known = ", ".join(_EVENTS)
        raise Refusal(
            f"no event is called {str(kind)[:80]!r}; there are {known}", "unknown_event_type", "type"
        )
    if kind == _TRANSCRIPTION:
        session = data.get("session")
        told = {"type": "transcription", **session} if isinstance(session, dict) else session
        data = {**data, "type": "session.update", "session": told}
    try:
        event: Any = shape.model_validate(data)
    except ValidationError as error:
        raise _refused(error, str(kind)) from None
    read: ClientEvent = event
    return read


def _no_number(name: str) -> None:
    """JSON has no `NaN`; what came in would go out again, and break clients."""
    raise ValueError(name)


def _refused(error: ValidationError, kind: str) -> Refusal:
    """The first thing that is wrong with an event, without what is in it: that may be sound."""
    first = error.errors(include_input=False, include_url=False)[0]
    where = ".".join(str(step) for step in first["loc"])
    code = "missing_required_parameter" if first["type"] == "missing" else "invalid_value"
    return Refusal(f"'{kind}': {where}: {first['msg']}", code, where)
