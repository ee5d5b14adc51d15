"""An answer as one body: the events of a turn gathered into a choice."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass

from ...events import (
    AgentEvent,
    ApprovalRequested,
    ErrorRaised,
    SpeechChunk,
    TextDelta,
    ToolRequested,
    TurnEnded,
    Usage,
)
from ...messages import JsonObject
from ...reply import speech_of
from ...speech.pcm import Pcm
from ..audio.codecs import RATE, encoded
from .envelope import OWN, call_body, failure_of, finish_reason, waiting_body


@dataclass(frozen=True, slots=True)
class Speech:
    """How an answer is to sound.

    Attributes:
        id: By which later messages may refer to it.
        form: Its format.
        expires_at: Until when they may, in seconds since 1970.
    """

    id: str
    form: str
    expires_at: int


class Answer:
    """One choice of a completion, gathered.

    Args:
        index: Its number.
        speech: How it is to sound; None for text.
    """

    def __init__(self, index: int, speech: Speech | None) -> None:
        self._index = index
        self.speech = speech
        self._calls: list[ToolRequested] = []
        self._questions: list[ApprovalRequested] = []
        self._sound: list[SpeechChunk] = []
        self._ended: TurnEnded | None = None
        self.text = ""

    def take(self, event: AgentEvent) -> None:
        """The next event of the turn.

        Raises:
            ApiError: The turn failed.
        """
        match event:
            case TextDelta():
                self.text += event.text
            case SpeechChunk():
                self._sound.append(event)
            case ToolRequested():
                self._calls.append(event)
            case ApprovalRequested():
                self._questions.append(event)
            case ErrorRaised():
                if failure := failure_of(event):
                    raise failure
            case TurnEnded():
                self._ended = event
            case _:
                pass

    @property
    def usage(self) -> Usage:
        """Its tokens."""
        return self._ended.usage if self._ended else Usage()

    async def choice(self) -> JsonObject:
        """It, as a choice; once the turn has ended."""
        assert self._ended is not None
        message: JsonObject = {"role": "assistant", "content": self.text or None, "refusal": None}
        if self._calls:
            message["tool_calls"] = [call_body(call) for call in self._calls]
        elif self.speech:
            message |= {"content": None, "audio": await self._audio(self.speech)}
        elif not self.text:
            message["content"] = ""
        if self._questions:
            message[OWN] = waiting_body(self._questions)
        reason = finish_reason(self._ended)
        return {"index": self._index, "message": message, "finish_reason": reason, "logprobs": None}

    async def _audio(self, speech: Speech) -> JsonObject:
        sound = speech_of(self._sound) or Pcm.silence(0.0, RATE)
        data = b"".join([piece async for piece in encoded(sound, speech.form)])
        return {
            "id": speech.id,
            "data": b64encode(data).decode(),
            "transcript": self.text,
            "expires_at": speech.expires_at,
        }
