"""One answer of a server as model events: words, speech and calls, wherever the server put them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from ...errors import ModelError
from ...events import Usage
from ...messages import ToolCall
from ..base import Done, ModelEvent, SpeechDelta, TextDelta
from ..hermes import HermesParser
from ..parsing import new_call_id
from .calls import CallAssembly
from .piece import Piece
from .speech import SpeechDecoder

_SILENT = "see whether its stage for speech runs; ?speech=no behind the address has the local voice speak"
_SPOKEN = "ask again; where it happens often, have the local voice speak: ?speech=no behind the address"


class Answer:
    """Takes the pieces of an answer, gives events.

    Words go through the Hermes parser whatever the server: where it does not read its model's markup itself,
    or reads it badly, the calls come among the words. Speech waits while the words are in doubt, and ends
    with the first call: who reads markup aloud reads what follows it aloud too.

    Args:
        names: The tools that were offered.
        barred: Names that the answer may not call.
        speaks: Samples a second of the speech that was asked for, unless the server says others; 0 for none.
        plain: The answer is JSON that was asked for: its words are given as they are.
        thinking: The model's prompt ends with `<think>`.
        new_id: Makes the id of a call that has none.
    """

    def __init__(
        self,
        names: Sequence[str],
        *,
        barred: Collection[str] = (),
        speaks: int = 0,
        plain: bool = False,
        thinking: bool = False,
        new_id: Callable[[], str] = new_call_id,
    ) -> None:
        self._offered = bool(names)
        self._parser = None if plain else HermesParser(names, new_id, thinking=thinking)
        self._calls = CallAssembly(barred, new_id, allowed=self._offered)
        self._speech = SpeechDecoder(speaks) if speaks else None
        self._waiting: list[SpeechDelta] = []
        self._written: list[ToolCall] = []
        self._spelled = self._said = False
        self._usage = Usage()
        self.reason = ""

    @property
    def _calling(self) -> bool:
        return bool(self._calls) or bool(self._parser and self._parser.called)

    def take(self, piece: Piece) -> list[ModelEvent]:
        """The events that are certain with this piece.

        Raises:
            ModelError: The speech cannot be used (`speech_invalid`), or the model began to call a tool where
                none was offered, in the middle of its speech (`call_in_speech`).
        """
        self.reason = piece.reason or self.reason
        if piece.usage and piece.usage.completion_tokens >= self._usage.completion_tokens:
            self._usage = piece.usage
        self._spelled = self._spelled or bool(piece.text)
        # Some models' words come as the transcript of their speech only; no server means both to be read.
        events = self._words(piece.text or ("" if self._spelled else piece.transcript))
        for part in piece.calls:
            events += self._calls.feed(part)
        if self._calling and self._speech and not self._offered:
            raise ModelError(
                "the model began to call a tool in the middle of its speech",
                code="call_in_speech",
                remedy=_SPOKEN,
            )
        return events + self._sound(piece)

    def finish(self) -> list[ModelEvent]:
        """The answer is over: what was held back, the calls, what was counted, and why it ended.

        Raises:
            ModelError: There was nothing in it: no call that can be read (`call_invalid`), or no speech
                though it was asked for (`speech_missing`).
        """
        events: list[ModelEvent] = self._kept(self._parser.finish() if self._parser else [])
        if not self._calling:
            events += self._waiting
        calls = [call for call in self._calls.finish() if not self._is_written(call)]
        events += calls
        called = bool(calls or self._written)
        cut = self.reason in {"length", "max_tokens"}
        if self._calling and not called and not self._said and not cut:
            raise ModelError("the model's call cannot be read", code="call_invalid", remedy="ask again")
        if self._speech and self._said and not called and not self._speech.seconds:
            raise ModelError("the server sent no speech", code="speech_missing", remedy=_SILENT)
        return [*events, self._usage, Done("tool_calls" if called else "length" if cut else "stop")]

    def _words(self, text: str) -> list[ModelEvent]:
        if not text:
            return []
        return self._kept(self._parser.feed(text) if self._parser else [TextDelta(text)])

    def _kept(self, events: list[ModelEvent]) -> list[ModelEvent]:
        words = (event.text for event in events if isinstance(event, TextDelta))
        self._said = self._said or any(map(str.strip, words))
        self._written += [event for event in events if isinstance(event, ToolCall)]
        return events

    def _sound(self, piece: Piece) -> list[ModelEvent]:
        if self._speech is None:
            return []
        self._waiting += self._speech.feed(piece.sound, piece.rate, piece.channels)
        if self._calling:
            self._waiting.clear()
        if self._parser and not self._parser.certain:
            return []
        given, self._waiting = self._waiting, []
        return list(given)

    def _is_written(self, call: ToolCall) -> bool:
        """Whether the call stood among the words too."""
        return any((call.name, call.arguments) == (other.name, other.arguments) for other in self._written)
