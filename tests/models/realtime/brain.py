"""What the fake services answer: a small mind that goes by the last words, and sounds in place of words."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from omni_agent.speech.pcm import Pcm

WORD_SECONDS = 0.05


@dataclass(frozen=True)
class Thought:
    """One answer.

    Attributes:
        words: What is said.
        calls: Names and arguments.
        cut: It was longer than allowed.
        exact: The words are pieces with their spaces.
    """

    words: tuple[str, ...] = ()
    calls: tuple[tuple[str, dict[str, Any]], ...] = ()
    cut: bool = False
    exact: bool = False

    @property
    def pieces(self) -> list[str]:
        """The words as they are streamed."""
        if self.exact:
            return list(self.words)
        return [word if number == 0 else f" {word}" for number, word in enumerate(self.words)]


@dataclass
class Mind:
    """Answers as a conforming model would.

    Attributes:
        script: Answers that are given first, in order.
    """

    script: list[Thought] = field(default_factory=list)

    def think(
        self, last: str, instructions: str, tools: Sequence[str], most: int, *, resulted: bool
    ) -> Thought:
        if self.script:
            return self.script.pop(0)
        if not resulted and "timer" in last.casefold() and "set_timer" in tools:
            return Thought(calls=(("set_timer", {"minutes": 10}),))
        if not resulted and "lamp" in last.casefold() and "switch_lamp" in tools:
            return Thought(calls=(("switch_lamp", {"room": "hall", "on": True}),))
        words = tuple(self._words(last, instructions, resulted=resulted).split())
        return Thought(words[:most], cut=len(words) > most)

    def _words(self, last: str, instructions: str, *, resulted: bool) -> str:
        if "JSON Schema" in instructions:
            return json.dumps({"city": "Graz", "country": "Austria"})
        if resulted:
            return "The timer runs."
        if "Count" in last:
            return " ".join(["and another number"] * 60)
        return next((f"{word} {word} {word}" for word in ("banana", "zebra") if word in last), "It is blue.")


def sound(words: int, rate: int = 24_000) -> bytes:
    """So many words as sound: each a twentieth of a second."""
    samples = np.full(round(words * WORD_SECONDS * rate), 0.1, dtype=np.float32)
    return Pcm(samples, rate).to_int16()
