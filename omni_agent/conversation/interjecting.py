"""Words that are no part of a reply, said in between."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from ..errors import OmniError
from ..events import AgentEvent, ErrorRaised, SpeechChunk
from ..speech.wording.normalise import spoken
from .playout import Playout

if TYPE_CHECKING:
    from ..state import Parts

LIMIT = 3.0
"""Seconds in which the words must be spoken; a voice that hangs cannot say that it does."""


class Interjecting:
    """Says them; shows them where there is no voice.

    Args:
        parts: The agent's.
        playout: Where they are heard.
        emit: Takes what the caller is to see.
    """

    def __init__(self, parts: Parts, playout: Playout, emit: Callable[[AgentEvent], None]) -> None:
        self._parts = parts
        self._playout = playout
        self._emit = emit

    async def say(self, words: str, language: str = "en") -> None:
        """Say the words after what is being said."""
        voice, persona = self._parts.senses.voice, self._parts.persona_beside
        self._emit(ErrorRaised("slow", words, severity="note"))
        if voice is None or language not in voice.languages:
            return
        try:
            async with asyncio.timeout(LIMIT):
                pcm = await voice.speak(
                    spoken(words, language), language=language, voice=persona.voice, rate=persona.rate
                )
        except (OmniError, TimeoutError):
            return
        at = self._playout.queued_text
        chunk = SpeechChunk(pcm.to_int16(), pcm.rate, (at, at), round(pcm.seconds * 1000))
        self._playout.queue(chunk)
        self._emit(chunk)
