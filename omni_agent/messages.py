"""What a conversation is made of: messages and their parts.

Parts are frozen, hold no bytes (media travel as `media://sha256` references) and turn into plain JSON
and back, because they live in the graph's state and in the memory database. This file knows nothing of
models, files or the wire.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast

if TYPE_CHECKING:
    from pydantic import TypeAdapter

JsonObject: TypeAlias = dict[str, Any]
Role = Literal["user", "assistant", "tool"]
# `running`: it outlived its turn. `unknown`: it was cut off and may have taken effect.
ResultStatus = Literal["done", "failed", "cancelled", "denied", "unknown", "running"]

# How media are referred to: by the SHA-256 of their bytes.
REFERENCE = r"media://[0-9a-f]{64}"
# Characters that a clip in words may have, and that each of its moments has in any case.
_LONGEST_ACCOUNT, _SHORTEST_MOMENT = 6000, 120
_BETWEEN_WORDS = re.compile(r"(?<=[a-z])(?=[A-Z])|_|-")


@dataclass(frozen=True, slots=True)
class HeardWord:
    """One word of a transcript.

    Attributes:
        text: The word with its punctuation, as it stands in the transcript.
        start, end: Seconds from the start of the sound.
        confidence: Mean probability of its tokens, 0 to 1.
    """

    text: str
    start: float
    end: float
    confidence: float = 0.0


@dataclass(frozen=True, slots=True)
class Hearing:
    """What the ears made of a sound.

    Attributes:
        text: The best transcript; empty where nothing was said.
        language: ISO 639-1 code of the speech, for example `de`; empty where nothing was said.
        language_confidence: Probability of that language, 0 to 1.
        confidence: Mean token probability of the transcript, 0 to 1.
        alternatives: Other readings, best first, without the chosen one.
        words: The words of `text` with their times, where they were wanted and the ears tell.
    """

    text: str
    language: str = ""
    language_confidence: float = 0.0
    confidence: float = 0.0
    alternatives: tuple[str, ...] = ()
    words: tuple[HeardWord, ...] = ()


@dataclass(frozen=True, slots=True)
class TextBox:
    """One line of text that the eyes found.

    Attributes:
        text: The line.
        box: Left, top, right, bottom, in pixels of the upright image.
        confidence: 0 to 1.
    """

    text: str
    box: tuple[int, int, int, int]
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class Reading:
    """The text in a picture, in reading order."""

    lines: tuple[TextBox, ...] = ()

    @property
    def text(self) -> str:
        """The lines, one under the other."""
        return "\n".join(line.text for line in self.lines)


@dataclass(frozen=True, slots=True)
class Text:
    """Words, typed or written by the model; `language` (ISO 639-1) of the user's, where it is known."""

    text: str
    type: Literal["text"] = "text"
    language: str = ""


@dataclass(frozen=True, slots=True)
class Image:
    """A picture in the media store; `width` and `height` in pixels, upright.

    `reading` is what the eyes read in it, for a model that has no eyes of its own.
    """

    ref: str
    mime: str = "image/png"
    width: int = 0
    height: int = 0
    reading: Reading | None = None
    type: Literal["image"] = "image"


@dataclass(frozen=True, slots=True)
class Audio:
    """A sound in the media store, `seconds` long.

    `hearing` is what the ears heard in it, for a model that has no ears of its own.
    """

    ref: str
    mime: str = "audio/wav"
    seconds: float = 0.0
    hearing: Hearing | None = None
    type: Literal["audio"] = "audio"


@dataclass(frozen=True, slots=True)
class Moment:
    """What a clip shows or says at one time.

    Attributes:
        kind: A picture that stands beside the clip; the text in one; words that are said.
        start, end: Seconds from the clip's beginning; the same for a picture.
        text: What was read or heard.
    """

    kind: Literal["shown", "read", "heard"]
    start: float
    end: float
    text: str = ""


@dataclass(frozen=True, slots=True)
class Video:
    """A clip in the media store, `seconds` long.

    `moments` are what the senses made of it, in the order of their times, for a model that cannot take it in
    itself; None where they did not look. Words in a clip are not the user's words. A clip that is `apart` is
    too long for a model that could take clips: its pictures and words stand for it.
    """

    ref: str
    mime: str = "video/mp4"
    seconds: float = 0.0
    moments: tuple[Moment, ...] | None = None
    apart: bool = False
    type: Literal["video"] = "video"

    @property
    def in_words(self) -> str:
        """For a model that is not given the clip: its length, and each moment with its time, a line each."""
        if self.moments is None:
            return "[a clip that you cannot see]"
        lines = [f"[a clip of {_time(self.seconds)}"]
        shown = [_time(moment.start) for moment in self.moments if moment.kind == "shown"]
        if shown:
            lines[0] += f", shown as pictures at {', '.join(shown)}"
        told = [moment for moment in self.moments if moment.kind != "shown" and moment.text]
        most = max(_SHORTEST_MOMENT, _LONGEST_ACCOUNT // max(1, len(told)))
        lines += [_told(moment, most) for moment in told]
        if not told and not shown:
            lines[0] += ", in which no words were made out"
        return "\n".join(lines) + "]"


Media: TypeAlias = Image | Audio | Video


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call that the model asked for. `arguments` fit JSON; they are validated later, by the gate."""

    id: str
    name: str
    arguments: JsonObject = field(default_factory=dict)
    type: Literal["tool_call"] = "tool_call"


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What became of a call.

    `content` is text that the model reads; a failure is content too. `media` are what the tool shows beside
    it: a model that has eyes or ears for them takes them in, for any other `content` says what is in them.
    What strangers wrote is `untrusted`: data, never an order.
    """

    call_id: str
    name: str
    status: ResultStatus
    content: str
    media: tuple[Media, ...] = ()
    untrusted: bool = False
    type: Literal["tool_result"] = "tool_result"


Part: TypeAlias = Text | Image | Audio | Video | ToolCall | ToolResult


@dataclass(frozen=True, slots=True)
class Message:
    """One contribution to the conversation, by the user, the assistant or the tools."""

    role: Role
    parts: tuple[Part, ...]

    @property
    def text(self) -> str:
        """The words of it: typed, said or written; media without words and tool calls left out."""
        return " ".join(word for part in self.parts if (word := _words(part)))

    @property
    def tool_calls(self) -> tuple[ToolCall, ...]:
        """The calls in it, in the model's order."""
        return tuple(part for part in self.parts if isinstance(part, ToolCall))

    @property
    def media(self) -> tuple[Media, ...]:
        """What it shows: the user's sounds, pictures and clips, or those in the tools' results."""
        shown = (part.media if isinstance(part, ToolResult) else (part,) for part in self.parts)
        return tuple(part for parts in shown for part in parts if isinstance(part, Media))

    @property
    def language(self) -> str:
        """Language that the user was heard to speak, or else wrote in; empty where it is not known."""
        heard = (p.hearing.language for p in self.parts if isinstance(p, Audio) and p.hearing)
        typed = (p.language for p in self.parts if isinstance(p, Text))
        return next(filter(None, (*heard, *typed)), "")

    def to_json(self) -> JsonObject:
        """As plain JSON: dicts, lists and scalars."""
        return cast(JsonObject, _plain(_adapter().dump_python(self)))

    @classmethod
    def from_json(cls, data: JsonObject) -> Message:
        """Back from `to_json`.

        Raises:
            pydantic.ValidationError: `data` is not a message.
        """
        return _adapter().validate_python(data)


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool as a model sees it: name, description and the JSON Schema of its arguments."""

    name: str
    description: str
    parameters: JsonObject

    @property
    def plain_name(self) -> str:
        """Its name in words: "set timer"."""
        return _BETWEEN_WORDS.sub(" ", self.name)


def _words(part: Part) -> str:
    match part:
        case Text(text=text):
            return text
        case Audio(hearing=Hearing(text=text)):
            return text
        case _:
            return ""


def _told(moment: Moment, most: int) -> str:
    text = " / ".join(moment.text.split("\n"))
    text = text if len(text) <= most else f"{text[:most]} …"
    if moment.kind == "read":
        return f'at {_time(moment.start)} it shows: "{text}"'
    return f'{_time(moment.start)} to {_time(moment.end)} it says: "{text}"'


def _time(seconds: float) -> str:
    """As people write it: `7.5 s`, `2:07 min`."""
    if seconds < 60:
        return f"{round(seconds, 1):g} s"
    return f"{round(seconds) // 60}:{round(seconds) % 60:02d} min"


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


@cache
def _adapter() -> TypeAdapter[Message]:
    from pydantic import TypeAdapter

    return TypeAdapter(Message)
