"""No dead air: whatever hangs, the user is told within seconds why nothing is heard; in the end it stops."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from ..clock import Clock
from ..persona.phrases import WAITS, Wait
from .attempt import Attempt
from .playout import Playout

SILENCE = 4.0
"""Seconds without a sound after which the agent says what it waits for."""

AGAIN = 8.0
"""Seconds between such words."""

HOPELESS = 30.0
"""Seconds without any sign of progress after which the reply is given up."""

_LOOK = 0.25


class DeadAir:
    """Watches over one reply at a time.

    Args:
        clock: Counts.
        playout: Tells whether anything is heard.
        say: Speaks words that are no part of the reply.
        give_up: Ends the reply.
    """

    def __init__(
        self,
        clock: Clock,
        playout: Playout,
        *,
        say: Callable[[str, str], Awaitable[None]],
        give_up: Callable[[Attempt, Wait], None],
    ) -> None:
        self._clock = clock
        self._playout = playout
        self._say = say
        self._give_up = give_up
        self._task: asyncio.Task[None] | None = None

    def watch(self, attempt: Attempt, language: str) -> None:
        """Watch over this reply until it has ended."""
        self.close()
        self._task = asyncio.create_task(self._watch(attempt, language))

    def close(self) -> None:
        """Stop watching."""
        if self._task:
            self._task.cancel()

    async def _watch(self, attempt: Attempt, language: str) -> None:
        quiet_since = said_at = self._clock.monotonic()
        said = 0
        while attempt.ended is None:
            await self._clock.sleep(_LOOK)
            now = self._clock.monotonic()
            if not self._playout.silent or self._playout.held:
                quiet_since = now
                continue
            if now - max(attempt.progress, attempt.taken_at) >= HOPELESS:
                self._give_up(attempt, waits_for(attempt))
                return
            # Who has been told already, and nothing has happened since, is told less often.
            if now - quiet_since >= (AGAIN if said and attempt.progress <= said_at else SILENCE):
                phrases = WAITS[waits_for(attempt)]
                words = phrases.get(language) or phrases["en"]
                await self._say(words[said % len(words)], language or "en")
                quiet_since = said_at = self._clock.monotonic()
                said += 1


def waits_for(attempt: Attempt) -> Wait:
    """What a reply that is not heard waits for."""
    if attempt.running:
        return "tool"
    if attempt.text:
        return "voice"
    return "model" if attempt.transcript or attempt.utterance is None else "ears"
