"""Tokens to the words and calls of an answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ...messages import ToolCall
from ..base import ModelEvent, TextDelta
from ..hermes import HermesParser

if TYPE_CHECKING:
    from ..base import Request

_BROKEN = "\N{REPLACEMENT CHARACTER}"
_MOST_HELD = 8
"""Tokens that one character may be torn into; more of them are no text at all."""


class Words:
    """Puts an answer together, token by token.

    A character may be torn between tokens, so what ends within one waits for the next. Calls go through the
    Hermes parser; an answer with a format of its own is given as it is.

    Args:
        tokenizer: Turns ids into text.
        request: What was asked.
        thinking: The answer begins within a thought.
        new_id: Makes the id of each call.

    Attributes:
        called: There was a call among the words.
        spoken: How many tokens, from the first on, hold nothing but words for the user.
    """

    def __init__(
        self, tokenizer: Any, request: Request, *, thinking: bool, new_id: Callable[[], str]
    ) -> None:
        self._tokenizer = tokenizer
        names = [spec.name for spec in request.tools if spec.name not in request.withheld]
        self._parser = None if request.format else HermesParser(names, new_id, thinking=thinking)
        self._held: list[int] = []
        self._count = 0
        self._characters = 0
        self._given = 0
        self.called = False
        self.spoken = 0

    def feed(self, token: int) -> list[ModelEvent]:
        """Take a token, give what is now certain."""
        self._held.append(token)
        self._count += 1
        text = self._text()
        if text.endswith(_BROKEN) and len(self._held) < _MOST_HELD:
            return []
        self._held = []
        return self._noted(self._parsed(text), text)

    def finish(self) -> list[ModelEvent]:
        """The answer is over."""
        text = self._text() if self._held else ""
        events = self._parsed(text)
        if self._parser:
            events += self._parser.finish()
        return self._noted(events, text)

    @property
    def complete(self) -> bool:
        """Whether all of the answer is words, so that what ended it may be spoken to its end, too."""
        return self.spoken == self._count

    def _text(self) -> str:
        # With its special tokens: the parser must see them to keep them from the words.
        text: str = self._tokenizer.decode(
            self._held, skip_special_tokens=False, clean_up_tokenization_spaces=False
        )
        return text

    def _parsed(self, text: str) -> list[ModelEvent]:
        if self._parser is None:
            return [TextDelta(text)] if text else []
        return self._parser.feed(text)

    def _noted(self, events: list[ModelEvent], text: str) -> list[ModelEvent]:
        """Count how far the answer is words: up to where all that was read was given on."""
        # What is blank in front of the first word is dropped, and no reason not to speak.
        self._characters += len(text if self._characters else text.lstrip())
        for event in events:
            if isinstance(event, TextDelta):
                self._given += len(event.text)
            elif isinstance(event, ToolCall):
                self.called = True
        if self._given == self._characters and not self.called:
            self.spoken = self._count
        return events
