"""Words and sounds of an answer: no call and no markup is heard.

A model may write a call among its words, and then says it aloud (QwenLM/Qwen3-Omni, issue 126). The
transcript runs ahead of the sound, so the sound stops before the call is reached.
"""

from __future__ import annotations

from collections.abc import Container, Iterable

from ...messages import ToolCall
from ..base import ModelEvent, SpeechDelta, TextDelta
from ..hermes import HermesParser


class Words:
    """Lets words through that are no markup, and sounds as long as no words are held back.

    Args:
        names: The tools that may be called.
        plain: All is words, as where the answer is JSON that was asked for.

    Attributes:
        raw: All that was written.
        said: What of it was let through.
        held_calls: Calls were among the words.
    """

    def __init__(self, names: Container[str], *, plain: bool = False) -> None:
        known = names if isinstance(names, Iterable) else ()
        self._parser = None if plain else HermesParser(known)
        self._waiting: list[SpeechDelta] = []
        self._held_back = 0
        self.raw = ""
        self.said = ""
        self.held_calls = False

    def feed(self, text: str) -> list[ModelEvent]:
        """What is now certain of the words."""
        self.raw += text
        self._held_back += _bare(text)
        return self._noted(self._parser.feed(text) if self._parser else [TextDelta(text)] if text else [])

    def finish(self) -> list[ModelEvent]:
        """What was held back and turned out to be words, with its sound."""
        events = self._noted(self._parser.finish() if self._parser else [])
        return events + self.released()

    def sound(self, event: SpeechDelta) -> list[ModelEvent]:
        """A sound: now, or later, or never."""
        self._waiting.append(event)
        return self.released()

    def released(self) -> list[ModelEvent]:
        """The sounds that waited, if nothing of the words is held back any more."""
        if self._held_back:
            return []
        events: list[ModelEvent] = list(self._waiting)
        self._waiting.clear()
        return events

    def _noted(self, events: list[ModelEvent]) -> list[ModelEvent]:
        noted: list[ModelEvent] = []
        for event in events:
            if isinstance(event, TextDelta) and self.held_calls:
                # Their sound cannot be told from that of the call.
                continue
            if isinstance(event, TextDelta):
                self.said += event.text
                self._held_back -= _bare(event.text)
            elif isinstance(event, ToolCall):
                self.held_calls = True
            noted.append(event)
        return noted


def _bare(text: str) -> int:
    return sum(not letter.isspace() for letter in text)
