"""What is understood of the user while he speaks, before any turn is begun."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ..errors import OmniError
from ..events import AgentEvent, PartialTranscript
from ..execution.standing import offered
from ..hints import hints_of
from ..messages import Hearing
from ..speech.pcm import Pcm

if TYPE_CHECKING:
    from ..state import Parts

FIRST, AGAIN = 2.5, 2.0
"""Seconds of speech without a pause after which it is captioned, and between captions: a pause gives one
anyway, and ears that are busy when the user ends cost time."""

UNSURE = 2
"""How many words at the end of what is understood so far may still change."""


class Understanding:
    """Asks the ears.

    Args:
        parts: The agent's.
        user: Who speaks.
        session: In which conversation.
        emit: Takes captions.
        begun: Takes the words with which what is being said surely begins.

    Attributes:
        language: ISO 639-1 code of what was understood last; empty before.
    """

    def __init__(
        self,
        parts: Parts,
        user: str,
        session: str,
        emit: Callable[[AgentEvent], None],
        *,
        begun: Callable[[str], None],
    ) -> None:
        self._parts = parts
        self._begun = begun
        self._user, self._session = user, session
        self._emit = emit
        self._captioning: asyncio.Task[None] | None = None
        self._captioned = 0.0
        self.language = ""

    @property
    def possible(self) -> bool:
        """Whether there are ears."""
        return self._parts.senses.ears is not None

    async def hearing(self, pcm: Pcm) -> Hearing:
        """What is understood of a sound; nothing where it cannot be."""
        return await self._heard(pcm, hints=hints_of(offered(self._parts.toolbox, ())))

    async def words(self, pcm: Pcm) -> Hearing:
        """What is understood of the first words over a reply.

        They are too short for their language to be told, and are what the user spoke before. What tools are
        called is not expected of them: a "no" is not to be pulled towards a name.
        """
        return await self._heard(pcm, language=self.language)

    async def _heard(self, pcm: Pcm, *, language: str = "", hints: Sequence[str] = ()) -> Hearing:
        ears = self._parts.senses.ears
        if ears is None:
            return Hearing("")
        try:
            return await ears.transcribe(pcm, language=language, hints=hints, timed=False)
        except OmniError:
            # The turn itself tells it.
            return Hearing("")

    def caption(self, seconds: float, utterance: Callable[[], Pcm]) -> None:
        """The user has spoken for so many seconds and goes on."""
        if seconds < self._captioned:
            self._captioned = 0.0
        due = self._captioned + AGAIN if self._captioned else FIRST
        busy = self._captioning and not self._captioning.done()
        if self.possible and seconds >= due and not busy:
            self._captioned = seconds
            self._captioning = asyncio.create_task(self._caption(utterance()))

    def close(self) -> None:
        """Stop."""
        if self._captioning:
            self._captioning.cancel()

    async def _caption(self, pcm: Pcm) -> None:
        hearing = await self.hearing(pcm)
        if hearing.text:
            self._emit(PartialTranscript(hearing.text, hearing.language))
            parts = self._parts
            scope, now = parts.scope(self._user), parts.clock.now()
            parts.anticipation.begin(parts.memory, scope, self._session, hearing.text, now)
            if words := hearing.text.split()[:-UNSURE]:
                self._begun(" ".join(words))
