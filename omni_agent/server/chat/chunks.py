"""An answer piece by piece: each event of a turn as the deltas of a choice.

Order of a spoken one, as OpenAI streams it: the role; `audio` with its id and the first words; more words,
and the sound of them; `audio.expires_at` alone; the reason of the end.
"""

from __future__ import annotations

from base64 import b64encode
from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING

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
from ...speech.hearing.resampling import StreamResampler
from ...speech.pcm import Pcm
from ..audio.codecs import RATE
from .answers import Speech
from .envelope import OWN, call_body, failure_of, finish_reason, waiting_body

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Deltas:
    """One choice of a streamed completion.

    Args:
        index: Its number.
        speech: How it is to sound; None for text.
    """

    def __init__(self, index: int, speech: Speech | None) -> None:
        self._index = index
        self.speech = speech
        self._named = False
        self._calls = 0
        self._questions: list[ApprovalRequested] = []
        self._sound = StreamResampler(RATE)
        self._early: deque[SpeechChunk] = deque()
        self.text = ""
        self.usage = Usage()

    def begin(self) -> JsonObject:
        """The first: whose words they are."""
        content = None if self.speech else ""
        return self._choice({"role": "assistant", "content": content, "refusal": None})

    def take(self, event: AgentEvent) -> Iterator[JsonObject]:
        """What the next event of the turn brings.

        Raises:
            ApiError: The turn failed.
        """
        match event:
            case TextDelta():
                self.text += event.text
                yield self._choice(
                    self._audio(transcript=event.text) if self.speech else {"content": event.text}
                )
                yield from self._spoken()
            case SpeechChunk() if self.speech:
                self._early.append(event)
                yield from self._spoken()
            case ToolRequested():
                yield self._choice({"tool_calls": [{"index": self._calls, **call_body(event)}]})
                self._calls += 1
            case ApprovalRequested():
                self._questions.append(event)
            case ErrorRaised():
                if failure := failure_of(event):
                    raise failure
            case TurnEnded():
                yield from self._end(event)
            case _:
                pass

    def _end(self, event: TurnEnded) -> Iterator[JsonObject]:
        self.usage = event.usage
        if self.speech:
            yield from self._spoken(all_of_it=True)
            yield from self._sounds(self._sound.flush())
            if self._named:
                yield self._choice({"audio": {"expires_at": self.speech.expires_at}})
        delta: JsonObject = {OWN: waiting_body(self._questions)} if self._questions else {}
        yield self._choice(delta, finish_reason(event))

    def _spoken(self, *, all_of_it: bool = False) -> Iterator[JsonObject]:
        """The sound of words that were sent: a voice may be quicker than the words' own way here."""
        while self._early and (all_of_it or self._early[0].span[1] <= len(self.text)):
            chunk = self._early.popleft()
            yield from self._sounds(self._sound.feed(Pcm.from_int16(chunk.pcm, chunk.sample_rate)))

    def _sounds(self, samples: NDArray[np.float32]) -> Iterator[JsonObject]:
        if len(samples):
            data = Pcm(samples, RATE).to_int16()
            yield self._choice(self._audio(data=b64encode(data).decode()))

    def _audio(self, **content: str) -> JsonObject:
        assert self.speech is not None
        named = {} if self._named else {"id": self.speech.id}
        self._named = True
        return {"audio": {**named, **content}}

    def _choice(self, delta: JsonObject, reason: str | None = None) -> JsonObject:
        return {"index": self._index, "delta": delta, "finish_reason": reason, "logprobs": None}
