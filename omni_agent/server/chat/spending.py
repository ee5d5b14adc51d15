"""What an answer takes of its caller's allowance, also where it does not come to its end."""

from __future__ import annotations

from collections.abc import Sequence

from ...events import AgentEvent, SpeechChunk, TextDelta, TurnEnded, Usage
from ...messages import Audio, Message
from ...tokens import estimated_tokens


class Spending:
    """Adds up a turn.

    Args:
        messages: The conversation that it answers; sounds of earlier turns were heard before.

    Attributes:
        heard, spoken: Seconds of sound.
    """

    def __init__(self, messages: Sequence[Message]) -> None:
        self._messages = messages
        self._text = ""
        self._usage: Usage | None = None
        last = next((message for message in reversed(messages) if message.role == "user"), None)
        self.heard = sum(part.seconds for part in last.media if isinstance(part, Audio)) if last else 0.0
        self.spoken = 0.0

    def take(self, event: AgentEvent) -> None:
        """The next event of the turn."""
        match event:
            case TextDelta(text=text):
                self._text += text
            case SpeechChunk(milliseconds=milliseconds):
                self.spoken += milliseconds / 1000
            case TurnEnded(usage=usage):
                self._usage = usage
            case _:
                pass

    @property
    def usage(self) -> Usage:
        """Its tokens; about how many, where it was cut."""
        if self._usage:
            return self._usage
        asked = sum(estimated_tokens(message.text) for message in self._messages)
        return Usage(prompt_tokens=asked, completion_tokens=estimated_tokens(self._text))
